#pragma once

#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "base/clock.h"
#include "protocol/backend.h"
#include "result/decode_work.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace dbsql::result {

/// The Arrow batches that came inside one page: decompressed and decoded one at a time, as they are
/// asked for.
///
/// Ownership: batches alias their own decompressed memory, or the page's body where that was not
/// compressed. Errors: `CorruptResult` when a batch cannot be read or holds fewer rows than it
/// declares.
class InlineSource {
 public:
  /// \param decoder  outlives this object
  /// \param last_size  decompressed size of the batch before: outlives this object, so that the
  ///   first batch of a page is as well guessed as the others
  /// \param clock  of the work's time
  InlineSource(std::vector<protocol::ArrowBatch> batches, const arrow::RecordBatchDecoder& decoder,
               std::size_t& last_size, base::Clock& clock)
      : batches_(std::move(batches)), decoder_(&decoder), last_size_(&last_size), clock_(&clock) {}

  /// The next batch, cut to the rows that belong to the result; empty after the last.
  std::optional<arrow::UniqueArray> next();

  /// What the last call of `next` has cost.
  const DecodeWork& work() const noexcept { return work_; }

 private:
  std::vector<protocol::ArrowBatch> batches_;
  const arrow::RecordBatchDecoder* decoder_;
  std::size_t position_ = 0;
  std::size_t* last_size_;
  base::Clock* clock_;
  DecodeWork work_;
};

}  // namespace dbsql::result
