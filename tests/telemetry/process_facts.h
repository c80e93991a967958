#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::test {

/// Names of the threads of this process, as the system knows them.
std::vector<std::string> thread_names();

std::size_t count_threads(std::string_view name);

/// Sockets that this process has open.
std::size_t count_sockets();

}  // namespace dbsql::test
