#include "base/log.h"

#include <dbsql/error.h>

#include "base/clock.h"
#include "base/log_file.h"
#include "base/one_line.h"
#include "base/redact.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace dbsql {

namespace {

constexpr std::size_t kLongestMessage = 8192;
constexpr std::size_t kLongestId = 256;
constexpr LogLevel kUsualLevel = LogLevel::Warn;
constexpr const char* kLevelVariable = "DATABRICKS_LOG_LEVEL";

/// Set while this thread writes: what a sink makes the library say is not for that sink.
thread_local bool is_writing = false;

/// Where lines go: a sink of the program's, a file, or standard error.
class Output {
 public:
  static Output& get() {
    // Never destroyed, for logging must work until the very end; and never allocated, for it must
    // not fail where there is no memory.
    alignas(Output) static std::array<std::byte, sizeof(Output)> place;
    static auto* const output = ::new (place.data()) Output;
    return *output;
  }

  void set(LogSink sink, std::unique_ptr<base::LogFile> file) {
    const auto turn = turn_unless_writing();
    auto shared = shared_or_none(std::move(sink));
    std::shared_ptr<base::LogFile> opened = std::move(file);
    const std::lock_guard lock(mutex_);
    sink_.swap(shared);
    file_.swap(opened);
  }

  bool writes_to(const LogFileOptions& options) {
    const std::lock_guard lock(mutex_);
    return file_ != nullptr && file_->options() == options;
  }

  void set_tap(LogLevel level, LogSink tap) {
    const auto turn = turn_unless_writing();
    auto shared = shared_or_none(std::move(tap));
    const std::lock_guard lock(mutex_);
    tap_level_ = level;
    tap_.swap(shared);
    set_threshold_locked();
  }

  void set_level(LogLevel level) {
    const std::lock_guard lock(mutex_);
    level_ = level;
    set_threshold_locked();
  }

  /// Takes the level of the environment, unless the program has set one meanwhile.
  /// \return whether it was taken
  bool set_first_level(LogLevel level) {
    const std::lock_guard lock(mutex_);
    const bool is_first = !level_;
    if (is_first) level_ = level;
    set_threshold_locked();
    return is_first;
  }

  std::optional<LogLevel> level() {
    const std::lock_guard lock(mutex_);
    return level_;
  }

  /// Sinks are the program's and may ask for the level or set another sink: they are called in
  /// turn, but with no lock held that such calls take.
  void write(const LogRecord& record) {
    const std::lock_guard turn(turn_);
    const Target target = target_of(record.level);
    if (target.tap) (*target.tap)(record);
    if (!target.is_written) return;  // it was for the tap alone
    if (target.sink) {
      (*target.sink)(record);
    } else if (target.file) {
      target.file->write(record);
    } else {
      const std::string line = to_text(record) + '\n';
      while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
      }
    }
  }

 private:
  /// Whom a line goes to; each lives until the line is written, whatever is set meanwhile.
  struct Target {
    std::shared_ptr<const LogSink> tap;
    std::shared_ptr<const LogSink> sink;
    std::shared_ptr<base::LogFile> file;
    bool is_written = false;
  };

  // A fork in the middle of a line would leave the child a mutex that nobody unlocks.
  Output() { pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork); }
  static void lock_for_fork() noexcept {
    if (!is_writing) get().turn_.lock();
    get().mutex_.lock();
  }
  static void unlock_after_fork() noexcept {
    get().mutex_.unlock();
    if (!is_writing) get().turn_.unlock();
  }

  static std::shared_ptr<const LogSink> shared_or_none(LogSink sink) {
    return sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  }

  /// Whoever sets a sink is told when the one before it is done, except by a sink itself.
  std::unique_lock<std::mutex> turn_unless_writing() {
    return is_writing ? std::unique_lock<std::mutex>() : std::unique_lock(turn_);
  }

  Target target_of(LogLevel level) {
    const std::lock_guard lock(mutex_);
    return {.tap = level >= tap_level_ ? tap_ : nullptr,
            .sink = sink_,
            .file = file_,
            .is_written = level >= level_.value_or(kUsualLevel)};
  }

  void set_threshold_locked() {
    if (!level_) return;  // the environment is yet to be asked
    const LogLevel lowest = tap_ ? std::min(*level_, tap_level_) : *level_;
    base::detail::log_threshold = static_cast<int>(lowest);
  }

  std::mutex turn_;  // to write, taken before mutex_
  std::mutex mutex_;
  std::optional<LogLevel> level_;        // guarded by mutex_; empty = nobody has asked yet
  LogLevel tap_level_ = LogLevel::Off;   // guarded by mutex_
  std::shared_ptr<const LogSink> tap_;   // guarded by mutex_
  std::shared_ptr<const LogSink> sink_;  // guarded by mutex_
  std::shared_ptr<base::LogFile> file_;  // guarded by mutex_
};

std::string presentable(std::string_view text, std::size_t limit) {
  // Before it is cut, for half a secret may look like none, but never more than is of use.
  return std::string(
      base::cut(base::one_line(base::redact_strictly(base::cut(text, 8 * limit))), limit));
}

void write(LogLevel level, std::string_view component, const base::CallContext* call,
           std::string_view line) noexcept {
  if (std::exchange(is_writing, true)) return;
  try {
    const auto id = [&](const std::string base::CallContext::*member) {
      return call == nullptr ? std::string() : presentable(call->*member, kLongestId);
    };
    const std::string connection = id(&base::CallContext::connection_id);
    const std::string correlation = id(&base::CallContext::correlation_id);
    const std::string statement = id(&base::CallContext::statement_id);
    const std::string message = presentable(line, kLongestMessage);
    Output::get().write({.level = level,
                         .time = base::Clock::system().system_now(),
                         .component = component,
                         .connection_id = connection,
                         .correlation_id = correlation,
                         .statement_id = statement,
                         .message = message});
  } catch (...) {  // NOLINT(bugprone-empty-catch): a line that cannot be written is dropped
  }
  is_writing = false;
}

/// Once, by whoever writes first.
void read_environment() noexcept {
  const char* value = std::getenv(kLevelVariable);  // NOLINT(concurrency-mt-unsafe): read once
  const std::string_view text = value == nullptr ? "" : value;
  const auto wanted = log_level_from_string(text);
  if (!Output::get().set_first_level(wanted.value_or(kUsualLevel)) || wanted || text.empty())
    return;
  try {
    base::log(LogLevel::Error, "log",
              base::concat(kLevelVariable, '=', base::cut(text, 64),
                           " is none of trace, debug, info, warn, error and off; it stays warn"));
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): then without a word
  }
}

}  // namespace

LogLevel log_level() noexcept {
  if (base::detail::log_threshold.load() < 0) read_environment();
  return Output::get().level().value_or(kUsualLevel);
}

void set_log_level(LogLevel level) noexcept { Output::get().set_level(level); }

void set_log_sink(LogSink sink) { Output::get().set(std::move(sink), nullptr); }

void set_log_file(const LogFileOptions& options) {
  if (Output::get().writes_to(options)) return;
  Output::get().set(nullptr, std::make_unique<base::LogFile>(options));
}

namespace base {

std::atomic<int> detail::log_threshold{-1};

bool detail::asks_environment(LogLevel level) noexcept {
  read_environment();
  return level != LogLevel::Off && static_cast<int>(level) >= log_threshold.load();
}

LogTap::LogTap(LogLevel level, LogSink sink) {
  static_cast<void>(log_level());  // what the environment says counts before the tap does
  Output::get().set_tap(level, std::move(sink));
}

LogTap::~LogTap() { Output::get().set_tap(LogLevel::Off, nullptr); }

void log(LogLevel level, std::string_view component, std::string_view line) noexcept {
  if (log_enabled(level)) write(level, component, nullptr, line);
}

void log(LogLevel level, std::string_view component, const CallContext& call,
         std::string_view line) noexcept {
  if (log_enabled(level)) write(level, component, &call, line);
}

std::string sql_for_log(std::string_view sql) {
  constexpr std::size_t kLongest = 1024;
  return presentable(sql, kLongest);
}

}  // namespace base
}  // namespace dbsql
