#pragma once

#include "arrow/type.h"
#include "warehouse/engine.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace dbsql::warehouse {

/// Rows of one engine batch, shared with the spool.
struct SpooledRows {
  std::shared_ptr<const arrow::UniqueArray> batch;
  std::int64_t offset = 0;  ///< of the first row, inside the batch
  std::int64_t length = 0;
  std::size_t bytes = 0;  ///< about, of these rows in memory
};

/// A result that is pulled from the engine as it is read, with what was read lately still at hand
/// so that a page can be asked for again (FETCH_FIRST, FETCH_PRIOR, a retry by row offset).
///
/// Threads: one at a time. Memory: about `retain_bytes` beside the batches that a page is being
/// made of.
class ResultSpool {
 public:
  ResultSpool(std::unique_ptr<EngineResult> source, std::size_t retain_bytes);

  const EngineResult& source() const noexcept { return *source_; }
  const arrow::TypeNode& type() const noexcept { return type_; }

  /// The rows from `row` on, as far as one batch holds them; empty behind the last row.
  /// \throws EngineError when the engine fails, or when these rows have been let go
  std::optional<SpooledRows> rows_at(std::int64_t row);

  /// Lets go of the oldest batches that end before `row`, as long as too much is held.
  void release_before(std::int64_t row);

 private:
  struct Held {
    std::shared_ptr<const arrow::UniqueArray> batch;
    std::int64_t first_row = 0;
    std::int64_t length = 0;
    std::size_t bytes = 0;
  };

  bool pull();

  std::unique_ptr<EngineResult> source_;
  const arrow::TypeNode type_;
  const std::size_t retain_bytes_;
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
  std::int64_t pulled_rows_ = 0;
  bool exhausted_ = false;
};

/// Bytes of data in rows [offset, offset + length) of an array, about as many as an IPC body would
/// have.
std::size_t data_bytes(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t offset,
                       std::int64_t length);

/// Rows [offset, offset + length) of one column of a batch, sharing the memory.
arrow::UniqueArray share_column(const std::shared_ptr<const arrow::UniqueArray>& batch,
                                std::size_t column, std::int64_t offset, std::int64_t length);

}  // namespace dbsql::warehouse
