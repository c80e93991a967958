#pragma once

#include <dbsql/export.h>

#include <cstdint>
#include <functional>
#include <string_view>

namespace dbsql {

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warn, Error, Off };

/// Receives finished log lines. It may be called from any thread, one call at a time, and must not
/// throw.
using LogSink =
    std::function<void(LogLevel level, std::string_view component, std::string_view line)>;

/// Lines below this level are not written. Default: Warn. Takes effect at once, for all connections
/// of the process.
DBSQL_EXPORT void set_log_level(LogLevel level) noexcept;

/// Sends log lines to `sink` instead of standard error; an empty sink restores the default.
/// Lines have passed the redactor: no token, no signed URL query, no SQL text above debug.
DBSQL_EXPORT void set_log_sink(LogSink sink);

}  // namespace dbsql
