#include "arrow/lz4_frame.h"

#include <dbsql/error.h>

#include "arrow/lz4_frame_parser.h"
#include "arrow/xxh32.h"
#include "base/text.h"

#include <lz4frame.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace dbsql::arrow {
namespace {

constexpr std::size_t kSmallSlab = std::size_t{64} << 10;

// How much the whole body can yield at most, from the sizes of its blocks. It checks the structure
// on the way, so that nothing is allocated for a body that cannot be read to its end.
std::size_t output_bound(std::span<const std::byte> body) {
  Lz4FrameParser parser;
  std::size_t bound = 0;
  for (;;) {
    switch (parser.next(body)) {
      case Lz4FrameParser::Event::Block:
        bound += parser.block().bound;
        break;
      case Lz4FrameParser::Event::NeedsMore:
        if (parser.may_end_at(body.size())) return bound;
        throw_corrupt_lz4(base::concat("it ends in the middle of a ", parser.awaited()),
                          body.size());
      default:
        break;
    }
  }
}

class Decoder {
 public:
  Decoder(std::span<const std::byte> body, std::size_t capacity, std::size_t max_output)
      : body_(body),
        output_(base::BufferArena::process().allocate(capacity)),
        max_output_(max_output) {}

  base::MutableBuffer run() && {
    for (;;) {
      switch (parser_.next(body_)) {
        case Lz4FrameParser::Event::FrameBegins:
          frame_start_ = output_.size();
          break;
        case Lz4FrameParser::Event::Block:
          decode(parser_.block());
          break;
        case Lz4FrameParser::Event::FrameEnds:
          check_content();
          break;
        case Lz4FrameParser::Event::NeedsMore:  // `output_bound` has seen that the body is whole
          return std::move(output_);
      }
    }
  }

 private:
  void check_content() {
    const std::span<const std::byte> content(output_.data() + frame_start_,
                                             output_.size() - frame_start_);
    if (parser_.content_checksum() && *parser_.content_checksum() != xxh32(content))
      throw_corrupt_lz4("a content checksum is wrong", parser_.position());
    if (parser_.header().content_size && *parser_.header().content_size != content.size())
      throw_corrupt_lz4("a frame does not have the size it declares", parser_.position());
  }

  void decode(const Lz4Block& block) {
    check_lz4_block(block, parser_.position());
    const std::size_t history =
        parser_.header().linked_blocks ? std::min(kLz4History, output_.size() - frame_start_) : 0;
    auto written = decode_lz4_block(block, history, output_.free_space());
    if (!written && output_.free_space().size() < block.bound) {
      // Either the block is damaged or a hint was too small: with all the room it can need, only
      // damage is left.
      output_.reserve(output_.size() + std::min(block.bound, max_output_ - output_.size()));
      written = decode_lz4_block(block, history, output_.free_space());
    }
    if (!written && block.bound <= max_output_ - output_.size())
      throw_corrupt_lz4("a block cannot be decompressed", parser_.position());
    if (!written || *written > max_output_ - output_.size())
      throw_corrupt_lz4(base::concat("it decompresses to more than ", max_output_, " bytes"),
                        parser_.position());
    output_.set_size(output_.size() + *written);
  }

  std::span<const std::byte> body_;
  Lz4FrameParser parser_;
  base::MutableBuffer output_;
  std::size_t frame_start_ = 0;
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
  return magic == kLz4FrameMagic;
}

base::Buffer decompress_lz4_frames(std::span<const std::byte> body, std::size_t size_hint,
                                   std::size_t max_output) {
  if (body.empty()) throw_corrupt_lz4("it is empty", 0);
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
