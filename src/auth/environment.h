#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace dbsql::auth {

/// The environment variables that identity services of build machines and clouds speak through.
class Environment {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

  explicit Environment(Lookup lookup) : lookup_(std::move(lookup)) {}
  /// Of these variables and no others.
  static Environment of(std::map<std::string, std::string> values);
  /// Of this process.
  static Environment process();

  /// The value; empty text when the variable is not set.
  std::string get(const std::string& name) const { return lookup_(name).value_or(std::string()); }

 private:
  Lookup lookup_;
};

}  // namespace dbsql::auth
