#include "arrow/lz4_stream.h"

#include "base/text.h"

#include <algorithm>

namespace dbsql::arrow {
namespace {

// A hint is a claim of the server: no more than this is set aside because of it.
constexpr std::size_t kLargestFirstSegment = std::size_t{128} << 20;

}  // namespace

bool Lz4Stream::advance(std::span<const std::byte> so_far) {
  for (;;) {
    switch (parser_.next(so_far)) {
      case Lz4FrameParser::Event::FrameBegins:
        frame_bytes_ = 0;
        frame_hash_ = {};
        break;
      case Lz4FrameParser::Event::Block:
        decode(parser_.block());
        return true;
      case Lz4FrameParser::Event::FrameEnds:
        end_frame();
        break;
      case Lz4FrameParser::Event::NeedsMore:
        return false;
    }
  }
}

void Lz4Stream::require_end(std::span<const std::byte> whole) const {
  if (whole.empty()) throw_corrupt_lz4("it is empty", 0);
  if (!parser_.may_end_at(whole.size()))
    throw_corrupt_lz4(base::concat("it ends in the middle of a ", parser_.awaited()), whole.size());
}

base::Buffer Lz4Stream::unread() const {
  if (!segment_) return {};
  const auto shown = std::span<const std::byte>(segment_->data(), shown_);
  return {segment_, shown.subspan(read_)};
}

void Lz4Stream::decode(const Lz4Block& block) {
  check_lz4_block(block, parser_.position());
  if (!segment_) make_room(size_hint_ > 0 ? size_hint_ : block.bound);
  auto written = decode_lz4_block(block, history(), segment_->free_space());
  if (!written && segment_->free_space().size() < block.bound) {
    // Either the block is damaged or the hint was too small: with all the room it can need, only
    // damage is left.
    make_room(block.bound);
    written = decode_lz4_block(block, history(), segment_->free_space());
  }
  if (!written) throw_corrupt_lz4("a block cannot be decompressed", parser_.position());
  if (*written > max_output_ - total_)
    throw_corrupt_lz4(base::concat("it decompresses to more than ", max_output_, " bytes"),
                      parser_.position());
  const Lz4FrameHeader& header = parser_.header();
  if (header.content_checksum) frame_hash_.update(segment_->free_space().first(*written));
  segment_->set_size(segment_->size() + *written);
  total_ += *written;
  frame_bytes_ += *written;
  if (!header.content_checksum || header.block_checksums) shown_ = segment_->size();
}

void Lz4Stream::end_frame() {
  if (parser_.content_checksum() && *parser_.content_checksum() != frame_hash_.digest())
    throw_corrupt_lz4("a content checksum is wrong", parser_.position());
  if (parser_.header().content_size && *parser_.header().content_size != frame_bytes_)
    throw_corrupt_lz4("a frame does not have the size it declares", parser_.position());
  if (segment_) shown_ = segment_->size();
}

/// Linked blocks refer to what lies before them in their frame.
std::size_t Lz4Stream::history() const noexcept {
  return parser_.header().linked_blocks ? std::min(kLz4History, frame_bytes_) : 0;
}

void Lz4Stream::make_room(std::size_t more) {
  if (!segment_) {
    segment_ = allocate_(std::min(more, std::max(kLargestFirstSegment, parser_.block().bound)));
    return;
  }
  const std::size_t start = std::min(read_, segment_->size() - history());
  const std::size_t kept = segment_->size() - start;
  // Twice what is kept, so that a message of many blocks is not copied for each of them.
  auto next = allocate_(kept + std::max(more, kept));
  next->append({segment_->data() + start, kept});
  segment_ = std::move(next);
  read_ -= start;
  shown_ -= start;
}

}  // namespace dbsql::arrow
