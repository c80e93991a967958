#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dbsql::http {

/// The libraries that carry requests, as they were loaded, by name.
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace dbsql::http
