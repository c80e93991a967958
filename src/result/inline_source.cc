#include "result/inline_source.h"

#include <dbsql/error.h>

#include "arrow/lz4_frame.h"
#include "base/text.h"

#include <utility>

namespace dbsql::result {

namespace {

constexpr std::size_t kGuessSlack = 1024;

}  // namespace

std::optional<arrow::UniqueArray> InlineSource::next() {
  const auto is_empty = [](const protocol::ArrowBatch& batch) {
    return batch.row_count == 0 && batch.bytes.empty();
  };
  while (position_ < batches_.size() && is_empty(batches_[position_])) ++position_;
  if (position_ == batches_.size()) return std::nullopt;
  // Moved out, so that the page's body can go as soon as its last batch has been read.
  const protocol::ArrowBatch batch = std::exchange(batches_[position_++], {});
  base::Buffer message = batch.bytes;
  const auto began = clock_->now();
  // The bytes decide: metadata has been seen to claim compression that was not applied
  // (reference/results.md 1.6).
  if (arrow::is_lz4_frame(message.bytes())) {
    // A little more than the last batch took: a guess that is one row short costs a second
    // decoding.
    const std::size_t guess = *last_size_ == 0 ? 0 : *last_size_ + *last_size_ / 8 + kGuessSlack;
    message = arrow::decompress_lz4_frames(message.bytes(), guess);
    *last_size_ = message.size();
  }
  const auto decompressed = clock_->now();
  arrow::UniqueArray rows = decoder_->decode(message);
  work_ = {.decompress = decompressed - began,
           .decode = clock_->now() - decompressed,
           .bytes = static_cast<std::int64_t>(message.size())};
  if (rows->length < batch.row_count)
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("a batch of the result declares ", batch.row_count,
                                         " rows but holds ", rows->length)});
  // Servers may pad the last batch beyond the result (reference/results.md 1.5).
  // A number that is missing cuts nothing.
  if (batch.row_count > 0 && rows->length > batch.row_count)
    return arrow::slice(std::move(rows), batch.row_count);
  return rows;
}

}  // namespace dbsql::result
