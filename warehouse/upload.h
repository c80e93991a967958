#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// The body of a request that goes to a file while it arrives, or nowhere when it is unwanted.
///
/// Ownership: the file is removed with this object unless it was kept.
/// Threads: one at a time.
class Upload {
 public:
  /// \param path         of the new file; empty = the bytes are thrown away
  /// \param reset_after  a fault: the connection is reset when so many bytes have come
  explicit Upload(std::string path, std::optional<std::uint64_t> reset_after = std::nullopt);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void append(std::string_view bytes);
  std::uint64_t size() const noexcept { return size_; }
  bool is_to_be_reset() const noexcept { return reset_after_ && size_ >= *reset_after_; }

  /// Gives the complete file its place, replacing what is there. \return false when it could not
  /// be stored
  bool keep_as(const std::string& path);

 private:
  const std::string path_;
  const std::optional<std::uint64_t> reset_after_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  bool failed_ = false;
};

}  // namespace dbsql::warehouse
