#pragma once

#include <dbsql/log.h>

#include "base/call_context.h"

#include <string>
#include <string_view>

namespace dbsql::base {

/// Whether a line of this level would be written: ask before building an expensive line.
bool log_enabled(LogLevel level) noexcept;

/// Writes one line, after the redactor. Never throws.
/// \param component  the module, for instance "http"
void log(LogLevel level, std::string_view component, std::string_view line) noexcept;

/// The same, preceded by the connection, correlation and statement ids of the call that are known.
void log(LogLevel level, std::string_view component, const CallContext& call,
         std::string_view line) noexcept;

}  // namespace dbsql::base
