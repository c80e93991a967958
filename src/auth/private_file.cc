#include "auth/private_file.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::chrono::milliseconds kBetweenTries{50};

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view what) {
  throw_error({.kind = ErrorKind::Configuration,
               .message = base::concat("the token cache ", file.string(), " ", what)});
}

[[noreturn]] void refuse_errno(const std::filesystem::path& file, std::string_view what) {
  const int error = errno;
  refuse(file, base::concat(what, ": ", ::strerror(error)));
}

/// An open file; closed in the end.
class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const noexcept { return fd_ >= 0; }
  int fd() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void require_private(const std::filesystem::path& path, int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) refuse_errno(path, "cannot be looked at");
  if (!S_ISREG(facts.st_mode)) refuse(path, "is no plain file");
  if (facts.st_uid != ::geteuid()) refuse(path, "belongs to another user and is not used");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    refuse(path, "may be read by other users and is not used; its mode must be 0600");
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void make_private_folder(const std::filesystem::path& folder) {
  if (folder.has_parent_path() && folder != folder.parent_path()) {
    std::error_code error;
    if (!std::filesystem::exists(folder.parent_path(), error))
      make_private_folder(folder.parent_path());
  }
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    refuse_errno(folder, "cannot be made");
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode))
    refuse(folder, "is no folder");
  if (facts.st_uid != ::geteuid()) refuse(folder, "belongs to another user and is not used");
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    refuse(folder, "may be written by other users and is not used; its mode must be 0700");
}

std::optional<std::string> read_private_file(const std::filesystem::path& file, std::size_t limit) {
  const File input(file, O_RDONLY | O_NONBLOCK);
  if (!input.is_open() && errno == ENOENT) return std::nullopt;
  if (!input.is_open()) refuse_errno(file, "cannot be opened");
  require_private(file, input.fd());
  std::string content(limit + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto count = ::read(input.fd(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_errno(file, "cannot be read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > limit) refuse(file, "is longer than any of ours and is not used");
  content.resize(size);
  return content;
}

void replace_private_file(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path draft = file.string() + ".new";
  ::unlink(draft.c_str());  // of a process that crashed
  {
    const File output(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (!output.is_open()) refuse_errno(draft, "cannot be made");
    if (!write_all(output.fd(), content) || ::fsync(output.fd()) != 0) {
      const int error = std::exchange(errno, 0);
      ::unlink(draft.c_str());
      errno = error;
      refuse_errno(draft, "cannot be written");
    }
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) refuse_errno(file, "cannot be replaced");
  const File folder(file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) ::fsync(folder.fd());  // so that the new name outlives a power cut
}

FileLock::FileLock(const std::filesystem::path& file, const base::CallContext& call,
                   base::Clock& clock) {
  File lock(file, O_RDWR | O_CREAT);
  if (!lock.is_open()) refuse_errno(file, "cannot be made");
  require_private(file, lock.fd());
  // Tried again and again, because a blocking flock would not end with the call.
  while (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) refuse_errno(file, "cannot be locked");
    clock.sleep(kBetweenTries, call);
  }
  fd_ = lock.release();
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace dbsql::auth
