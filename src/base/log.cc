#include "base/log.h"

#include "base/redact.h"
#include "base/text.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace dbsql {

namespace {

std::atomic<LogLevel> current_level{LogLevel::Warn};

constexpr spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Trace:
      return spdlog::level::trace;
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
    case LogLevel::Off:
      break;
  }
  return spdlog::level::off;
}

/// Where lines go: the user's sink, or a private spdlog logger on standard error. The logger is
/// never registered with spdlog's global registry, which belongs to the application.
class Output {
 public:
  static Output& get() {
    static auto* const output =
        new Output;  // leaked on purpose: logging must work until the very end
    return *output;
  }

  void set_sink(LogSink sink) {
    std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
  }

  void write(LogLevel level, std::string_view component, std::string_view line) {
    std::lock_guard lock(mutex_);
    if (sink_) {
      sink_(level, component, line);
      return;
    }
    if (!logger_) {
      logger_ = std::make_shared<spdlog::logger>(
          "dbsql", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
      logger_->set_level(spdlog::level::trace);
      logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ dbsql %v");
    }
    logger_->log(to_spdlog(level), "{}: {}", component, line);
  }

 private:
  std::mutex mutex_;
  LogSink sink_;                            // guarded by mutex_
  std::shared_ptr<spdlog::logger> logger_;  // guarded by mutex_
};

}  // namespace

void set_log_level(LogLevel level) noexcept { current_level = level; }
void set_log_sink(LogSink sink) { Output::get().set_sink(std::move(sink)); }

namespace base {

bool log_enabled(LogLevel level) noexcept {
  return level != LogLevel::Off && level >= current_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view component, std::string_view line) noexcept {
  if (!log_enabled(level)) return;
  try {
    Output::get().write(level, component, redact(line));
  } catch (...) {  // NOLINT(bugprone-empty-catch): a line that cannot be written is dropped
  }
}

void log(LogLevel level, std::string_view component, const CallContext& call,
         std::string_view line) noexcept {
  if (!log_enabled(level)) return;
  try {
    std::string text;
    if (!call.connection_id.empty()) text += concat("conn=", call.connection_id, " ");
    if (!call.correlation_id.empty()) text += concat("corr=", call.correlation_id, " ");
    if (!call.statement_id.empty()) text += concat("stmt=", call.statement_id, " ");
    text += line;
    log(level, component, text);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a line that cannot be written is dropped
  }
}

}  // namespace base
}  // namespace dbsql
