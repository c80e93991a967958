#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dbsql::arrow {

/// Throws CorruptResult: "the LZ4-compressed result is damaged: `problem` at byte `position`".
[[noreturn]] void throw_corrupt_lz4(std::string_view problem, std::size_t position);

inline constexpr std::uint32_t kLz4FrameMagic = 0x184D2204U;

struct Lz4FrameHeader {
  bool linked_blocks = false;
  bool block_checksums = false;
  bool content_checksum = false;
  std::optional<std::uint64_t> content_size;
  std::size_t max_block_size = 0;
};

struct Lz4Block {
  std::span<const std::byte> data;
  bool is_stored = false;
  std::size_t bound = 0;  ///< of its decompressed size
  std::optional<std::uint32_t> checksum;
};

/// Takes a body of LZ4 frames apart, in the order of its bytes, while it may still be growing.
/// Skippable frames are passed over; checksums are for the caller to verify.
///
/// Errors: CorruptResult for what cannot be the beginning of a valid body.
class Lz4FrameParser {
 public:
  enum class Event : std::uint8_t {
    FrameBegins,  ///< `header()`
    Block,        ///< `block()`
    FrameEnds,    ///< `content_checksum()`
    NeedsMore,    ///< `awaited()` is not there yet, or the body ends after the last frame
  };

  /// The next event of the body that begins with `body`: the bytes of earlier calls and perhaps
  /// more, at any address.
  Event next(std::span<const std::byte> body);

  const Lz4FrameHeader& header() const noexcept { return header_; }
  const Lz4Block& block() const noexcept { return block_; }
  std::optional<std::uint32_t> content_checksum() const noexcept { return content_checksum_; }

  /// The end of the last event.
  std::size_t position() const noexcept { return position_; }
  std::string_view awaited() const noexcept { return awaited_; }
  /// Whether a body of `size` bytes may end here. Valid after NeedsMore.
  bool may_end_at(std::size_t size) const noexcept { return !in_frame_ && position_ == size; }

 private:
  class Input;
  bool read_frame_start(Input& input);
  bool read_header(Input& input);
  Event read_in_frame(Input& input);

  std::size_t position_ = 0;
  bool in_frame_ = false;
  Lz4FrameHeader header_;
  Lz4Block block_;
  std::optional<std::uint32_t> content_checksum_;
  std::string_view awaited_;
};

/// \throws Error (CorruptResult) when the block has a checksum of other bytes; `position` is for
/// the message
void check_lz4_block(const Lz4Block& block, std::size_t position);

/// Decompresses one block into `room`; the `history` bytes before it are what linked blocks refer
/// to. Empty when the block is damaged or the room too small.
std::optional<std::size_t> decode_lz4_block(const Lz4Block& block, std::size_t history,
                                            std::span<std::byte> room) noexcept;

/// How much earlier content a linked block may refer to.
inline constexpr std::size_t kLz4History = std::size_t{64} << 10;

}  // namespace dbsql::arrow
