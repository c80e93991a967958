#pragma once

#include <dbsql/log.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// Every log line, at every level, while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    set_log_level(LogLevel::Trace);
    set_log_sink([this](LogLevel level, std::string_view, std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(level, line);
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
