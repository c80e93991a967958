#pragma once

#include "base/call_context.h"
#include "base/clock.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// Makes the folder with mode 0700, and its parents.
/// \throws ConfigurationError  it cannot be made, is another user's, or others may write in it
void make_private_folder(const std::filesystem::path& folder);

/// A file that only this user may read. Empty when there is none.
/// \throws ConfigurationError  it is another user's, others may read it, it is no plain file, or it
/// is longer than `limit`
std::optional<std::string> read_private_file(const std::filesystem::path& file, std::size_t limit);

/// Puts a file of mode 0600 in place of what is there, at once and for good: after a crash there is
/// the old file or the new one. One writer at a time.
/// \throws ConfigurationError
void replace_private_file(const std::filesystem::path& file, std::string_view content);

/// The lock of a file between processes; it ends with this object, or with the process.
///
/// Threads: two objects of one process exclude each other as well.
class FileLock {
 public:
  /// Waits for whoever holds it.
  /// \throws ConfigurationError  the lock file cannot be made; TimeoutError and CancelledError as
  /// `call` demands
  FileLock(const std::filesystem::path& file, const base::CallContext& call, base::Clock& clock);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) = delete;

 private:
  int fd_ = -1;
};

}  // namespace dbsql::auth
