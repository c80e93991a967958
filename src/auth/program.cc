#include "auth/program.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::size_t kLongestOutput = std::size_t{1} << 20;

/// Memory that a program writes its output to: unlike a pipe it never fills up, and it does not
/// stay open in what the program leaves running.
class OutputFile {
 public:
  OutputFile() : fd_(::memfd_create("dbsql-program", MFD_CLOEXEC)) {}
  ~OutputFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  int fd() const noexcept { return fd_; }
  std::string read() const {
    std::string text(kLongestOutput, '\0');
    const auto size = ::pread(fd_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  int fd_;
};

/// The id of the new process, or the error of starting it, negative.
pid_t spawn(const std::string& path, const std::vector<std::string>& arguments, int output,
            int errors) {
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const auto& [from, to] : {std::pair(output, STDOUT_FILENO), {errors, STDERR_FILENO}}) {
    if (from >= 0) {
      ::posix_spawn_file_actions_adddup2(&actions, from, to);
    } else {
      ::posix_spawn_file_actions_addopen(&actions, to, "/dev/null", O_WRONLY, 0);
    }
  }
  // A group of its own, so that what it starts can be ended with it; signals as at a prompt.
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

/// A running program; killed with its group when this goes before its end.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), waiter_([this] { watch(); }) {}
  ~Child() {
    {
      // It is not reaped yet, so its id is nobody else's.
      std::lock_guard lock(mutex_);
      if (!has_ended_) ::kill(-pid_, SIGKILL);
    }
    waiter_.join();
    int status = 0;
    if (!is_reaped_) ::waitpid(pid_, &status, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its exit status. \throws as `call` demands
  int wait(const base::CallContext& call, base::Clock& clock) {
    {
      std::unique_lock lock(mutex_);
      clock.wait(lock, changed_, call, [this] { return has_ended_; });
    }
    int status = 0;
    is_reaped_ = ::waitpid(pid_, &status, 0) == pid_;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void watch() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    {
      std::lock_guard lock(mutex_);
      has_ended_ = true;
    }
    changed_.notify_all();
  }

  const pid_t pid_;
  bool is_reaped_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool has_ended_ = false;  // guarded by mutex_
  std::thread waiter_;
};

bool is_executable(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(std::string_view name, const Environment& environment) {
  if (name.find('/') != std::string_view::npos) {
    std::string path(name);
    return is_executable(path) ? std::optional(std::move(path)) : std::nullopt;
  }
  const std::string folders = environment.get("PATH");
  for (const std::string_view folder : base::split(folders, ':')) {
    // A relative folder in PATH would run whatever lies in the working directory.
    if (!folder.starts_with('/')) continue;
    std::string path = base::concat(folder, "/", name);
    if (is_executable(path)) return path;
  }
  return std::nullopt;
}

ProgramOutcome run_program(const std::string& path, const std::vector<std::string>& arguments,
                           const base::CallContext& call, base::Clock& clock) {
  base::check(call, clock);
  const OutputFile output;
  const OutputFile errors;
  const pid_t pid = spawn(path, arguments, output.fd(), errors.fd());
  if (pid < 0)
    throw_error({.kind = ErrorKind::Unauthenticated,
                 .message = base::concat(path, " cannot be started: ", ::strerror(-pid))});
  Child child(pid);
  const int status = child.wait(call, clock);
  return {status, output.read(), errors.read()};
}

bool start_program(const std::string& path, const std::vector<std::string>& arguments) {
  const pid_t pid = spawn(path, arguments, -1, -1);
  if (pid < 0) return false;
  std::thread([pid] {
    int status = 0;
    ::waitpid(pid, &status, 0);
  }).detach();
  return true;
}

}  // namespace dbsql::auth
