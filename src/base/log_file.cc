#include "base/log_file.h"

#include <dbsql/error.h>

#include "base/fork.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace dbsql::base {

namespace {

constexpr std::string_view kName = "dbsql.log";

/// A folder stands for a file in it.
std::string file_in(const std::string& path) {
  struct stat info {};
  const bool is_folder = ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  return is_folder ? concat(path, path.ends_with('/') ? "" : "/", kName) : path;
}

/// Pipes and terminals have no size, and are never put aside.
std::uint64_t size_of(int file) noexcept {
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  return static_cast<std::uint64_t>(info.st_size);
}

bool is_still(int file, const std::string& path) noexcept {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

LogFile::LogFile(LogFileOptions options)
    : options_(std::move(options)), path_(file_in(options_.path)) {
  if (open()) return;
  const std::string why = std::generic_category().message(errno);
  throw_error({.kind = ErrorKind::Configuration,
               .message = concat("log.file: ", path_, " cannot be opened: ", why)});
}

LogFile::~LogFile() {
  if (file_ >= 0) ::close(file_);
}

bool LogFile::open() noexcept {
  const int opened = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                            S_IRUSR | S_IWUSR);
  if (opened < 0) return false;
  struct stat info {};
  // One that was there may be open to others; it is about to be none of their business.
  if (::fstat(opened, &info) == 0 && S_ISREG(info.st_mode))
    static_cast<void>(::fchmod(opened, S_IRUSR | S_IWUSR));
  if (file_ >= 0) ::close(file_);
  file_ = opened;
  generation_ = fork_generation();
  return true;
}

bool LogFile::is_own() noexcept { return generation_ == fork_generation() || open(); }

void LogFile::put_aside() noexcept {
  if (::flock(file_, LOCK_EX) != 0) return;
  // Another process may have been faster: then there is only the new file to go on with.
  if (is_still(file_, path_)) {
    try {
      const auto name = [this](int number) { return concat(path_, '.', number); };
      if (options_.max_files <= 1) {
        ::unlink(path_.c_str());
      } else {
        for (int number = options_.max_files - 2; number >= 1; --number)
          static_cast<void>(std::rename(name(number).c_str(), name(number + 1).c_str()));
        static_cast<void>(std::rename(path_.c_str(), name(1).c_str()));
      }
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the file grows on
    }
  }
  const int locked = ::dup(file_);  // the lock is held until the new file is open
  static_cast<void>(open());
  if (locked >= 0) {
    ::flock(locked, LOCK_UN);
    ::close(locked);
  }
}

void LogFile::write(const LogRecord& record) {
  std::string line = options_.format == LogFormat::Json ? to_json(record) : to_text(record);
  line += '\n';
  const bool may_put_aside = is_own();
  const std::uint64_t size = size_of(file_);
  if (may_put_aside && size > 0 && size + line.size() > options_.max_bytes) put_aside();
  // In one piece, or not at all: half a line would spoil the next one.
  while (::write(file_, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace dbsql::base
