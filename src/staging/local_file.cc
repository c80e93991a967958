#include "staging/local_file.h"

#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

namespace dbsql::staging {
namespace {

constexpr mode_t kNewFileMode = 0666;  // the process's umask takes away from it
constexpr mode_t kPermissions = 07777;
// Of the 255 bytes that a name may have, with room for the ending.
constexpr std::size_t kLongestStem = 200;

[[noreturn]] void refuse(std::string_view path, std::string_view why) {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("the local file '", path, "' ", why)});
}

std::string random_part_name(std::string_view name) {
  std::random_device random;
  const auto high = random();
  const auto low = random();
  const std::array numbers{high, low};
  return base::concat(name.substr(0, kLongestStem), ".part-",
                      base::to_hex(std::as_bytes(std::span(numbers))));
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// FileSource

FileSource::FileSource(const LocalPlace& place) : path_(place.path) {
  // Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
  file_ = FileDescriptor(::openat(place.folder.get(), place.name.c_str(),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file_.is_open())
    throw_system_error(errno, base::concat("the local file '", path_, "' cannot be read"));
  measure();
}

FileSource::FileSource(FileDescriptor file, std::string path)
    : file_(std::move(file)), path_(std::move(path)) {
  measure();
}

void FileSource::measure() {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0)
    throw_system_error(errno, base::concat("the local file '", path_, "' cannot be read"));
  if (S_ISDIR(status.st_mode)) refuse(path_, "is a folder; PUT sends one file");
  if (!S_ISREG(status.st_mode)) {
    refuse(path_, "is no regular file; send devices and pipes as an input stream");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

bool FileSource::rewind() {
  at_ = 0;
  return true;
}

std::size_t FileSource::read(std::span<std::byte> into) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - at_));
  if (wanted == 0) return 0;
  ssize_t count = 0;
  do {
    count = ::pread(file_.get(), into.data(), wanted, static_cast<off_t>(at_));
  } while (count < 0 && errno == EINTR);
  if (count < 0)
    throw_system_error(errno, base::concat("the local file '", path_, "' cannot be read"));
  if (count == 0) refuse(path_, "became shorter while it was being sent");
  at_ += static_cast<std::uint64_t>(count);
  return static_cast<std::size_t>(count);
}

// ------------------------------------------------------------------------------------------------
// FileSink

FileSink::FileSink(LocalPlace place, bool overwrite)
    : place_(std::move(place)), overwrite_(overwrite) {
  require_replaceable();
}

FileSink::~FileSink() {
  if (!part_name_.empty()) ::unlinkat(place_.folder.get(), part_name_.c_str(), 0);
}

/// What would fail at the end fails before anything is downloaded.
void FileSink::require_replaceable() {
  struct stat status {};
  if (::fstatat(place_.folder.get(), place_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw_system_error(errno, base::concat("the local file '", place_.path, "' cannot be written"));
  }
  if (S_ISDIR(status.st_mode)) refuse(place_.path, "is a folder; GET writes one file");
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
    refuse(place_.path, "is no regular file; write to devices and pipes as an output stream");
  }
  if (!overwrite_) throw_system_error(EEXIST, base::concat("the local file '", place_.path, "'"));
  if (S_ISREG(status.st_mode)) mode_ = status.st_mode & kPermissions;
}

void FileSink::begin(std::optional<std::uint64_t>) {
  if (!part_.is_open()) open_part();
}

void FileSink::open_part() {
  std::string name = random_part_name(place_.name);
  part_ =
      FileDescriptor(::openat(place_.folder.get(), name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kNewFileMode));
  if (!part_.is_open())
    throw_system_error(errno, base::concat("the local file '", place_.path, "' cannot be written"));
  part_name_ = std::move(name);
  if (mode_ != 0) ::fchmod(part_.get(), mode_);  // as good as it gets: the file may be another's
}

bool FileSink::rewind() {
  if (!part_.is_open()) return true;
  return ::ftruncate(part_.get(), 0) == 0 && ::lseek(part_.get(), 0, SEEK_SET) == 0;
}

void FileSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(part_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw_system_error(errno,
                         base::concat("the local file '", place_.path, "' cannot be written"));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void FileSink::commit() {
  if (!part_.is_open()) open_part();  // an empty file
  // Without this a crash of the machine could leave the name with none of the bytes.
  if (::fsync(part_.get()) != 0 && errno != EINVAL)
    throw_system_error(errno, base::concat("the local file '", place_.path, "' cannot be written"));
  rename_part();
  part_name_.clear();
}

void FileSink::rename_part() {
  const int folder = place_.folder.get();
  const unsigned flags = overwrite_ ? 0 : RENAME_NOREPLACE;
  int failed = ::renameat2(folder, part_name_.c_str(), folder, place_.name.c_str(), flags);
  if (failed != 0 && errno == EINVAL && !overwrite_) {  // a file system that cannot do it so
    failed = ::linkat(folder, part_name_.c_str(), folder, place_.name.c_str(), 0);
    if (failed == 0) ::unlinkat(folder, part_name_.c_str(), 0);
  }
  if (failed != 0)
    throw_system_error(errno, base::concat("the local file '", place_.path, "' cannot be written"));
}

}  // namespace dbsql::staging
