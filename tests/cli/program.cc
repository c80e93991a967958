#include "tests/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dbsql::cli::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 60s;

/// What execve needs; made before the fork, because a child of a threaded process must not
/// allocate.
class ExecArguments {
 public:
  ExecArguments(const std::string& path, const std::vector<std::string>& arguments,
                const Environment& environment) {
    texts_.push_back(path);
    texts_.insert(texts_.end(), arguments.begin(), arguments.end());
    const std::size_t argument_count = texts_.size();
    Environment all{{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"TERM", "xterm"}};
    // The sanitizers are told through these how to report.
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) all[name] = value;
    }
    for (const auto& [name, value] : environment) all[name] = value;
    for (const auto& [name, value] : all) texts_.push_back(name + "=" + value);
    for (std::size_t at = 0; at < texts_.size(); ++at) {
      (at < argument_count ? arguments_ : environment_).push_back(texts_[at].data());
    }
    arguments_.push_back(nullptr);
    environment_.push_back(nullptr);
  }

  [[noreturn]] void exec() {
    for (const int number : {SIGINT, SIGPIPE, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
    execve(arguments_[0], arguments_.data(), environment_.data());
    _exit(126);
  }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
};

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  return ends;
}

void close_once(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

int milliseconds_until(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

/// Appends what can be read now; false at the end of the stream.
bool read_into(int descriptor, std::string& text) {
  std::array<char, 65536> bytes{};
  const ssize_t count = read(descriptor, bytes.data(), bytes.size());
  if (count <= 0) return false;
  text.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int reap(pid_t& pid, Clock::time_point until) {
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() > until) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(1ms);
  }
  pid = -1;
  return exit_code_of(status);
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Program::Program(const std::string& path, const std::vector<std::string>& arguments,
                 const Environment& environment)
    : started_(Clock::now()) {
  std::signal(SIGPIPE, SIG_IGN);
  ExecArguments exec_arguments(path, arguments, environment);
  const auto in = make_pipe();
  const auto out = make_pipe();
  const auto err = make_pipe();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    exec_arguments.exec();
  }
  for (const int childs : {in[0], out[1], err[1]}) close(childs);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int* descriptor : {&in_, &out_, &err_}) close_once(*descriptor);
}

void Program::send(std::string_view text) { write_all(in_, text); }
void Program::close_input() { close_once(in_); }
void Program::close_output() { close_once(out_); }
void Program::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

bool Program::read_some(Clock::time_point until) {
  std::array<pollfd, 2> waiting{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (out_ < 0 && err_ < 0) return false;
  if (poll(waiting.data(), waiting.size(), milliseconds_until(until)) <= 0) return false;
  if (waiting[0].revents != 0 && !read_into(out_, outcome_.out)) close_once(out_);
  if (waiting[1].revents != 0 && !read_into(err_, outcome_.err)) close_once(err_);
  return true;
}

bool Program::await_output(std::string_view text) {
  const auto until = Clock::now() + kPatience;
  while (outcome_.out.find(text) == std::string::npos) {
    if (out_ < 0 || !read_some(until)) return false;
  }
  return true;
}

Outcome Program::wait() {
  close_input();
  return wait_with_input_open();
}

Outcome Program::wait_with_input_open() {
  const auto until = Clock::now() + kPatience;
  while (read_some(until)) {
  }
  outcome_.exit_code = reap(pid_, until);
  outcome_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
  return outcome_;
}

bool Program::await_handler(int number) const {
  const auto until = Clock::now() + kPatience;
  const std::string status_file = "/proc/" + std::to_string(pid_) + "/status";
  while (Clock::now() < until) {
    std::ifstream status(status_file);
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view kCaught = "SigCgt:";
      if (!line.starts_with(kCaught)) continue;
      const std::uint64_t caught = std::stoull(line.substr(kCaught.size()), nullptr, 16);
      if ((caught >> (number - 1) & 1U) != 0) return true;
    }
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

std::string Program::command_line() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/cmdline");
  return {std::istreambuf_iterator<char>(file), {}};
}

TerminalProgram::TerminalProgram(const std::string& path, const std::vector<std::string>& arguments,
                                 const Environment& environment) {
  ExecArguments exec_arguments(path, arguments, environment);
  winsize size{};
  size.ws_row = 40;
  size.ws_col = 120;
  pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ == 0) exec_arguments.exec();
  fcntl(terminal_, F_SETFD, FD_CLOEXEC);
}

TerminalProgram::~TerminalProgram() {
  close(terminal_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void TerminalProgram::send(std::string_view keys) const { write_all(terminal_, keys); }

bool TerminalProgram::read_some(Clock::time_point until) {
  pollfd waiting{terminal_, POLLIN, 0};
  return poll(&waiting, 1, milliseconds_until(until)) > 0 && read_into(terminal_, raw_);
}

bool TerminalProgram::expect(std::string_view text, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (true) {
    const std::size_t found = screen().find(text, expected_);
    if (found != std::string::npos) {
      expected_ = found + text.size();
      return true;
    }
    if (!read_some(until)) return false;
  }
}

int TerminalProgram::wait() {
  const auto until = Clock::now() + kPatience;
  while (read_some(until)) {
  }
  return reap(pid_, until);
}

/// An escape sequence is ESC [ parameters letter, or ESC and one more character. A sequence that is
/// still arriving is left out, so that the text before it does not change later.
std::string TerminalProgram::screen() const {
  std::string text;
  for (std::size_t at = 0; at < raw_.size(); ++at) {
    if (raw_[at] != '\x1b') {
      if (raw_[at] != '\r' && raw_[at] != '\a') text += raw_[at];
      continue;
    }
    if (++at < raw_.size() && raw_[at] == '[') {
      do {
        ++at;
      } while (at < raw_.size() && (raw_[at] < '@' || raw_[at] > '~'));
    }
  }
  return text;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "dbsql-cli-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TemporaryFolder::write(std::string_view name, std::string_view text) const {
  std::ofstream(folder_ / name) << text;
}

std::string TemporaryFolder::read(std::string_view name) const {
  std::ifstream file(folder_ / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t TemporaryFolder::file_count() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
}

}  // namespace dbsql::cli::test
