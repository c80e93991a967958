#pragma once

#include "arrow/lz4_frame.h"
#include "arrow/lz4_frame_parser.h"
#include "arrow/xxh32.h"
#include "base/buffer.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace dbsql::arrow {

/// Decompresses a body of LZ4 frames while it arrives, block by block.
///
/// Memory: content lies in segments. With a `size_hint` of the true size there is one, and nothing
/// is ever moved; otherwise what has not been skipped yet is copied to the front of the next one.
/// Parts of `unread()` keep their segment alive and are never written again.
/// Threads: one at a time; others may read what `unread()` gave.
/// Errors: CorruptResult for a damaged, truncated or oversized body. Content is shown only when
/// every checksum that covers it has been verified, so a frame with nothing but a checksum of its
/// whole content is shown at its end.
class Lz4Stream {
 public:
  /// Memory for one segment.
  using Allocate = std::function<std::shared_ptr<base::MutableBuffer>(std::size_t capacity)>;

  Lz4Stream(Allocate allocate, std::size_t size_hint, std::size_t max_output = kDefaultMaxOutput)
      : allocate_(std::move(allocate)), size_hint_(size_hint), max_output_(max_output) {}

  /// Decompresses the next block; false when it has not arrived yet.
  /// \param so_far  the body's bytes of earlier calls and perhaps more, at any address
  bool advance(std::span<const std::byte> so_far);

  /// \throws Error (CorruptResult) when the body must not end with these bytes. After `advance()`
  /// has returned false for them.
  void require_end(std::span<const std::byte> whole) const;

  /// Content that was not skipped yet.
  base::Buffer unread() const;
  void skip(std::size_t size) noexcept { read_ += size; }

  /// Bytes of the body that the content so far came from.
  std::size_t position() const noexcept { return parser_.position(); }

 private:
  void decode(const Lz4Block& block);
  void end_frame();
  void make_room(std::size_t more);
  std::size_t history() const noexcept;

  Allocate allocate_;
  std::size_t size_hint_;
  std::size_t max_output_;
  Lz4FrameParser parser_;
  std::shared_ptr<base::MutableBuffer> segment_;
  std::size_t read_ = 0;         // of the segment: skipped
  std::size_t shown_ = 0;        // of the segment: verified
  std::size_t total_ = 0;        // of all segments
  std::size_t frame_bytes_ = 0;  // of the current frame's content
  Xxh32 frame_hash_;             // where the frame has a checksum of its content
};

}  // namespace dbsql::arrow
