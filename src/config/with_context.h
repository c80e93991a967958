#pragma once

#include <dbsql/error.h>

#include <string_view>
#include <utility>

namespace dbsql::config {

/// Puts `context: ` before the message of a configuration error, and throws it on.
[[noreturn]] void rethrow_in_context(std::string_view context, const Error& error);

/// Runs `read`; its configuration errors say what was being read.
template <class Read>
auto with_context(std::string_view context, Read&& read) {
  try {
    return std::forward<Read>(read)();
  } catch (const ConfigurationError& error) {
    rethrow_in_context(context, error);
  }
}

}  // namespace dbsql::config
