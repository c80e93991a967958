#pragma once

#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

/// Framing of IPC messages; used by the readers only. The generated tables stay out of headers.
namespace dbsql::arrow::ipc {
struct Message;
}

namespace dbsql::arrow {

/// Throws CorruptResult: "the Arrow result is damaged: `problem`; ...".
[[noreturn]] void throw_corrupt_ipc(std::string_view problem);

/// One encapsulated message: verified metadata, and the body as a slice of the bytes it came in.
class IpcMessage {
 public:
  /// Reads the message at `position` of `bytes` and moves `position` behind it; empty at the
  /// end-of-stream marker. \throws Error (CorruptResult) when the bytes are not a whole,
  /// well-formed message;
  ///         (NotSupported) for metadata versions before V4
  static std::optional<IpcMessage> read(const base::Buffer& bytes, std::size_t& position);

  /// Whether `read` has all it needs at `position`, in bytes that may still be growing. Also true
  /// for what it will refuse.
  static bool is_whole(const base::Buffer& bytes, std::size_t position);

  /// The only message in `bytes`: trailing bytes are an error, and so is an end-of-stream marker.
  static IpcMessage read_single(const base::Buffer& bytes);

  const ipc::Message& table() const noexcept { return *table_; }
  const base::Buffer& body() const noexcept { return body_; }
  std::size_t metadata_size() const noexcept { return metadata_.size(); }

 private:
  base::Buffer metadata_;  // an aligned copy where the message begins at an odd address
  const ipc::Message* table_ = nullptr;
  base::Buffer body_;
};

}  // namespace dbsql::arrow
