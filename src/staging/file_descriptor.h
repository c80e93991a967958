#pragma once

#include <dbsql/error.h>

#include <string>
#include <string_view>
#include <utility>

namespace dbsql::staging {

/// An open file or folder, closed by the destructor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor();

  int get() const noexcept { return descriptor_; }
  bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// The error of a system call on a local file, by its errno.
/// \param what  what was tried, for instance "cannot read /data/a.csv"
[[noreturn]] void throw_system_error(int error, std::string_view what);

}  // namespace dbsql::staging
