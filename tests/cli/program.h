#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::cli::test {

using Environment = std::map<std::string, std::string>;

/// How a program ended and what it wrote.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
  std::chrono::milliseconds elapsed{0};
};

/// A child process with pipes to its standard streams. Killed when it is still there at the end of
/// the test.
class Program {
 public:
  /// \param environment  added to a bare one: the test's own DBSQL_DSN is never seen
  Program(const std::string& path, const std::vector<std::string>& arguments,
          const Environment& environment = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(std::string_view text);
  void close_input();
  void close_output();  ///< as `head` does
  void signal(int number) const;

  /// Reads standard output until it holds `text`; false at the end of output, or after a minute.
  bool await_output(std::string_view text);
  /// What it has written to standard output so far, as far as it was read.
  const std::string& output() const noexcept { return outcome_.out; }

  /// Closes its input, reads what it writes and waits until it ends; a minute at most.
  Outcome wait();
  /// The same with its input left open.
  Outcome wait_with_input_open();

  /// Waits until the program has its own handler for a signal; false after a minute.
  bool await_handler(int number) const;
  /// Its arguments as other users see them.
  std::string command_line() const;

 private:
  bool read_some(std::chrono::steady_clock::time_point until);

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::chrono::steady_clock::time_point started_;
  Outcome outcome_;
};

/// A child process on a terminal of its own.
class TerminalProgram {
 public:
  TerminalProgram(const std::string& path, const std::vector<std::string>& arguments,
                  const Environment& environment = {});
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void send(std::string_view keys) const;

  /// Waits until `text` appears behind what was expected before; escape sequences do not count.
  /// \return false after `patience`, or when the program has ended
  bool expect(std::string_view text, std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// Waits for the end of the program.
  int wait();

  /// Everything shown so far, without escape sequences.
  std::string screen() const;

 private:
  bool read_some(std::chrono::steady_clock::time_point until);

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string raw_;
  std::size_t expected_ = 0;  // in screen(): everything before it has been matched
};

/// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  void write(std::string_view name, std::string_view text) const;
  /// Empty when there is no such file.
  std::string read(std::string_view name) const;
  bool contains(std::string_view name) const { return std::filesystem::exists(folder_ / name); }
  std::size_t file_count() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace dbsql::cli::test
