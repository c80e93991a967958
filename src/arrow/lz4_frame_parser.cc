#include "arrow/lz4_frame_parser.h"

#include <dbsql/error.h>

#include "arrow/xxh32.h"
#include "base/text.h"

#include <lz4.h>

#include <algorithm>
#include <cstring>

namespace dbsql::arrow {
namespace {

constexpr std::uint32_t kSkippableMagic = 0x184D2A50U;  // the lowest four bits are free
constexpr std::uint32_t kStoredFlag = 0x80000000U;
constexpr std::size_t kMaxExpansion =
    255;  // no LZ4 block yields more than this many bytes per byte

bool is_skippable(std::uint32_t magic) noexcept { return (magic & ~0xFU) == kSkippableMagic; }

}  // namespace

void throw_corrupt_lz4(std::string_view problem, std::size_t position) {
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = base::concat("the LZ4-compressed result is damaged: ", problem,
                                       " at byte ", position, "; run the statement again"),
               .error_class = "CORRUPT_LZ4"});
}

/// Reads on from where the parser stands. What is not there is remembered: the caller checks once,
/// after a group of reads that belong together, and drops them all.
class Lz4FrameParser::Input {
 public:
  Input(std::span<const std::byte> bytes, std::size_t position)
      : bytes_(bytes), position_(position) {}

  std::size_t position() const noexcept { return position_; }
  bool at_end() const noexcept { return position_ == bytes_.size(); }
  bool is_short() const noexcept { return is_short_; }
  std::span<const std::byte> since(std::size_t start) const {
    return bytes_.subspan(start, position_ - start);
  }

  std::span<const std::byte> take(std::size_t size) {
    if (is_short_ || size > bytes_.size() - position_) {
      is_short_ = true;
      return {};
    }
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }

  template <class Number>
  Number take_number() {
    Number number{};
    if (const auto bytes = take(sizeof number); !bytes.empty())
      std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_;
  bool is_short_ = false;
};

Lz4FrameParser::Event Lz4FrameParser::next(std::span<const std::byte> body) {
  Input input(body, position_);
  if (in_frame_) {
    const Event event = read_in_frame(input);
    if (event != Event::NeedsMore) position_ = input.position();
    return event;
  }
  while (!input.at_end()) {
    const bool begins = read_frame_start(input);
    if (input.is_short()) break;
    position_ = input.position();
    if (begins) return Event::FrameBegins;
  }
  awaited_ = "frame header";
  return Event::NeedsMore;
}

/// True for a frame, false for a skippable one or when bytes are missing.
bool Lz4FrameParser::read_frame_start(Input& input) {
  const auto magic = input.take_number<std::uint32_t>();
  if (input.is_short()) return false;
  if (is_skippable(magic)) {
    input.take(input.take_number<std::uint32_t>());
    return false;
  }
  if (magic != kLz4FrameMagic)
    throw_corrupt_lz4("something that is no LZ4 frame begins", input.position() - sizeof magic);
  in_frame_ = read_header(input);
  return in_frame_;
}

bool Lz4FrameParser::read_header(Input& input) {
  const std::size_t start = input.position();
  const auto flags = unsigned{input.take_number<std::uint8_t>()};
  const auto block = unsigned{input.take_number<std::uint8_t>()};
  if (input.is_short()) return false;
  const unsigned size_code = (block >> 4) & 7;
  if ((flags >> 6) != 1 || (flags & 0x02) != 0 || (block & 0x8F) != 0 || size_code < 4)
    throw_corrupt_lz4("a frame header is invalid", start);
  if ((flags & 0x01) != 0)
    throw_corrupt_lz4("a frame needs a dictionary, which servers never use", start);
  Lz4FrameHeader header{.linked_blocks = (flags & 0x20) == 0,
                        .block_checksums = (flags & 0x10) != 0,
                        .content_checksum = (flags & 0x04) != 0,
                        .content_size = std::nullopt,
                        .max_block_size = std::size_t{1} << (8 + 2 * size_code)};
  if ((flags & 0x08) != 0) header.content_size = input.take_number<std::uint64_t>();
  if (input.is_short()) return false;
  const auto checksum = static_cast<std::uint8_t>(xxh32(input.since(start)) >> 8);
  const auto declared = input.take_number<std::uint8_t>();
  if (input.is_short()) return false;
  if (declared != checksum) throw_corrupt_lz4("the checksum of a frame header is wrong", start);
  header_ = header;
  return true;
}

Lz4FrameParser::Event Lz4FrameParser::read_in_frame(Input& input) {
  awaited_ = "block";
  const std::size_t start = input.position();
  const auto word = input.take_number<std::uint32_t>();
  if (input.is_short()) return Event::NeedsMore;
  if (word == 0) {
    awaited_ = "content checksum";
    content_checksum_.reset();
    if (header_.content_checksum) content_checksum_ = input.take_number<std::uint32_t>();
    if (input.is_short()) return Event::NeedsMore;
    in_frame_ = false;
    return Event::FrameEnds;
  }
  const std::size_t size = word & ~kStoredFlag;
  if (size > header_.max_block_size)
    throw_corrupt_lz4("a block is larger than its frame allows", start);
  block_ = {.data = input.take(size), .is_stored = (word & kStoredFlag) != 0};
  block_.bound = block_.is_stored ? size : std::min(header_.max_block_size, size * kMaxExpansion);
  if (header_.block_checksums) block_.checksum = input.take_number<std::uint32_t>();
  if (input.is_short()) return Event::NeedsMore;
  return Event::Block;
}

void check_lz4_block(const Lz4Block& block, std::size_t position) {
  if (block.checksum && *block.checksum != xxh32(block.data))
    throw_corrupt_lz4("a block checksum is wrong", position);
}

std::optional<std::size_t> decode_lz4_block(const Lz4Block& block, std::size_t history,
                                            std::span<std::byte> room) noexcept {
  if (block.is_stored) {
    if (block.data.size() > room.size()) return std::nullopt;
    if (!block.data.empty()) std::memcpy(room.data(), block.data.data(), block.data.size());
    return block.data.size();
  }
  char* const target = reinterpret_cast<char*>(room.data());
  const std::size_t limit = std::min({room.size(), block.bound, std::size_t{LZ4_MAX_INPUT_SIZE}});
  const int written = LZ4_decompress_safe_usingDict(
      reinterpret_cast<const char*>(block.data.data()), target, static_cast<int>(block.data.size()),
      static_cast<int>(limit), target - history, static_cast<int>(history));
  if (written < 0) return std::nullopt;
  return static_cast<std::size_t>(written);
}

}  // namespace dbsql::arrow
