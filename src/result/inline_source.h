#pragma once

#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "protocol/backend.h"

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
  InlineSource(std::vector<protocol::ArrowBatch> batches, const arrow::RecordBatchDecoder& decoder,
               std::size_t& last_size)
      : batches_(std::move(batches)), decoder_(&decoder), last_size_(&last_size) {}

  /// The next batch, cut to the rows that belong to the result; empty after the last.
  std::optional<arrow::UniqueArray> next();

 private:
  std::vector<protocol::ArrowBatch> batches_;
  const arrow::RecordBatchDecoder* decoder_;
  std::size_t position_ = 0;
  std::size_t* last_size_;
};

}  // namespace dbsql::result
