#pragma once

#include <string>

namespace dbsql::base {

/// The page docs/errors.md, made of the table of kinds.
std::string error_page();

}  // namespace dbsql::base
