#include "auth/environment.h"

#include <cstdlib>
#include <utility>

namespace dbsql::auth {

Environment Environment::of(std::map<std::string, std::string> values) {
  return Environment(
      [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
      });
}

Environment Environment::process() {
  return Environment([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

}  // namespace dbsql::auth
