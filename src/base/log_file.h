#pragma once

#include <dbsql/log.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::base {

/// Appends lines to a file that is put aside when it is full: `PATH` becomes `PATH.1`, that
/// `PATH.2`, and the oldest goes.
///
/// Lines are written whole, by one call each: several processes may share a file. Which of them
/// puts it aside is settled by a lock on the file. A lock belongs to whoever opened the file, and
/// would be one for parent and child alike: a child opens the file anew with its first line. Where
/// it cannot, it goes on with its parent's, and leaves it to others to put that aside. Threads: one
/// at a time.
class LogFile {
 public:
  /// \throws ConfigurationError  it cannot be opened
  explicit LogFile(LogFileOptions options);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// As they were given.
  const LogFileOptions& options() const noexcept { return options_; }

  /// Adds the line end. What cannot be written is lost.
  void write(const LogRecord& record);

 private:
  bool open() noexcept;
  bool is_own() noexcept;
  void put_aside() noexcept;

  const LogFileOptions options_;
  const std::string path_;  // of the file itself
  int file_ = -1;
  int generation_ = 0;  // of the process that opened it
};

}  // namespace dbsql::base
