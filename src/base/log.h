#pragma once

#include <dbsql/log.h>

#include "base/call_context.h"
#include "base/text.h"

#include <atomic>
#include <string>
#include <string_view>

namespace dbsql::base {

namespace detail {
/// Lines below are not written; less than any level until the environment has been asked.
extern std::atomic<int>
    log_threshold;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
bool asks_environment(LogLevel level) noexcept;
}  // namespace detail

/// Whether a line of this level would be written: ask before building an expensive line.
inline bool log_enabled(LogLevel level) noexcept {
  const int threshold = detail::log_threshold.load(std::memory_order_relaxed);
  if (static_cast<int>(level) < threshold) return false;
  return threshold >= 0 ? level != LogLevel::Off : detail::asks_environment(level);
}

/// Writes one line, after the redactor: whatever is written goes through here. Never throws.
/// \param component  the module, for instance "http"
void log(LogLevel level, std::string_view component, std::string_view line) noexcept;

/// The same, with the connection, correlation and statement ids of the call that are known.
void log(LogLevel level, std::string_view component, const CallContext& call,
         std::string_view line) noexcept;

/// Hears lines of its level and above while it lives, beside wherever they go: those that the user
/// has not asked for reach nobody else. One at a time: a later one takes the place of the first.
class LogTap {
 public:
  LogTap(LogLevel level, LogSink sink);
  ~LogTap();
  LogTap(const LogTap&) = delete;
  LogTap& operator=(const LogTap&) = delete;
};

/// The beginning of a statement as a debug line may show it: at most 1 KiB.
std::string sql_for_log(std::string_view sql);

}  // namespace dbsql::base
