#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// Results could not be written: full disk, closed pipe, no permission.
class OutputError : public std::runtime_error {
 public:
  OutputError(const std::string& message, int error_number)
      : std::runtime_error(message), error_number_(error_number) {}
  /// The reader has closed the pipe (`dbsql ... | head`): nothing to complain about, nothing more
  /// to do.
  bool is_closed_pipe() const noexcept;

 private:
  int error_number_;
};

/// A write was given up because the user interrupted it.
class OutputInterrupted : public std::runtime_error {
 public:
  OutputInterrupted() : std::runtime_error("interrupted while writing the result") {}
};

/// Where results go: a descriptor such as standard output, or a file.
///
/// A file is written under another name beside its own and renamed by `commit()`, so that whoever
/// finds it finds it whole. What is not a regular file (a device, a named pipe) is written
/// directly.
///
/// Ownership: owns the file it opened, not a descriptor it was given. Without `commit()` the file
/// is removed. Errors: `OutputError` names the file and the reason; `OutputInterrupted` when
/// `wake_descriptor` became readable. Cost: one write per `kBufferSize` bytes to files; pipes and
/// terminals take smaller pieces, so that Ctrl-C is served
///   even when nobody reads.
class Output {
 public:
  static constexpr std::size_t kBufferSize = 256 * 1024;

  /// \param wake_descriptor  see `Interrupts`; -1 = none
  Output(int descriptor, std::string name, int wake_descriptor);
  /// \throws OutputError  the file cannot be created
  static Output to_file(const std::string& path, int wake_descriptor);

  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) noexcept;
  ~Output();

  /// Text appended here is written by the next `drain()` or `flush()`.
  std::string& buffer() noexcept { return buffer_; }

  /// Writes the buffer if it is full; on a terminal, also if the last write was a moment ago.
  void drain() {
    if (buffer_.size() >= kBufferSize || is_terminal_) drain_slowly();
  }
  void flush();

  /// Writes bytes that need no buffer, in order with it.
  void write(std::string_view bytes);

  /// The results are complete: gives the file its name. Nothing can be written afterwards.
  void commit();

  bool is_terminal() const noexcept { return is_terminal_; }
  /// The name of the unfinished file; empty when there is none.
  const std::string& temporary_file() const noexcept { return temporary_; }

  /// Called before anything is written to a terminal, so that a progress line can make room.
  void before_terminal_write(std::function<void()> hook) { before_write_ = std::move(hook); }

 private:
  void drain_slowly();
  void write_all(std::string_view bytes);
  void await_writable() const;
  void give_up() noexcept;

  int descriptor_ = -1;
  std::string name_;
  int wake_descriptor_ = -1;
  bool owns_descriptor_ = false;
  bool is_terminal_ = false;
  bool may_block_ = false;  // a pipe, a terminal, a socket
  std::string path_;        // what the file will be called
  std::string temporary_;   // what it is called until then
  std::string buffer_;
  std::chrono::steady_clock::time_point last_write_;
  std::function<void()> before_write_;
};

}  // namespace dbsql::cli
