#pragma once

#include <dbsql/log.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// Every log line, at every level, as text with its ids, while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    set_log_level(LogLevel::Trace);
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(record.level, to_text(record));
    });
  }
  ~CapturedLog() {
    set_log_sink({});
    set_log_level(LogLevel::Warn);
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<std::pair<LogLevel, std::string>> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::vector<std::string> lines(LogLevel level) const {
    std::vector<std::string> found;
    for (auto& [of, line] : lines())
      if (of == level) found.push_back(line);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

}  // namespace dbsql::test
