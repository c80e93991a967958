#include "result/cloudfetch/file_decoder.h"

#include <dbsql/error.h>

#include "arrow/lz4_frame.h"
#include "base/text.h"

#include <algorithm>
#include <utility>

namespace dbsql::result {

namespace {

constexpr std::size_t kMagicSize = 4;

}  // namespace

/// Decompressed memory that is counted for as long as anybody holds it.
struct FileDecoder::Segment {
  base::MutableBuffer memory;
  MemoryBudget::Reservation reservation;
};

/// The same of a file that came uncompressed.
struct FileDecoder::Body {
  base::Buffer memory;
  MemoryBudget::Reservation reservation;
};

FileDecoder::FileDecoder(const ArrowSchema& schema, File file, std::shared_ptr<MemoryBudget> budget,
                         MemoryBudget::Reservation reservation)
    : file_(std::move(file)),
      budget_(std::move(budget)),
      reservation_(std::move(reservation)),
      decoder_(schema) {}

std::vector<arrow::UniqueArray> FileDecoder::advance(const base::Buffer& so_far, bool is_complete) {
  so_far_ = so_far;
  if (!begins_as_before(is_complete)) return {};
  if (so_far.size() < kMagicSize && !is_complete) return {};
  if (!lz4_ && arrow::is_lz4_frame(so_far.bytes()))
    lz4_.emplace([this](std::size_t capacity) { return new_segment(capacity); }, file_.size_hint);
  lz4_ ? advance_lz4(is_complete) : advance_plain(is_complete);
  if (is_complete) {
    settle_memory();
    if (!is_done() && file_.row_count != kAllRows)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("a result file declares ", file_.row_count,
                                           " rows but holds ", rows_)});
  }
  return std::exchange(batches_, {});
}

/// Rows that are out cannot be taken back: what follows them must come from the very same file.
bool FileDecoder::begins_as_before(bool is_complete) const {
  const base::Buffer& before = file_.before.beginning;
  if (so_far_.size() < before.size() && !is_complete) return false;
  if (so_far_.size() >= before.size() && so_far_.text().starts_with(before.text())) return true;
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = "a result file was another one when its download was repeated, after "
                          "some of its rows had been read; run the statement again"});
}

void FileDecoder::advance_plain(bool is_complete) {
  if (!body_ || body_->memory.data() != so_far_.data())
    body_ = std::make_shared<Body>(
        Body{so_far_, body_ ? budget_->force_reserve(so_far_.size()) : std::move(reservation_)});
  take_batches({body_, so_far_.bytes()}, position_, is_complete);
}

void FileDecoder::advance_lz4(bool is_complete) {
  const auto take_shown = [this](bool is_last) {
    std::size_t position = 0;
    take_batches(lz4_->unread(), position, is_last);
    lz4_->skip(position);
  };
  // Block by block: each is read while it is still in the processor's cache.
  while (!is_done() && decompress_block()) take_shown(false);
  if (is_done()) return;
  if (is_complete) lz4_->require_end(so_far_.bytes());
  take_shown(is_complete);
}

bool FileDecoder::decompress_block() {
  const auto began = file_.clock->now();
  const bool has_more = lz4_->advance(so_far_.bytes());
  work_.decompress += file_.clock->now() - began;
  return has_more;
}

void FileDecoder::take_batches(const base::Buffer& content, std::size_t& position,
                               bool is_complete) {
  const auto began = file_.clock->now();
  const std::size_t from = position;
  while (!is_done()) {
    auto batch = decoder_.next(content, position, is_complete);
    if (!batch) break;
    take(*std::move(batch));
  }
  work_.decode += file_.clock->now() - began;
  work_.bytes += static_cast<std::int64_t>(position - from);
}

void FileDecoder::take(arrow::UniqueArray batch) {
  const std::int64_t first = rows_;
  const std::int64_t last = std::min(first + batch->length, file_.row_count);
  const std::int64_t begin = std::clamp(file_.before.rows, first, last);
  rows_ = last;
  if (begin == last) return;
  batches_.push_back(begin - first == 0 && last - first == batch->length
                         ? std::move(batch)
                         : arrow::slice(std::move(batch), begin - first, last - begin));
}

void FileDecoder::settle_memory() {
  if (segment_) segment_->reservation.resize(segment_->memory.size());
  if (body_) body_->reservation.resize(so_far_.size());
  reservation_.release();
}

std::shared_ptr<base::MutableBuffer> FileDecoder::new_segment(std::size_t capacity) {
  // What was set aside covers the first one; more are needed when the size was not known.
  auto reservation = segment_ ? budget_->force_reserve(capacity) : std::move(reservation_);
  segment_ = std::make_shared<Segment>(
      Segment{base::BufferArena::process().allocate(capacity), std::move(reservation)});
  return {segment_, &segment_->memory};
}

FileDecoder::HandedOut FileDecoder::handed_out() const {
  const std::size_t position = lz4_ ? lz4_->position() : position_;
  if (rows_ <= file_.before.rows) return file_.before;
  return {so_far_.slice(0, std::min(position, so_far_.size())), rows_};
}

}  // namespace dbsql::result
