#include "telemetry/process_facts.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace dbsql::test {

namespace fs = std::filesystem;

std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    if (std::getline(file, name)) names.push_back(name);  // else it has just ended
  }
  return names;
}

std::size_t count_threads(std::string_view name) {
  const auto names = thread_names();
  return static_cast<std::size_t>(std::ranges::count(names, name));
}

std::size_t count_sockets() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own, for one
    if (fs::read_symlink(entry.path(), gone).string().starts_with("socket:")) ++count;
  }
  return count;
}

}  // namespace dbsql::test
