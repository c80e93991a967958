#pragma once

#include <string>

namespace dbsql::config {

/// Every option with its type, default and meaning, as plain text of at most 100 columns.
std::string option_help();

/// The page docs/options.md: the same with all names in all dialects.
std::string option_page();

}  // namespace dbsql::config
