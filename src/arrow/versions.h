#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dbsql::arrow {

/// The libraries that undo compression, as they were loaded, by name.
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace dbsql::arrow
