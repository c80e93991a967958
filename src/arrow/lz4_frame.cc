#include "arrow/lz4_frame.h"

#include <dbsql/error.h>

#include "arrow/xxh32.h"
#include "base/text.h"

#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace dbsql::arrow {
namespace {

constexpr std::uint32_t kFrameMagic = 0x184D2204U;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50U;  // the lowest four bits are free
constexpr std::uint32_t kStoredFlag = 0x80000000U;
constexpr std::size_t kMaxExpansion =
    255;  // no LZ4 block yields more than this many bytes per byte
constexpr std::size_t kHistory = std::size_t{64} << 10;
constexpr std::size_t kSmallSlab = std::size_t{64} << 10;

[[noreturn]] void corrupt(std::string_view problem, std::size_t position) {
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = base::concat("the LZ4-compressed result is damaged: ", problem,
                                       " at byte ", position, "; run the statement again")});
}

// Reads the input in order; every read is checked against its end.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::span<const std::byte> since(std::size_t start) const {
    return bytes_.subspan(start, position_ - start);
  }

  std::span<const std::byte> take(std::size_t size, std::string_view what) {
    if (size > bytes_.size() - position_) {
      corrupt(base::concat("it ends in the middle of a ", what), position_);
    }
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }

  template <class Number>
  Number take_number(std::string_view what) {
    Number number;
    std::memcpy(&number, take(sizeof number, what).data(), sizeof number);
    return number;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

struct FrameHeader {
  bool linked_blocks = false;
  bool block_checksums = false;
  bool content_checksum = false;
  std::optional<std::uint64_t> content_size;
  std::size_t max_block_size = 0;
};

FrameHeader read_header(Input& input) {
  const std::size_t start = input.position();
  const auto flags = std::to_integer<unsigned>(input.take(1, "frame header")[0]);
  const auto block = std::to_integer<unsigned>(input.take(1, "frame header")[0]);
  const unsigned size_code = (block >> 4) & 7;
  if ((flags >> 6) != 1 || (flags & 0x02) != 0 || (block & 0x8F) != 0 || size_code < 4) {
    corrupt("a frame header is invalid", start);
  }
  FrameHeader header{.linked_blocks = (flags & 0x20) == 0,
                     .block_checksums = (flags & 0x10) != 0,
                     .content_checksum = (flags & 0x04) != 0,
                     .content_size = std::nullopt,
                     .max_block_size = std::size_t{1} << (8 + 2 * size_code)};
  if ((flags & 0x08) != 0) header.content_size = input.take_number<std::uint64_t>("frame header");
  if ((flags & 0x01) != 0) corrupt("a frame needs a dictionary, which servers never use", start);
  const auto checksum = static_cast<std::uint8_t>(xxh32(input.since(start)) >> 8);
  if (input.take_number<std::uint8_t>("frame header") != checksum) {
    corrupt("the checksum of a frame header is wrong", start);
  }
  return header;
}

bool is_skippable(std::uint32_t magic) { return (magic & ~0xFU) == kSkippableMagic; }

void skip_frame(Input& input) {
  input.take(input.take_number<std::uint32_t>("skippable frame"), "skippable frame");
}

struct Block {
  std::span<const std::byte> data;
  bool stored = false;
  std::size_t bound = 0;  // of its decompressed size
};

// The next block of a frame; empty at its end mark.
std::optional<Block> read_block(Input& input, const FrameHeader& header) {
  const std::size_t start = input.position();
  const auto word = input.take_number<std::uint32_t>("block");
  if (word == 0) return std::nullopt;
  const std::size_t size = word & ~kStoredFlag;
  if (size > header.max_block_size) corrupt("a block is larger than its frame allows", start);
  Block block{.data = input.take(size, "block"), .stored = (word & kStoredFlag) != 0};
  block.bound = block.stored ? size : std::min(header.max_block_size, size * kMaxExpansion);
  return block;
}

// How much the whole body can yield at most, from the sizes of its blocks. It checks the structure
// on the way, so that nothing is allocated for a body that cannot be read to its end.
std::size_t output_bound(std::span<const std::byte> body) {
  Input input(body);
  std::size_t bound = 0;
  while (!input.at_end()) {
    const auto magic = input.take_number<std::uint32_t>("frame header");
    if (is_skippable(magic)) {
      skip_frame(input);
      continue;
    }
    if (magic != kFrameMagic)
      corrupt("something that is no LZ4 frame begins", input.position() - 4);
    const FrameHeader header = read_header(input);
    while (const auto block = read_block(input, header)) {
      bound += block->bound;
      if (header.block_checksums) input.take(4, "block checksum");
    }
    if (header.content_checksum) input.take(4, "content checksum");
  }
  return bound;
}

class Decoder {
 public:
  Decoder(std::span<const std::byte> body, std::size_t capacity, std::size_t max_output)
      : input_(body),
        output_(base::BufferArena::process().allocate(capacity)),
        max_output_(max_output) {}

  base::MutableBuffer run() && {
    while (!input_.at_end()) {
      if (is_skippable(input_.take_number<std::uint32_t>("frame header"))) {
        skip_frame(input_);
      } else {
        decode_frame();
      }
    }
    return std::move(output_);
  }

 private:
  void decode_frame() {
    const FrameHeader header = read_header(input_);
    const std::size_t frame_start = output_.size();
    while (const auto block = read_block(input_, header)) {
      if (header.block_checksums) check("block checksum", block->data);
      const std::size_t history =
          header.linked_blocks ? std::min(kHistory, output_.size() - frame_start) : 0;
      block->stored ? store(*block) : decode(*block, history);
    }
    const std::span<const std::byte> content(output_.data() + frame_start,
                                             output_.size() - frame_start);
    if (header.content_checksum) check("content checksum", content);
    if (header.content_size && *header.content_size != content.size()) {
      corrupt("a frame does not have the size it declares", input_.position());
    }
  }

  void check(std::string_view what, std::span<const std::byte> bytes) {
    if (input_.take_number<std::uint32_t>(what) != xxh32(bytes)) {
      corrupt(base::concat("a ", what, " is wrong"), input_.position() - 4);
    }
  }

  void store(const Block& block) {
    if (block.data.size() > max_output_ - output_.size()) too_large();
    make_room(block.data.size());
    output_.append(block.data);
  }

  void decode(const Block& block, std::size_t history) {
    if (try_decode(block, history)) return;
    // Either the block is damaged or a hint was too small: with all the room it can need, only
    // damage is left.
    const std::size_t free = output_.capacity() - output_.size();
    if (free < block.bound) {
      make_room(block.bound);
      if (output_.capacity() - output_.size() > free && try_decode(block, history)) return;
    }
    corrupt("a block cannot be decompressed", input_.position());
  }

  bool try_decode(const Block& block, std::size_t history) {
    char* target = reinterpret_cast<char*>(output_.data() + output_.size());
    const std::size_t room =
        std::min(output_.capacity() - output_.size(), std::size_t{LZ4_MAX_INPUT_SIZE});
    const int written = LZ4_decompress_safe_usingDict(
        reinterpret_cast<const char*>(block.data.data()), target,
        static_cast<int>(block.data.size()), static_cast<int>(std::min(room, block.bound)),
        target - history, static_cast<int>(history));
    if (written < 0) return false;
    output_.set_size(output_.size() + static_cast<std::size_t>(written));
    if (output_.size() > max_output_) too_large();
    return true;
  }

  void make_room(std::size_t size) {
    output_.reserve(output_.size() + std::min(size, max_output_ - output_.size()));
  }

  [[noreturn]] void too_large() {
    corrupt(base::concat("it decompresses to more than ", max_output_, " bytes"),
            input_.position());
  }

  Input input_;
  base::MutableBuffer output_;
  std::size_t max_output_;
};

// A bound without a hint can be far above the truth, and the memory lives as long as the rows.
base::MutableBuffer tightened(base::MutableBuffer buffer) {
  if (buffer.capacity() <= kSmallSlab || buffer.size() > buffer.capacity() / 4) return buffer;
  auto tight = base::BufferArena::process().allocate(buffer.size());
  tight.append({buffer.data(), buffer.size()});
  return tight;
}

void check_compression(std::size_t result) {
  if (LZ4F_isError(result) == 0) return;
  throw_error({.kind = ErrorKind::Internal,
               .message = base::concat("LZ4 compression failed: ", LZ4F_getErrorName(result))});
}

}  // namespace

bool is_lz4_frame(std::span<const std::byte> body) noexcept {
  std::uint32_t magic = 0;
  if (body.size() < sizeof magic) return false;
  std::memcpy(&magic, body.data(), sizeof magic);
  return magic == kFrameMagic;
}

base::Buffer decompress_lz4_frames(std::span<const std::byte> body, std::size_t size_hint,
                                   std::size_t max_output) {
  if (body.empty()) corrupt("it is empty", 0);
  const std::size_t bound = std::min(output_bound(body), max_output);
  const std::size_t capacity = size_hint == 0 ? bound : std::min(size_hint, bound);
  return tightened(Decoder(body, capacity, max_output).run()).freeze();
}

std::string compress_lz4_frame(std::span<const std::byte> content, Lz4FrameOptions options) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  if (options.checksums) {
    preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  }
  preferences.autoFlush = 1;
  // The one-call function would choose a smaller block size for small contents; servers never do.
  LZ4F_cctx* context = nullptr;
  check_compression(LZ4F_createCompressionContext(&context, LZ4F_VERSION));
  const std::unique_ptr<LZ4F_cctx, decltype(&LZ4F_freeCompressionContext)> owner(
      context, LZ4F_freeCompressionContext);
  std::string frame(LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(content.size(), &preferences), '\0');
  std::size_t size = 0;
  const auto add = [&](std::size_t written) {
    check_compression(written);
    size += written;
  };
  add(LZ4F_compressBegin(context, frame.data(), frame.size(), &preferences));
  add(LZ4F_compressUpdate(context, frame.data() + size, frame.size() - size, content.data(),
                          content.size(), nullptr));
  add(LZ4F_compressEnd(context, frame.data() + size, frame.size() - size, nullptr));
  frame.resize(size);
  return frame;
}

}  // namespace dbsql::arrow
