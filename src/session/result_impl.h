#pragma once

#include <dbsql/result.h>

#include "base/call_context.h"
#include "protocol/backend.h"
#include "result/result_stream.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dbsql {

/// A statement's rows and where the reader stands in them.
class Result::Impl {
 public:
  Impl(std::unique_ptr<result::ResultStream> stream, base::CallContext call,
       std::optional<std::int64_t> affected_rows)
      : stream_(std::move(stream)), call_(std::move(call)), affected_rows_(affected_rows) {}
  ~Impl() { close(); }

  const Schema& schema() const noexcept { return stream_->schema(); }
  const ArrowSchema& arrow_schema() const noexcept { return stream_->arrow_schema(); }
  const std::string& statement_id() const noexcept { return call_.statement_id; }
  std::optional<std::int64_t> affected_rows() const noexcept { return affected_rows_; }

  /// The next batch with rows in it; empty at the end. An error is thrown again by every later
  /// call.
  std::optional<arrow::UniqueArray> next();

  /// Makes the next batch the one that `cursor` reads; false at the end.
  bool load_next_batch(detail::Cursor& cursor);

  void close() noexcept { stream_->close(); }

 private:
  std::unique_ptr<result::ResultStream> stream_;
  base::CallContext call_;
  std::optional<std::int64_t> affected_rows_;
  std::exception_ptr failure_;  // set once, thrown from then on
  arrow::UniqueArray batch_;    // what the rows of the cursor point into
  std::vector<detail::ColumnRef> columns_;
};

}  // namespace dbsql
