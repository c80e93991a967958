#pragma once

#include <dbsql/error.h>
#include <dbsql/result.h>

#include "result/result_stream.h"
#include "session/statement.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsql {

/// A statement's rows and where the reader stands in them.
///
/// Threads: one reader at a time; `close()` from any thread.
class Result::Impl {
 public:
  /// \param staging  what was moved before there was a result
  Impl(std::shared_ptr<session::Statement> statement, std::unique_ptr<result::ResultStream> stream,
       std::optional<StagingResult> staging = std::nullopt)
      : statement_(std::move(statement)),
        stream_(std::move(stream)),
        affected_rows_(staging ? std::nullopt : stream_->affected_rows()),
        staging_(staging) {}
  ~Impl() { close(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const Schema& schema() const noexcept { return stream_->schema(); }
  const ArrowSchema& arrow_schema() const noexcept { return stream_->arrow_schema(); }
  /// Of the first statement, also when another one had to deliver the rows.
  const std::string& statement_id() const noexcept { return statement_->id(); }
  std::optional<std::int64_t> affected_rows() const noexcept { return affected_rows_; }
  const std::optional<StagingResult>& staging() const noexcept { return staging_; }
  /// Of the statement that delivers the rows.
  StatementProfile profile() const;

  /// The next batch with rows in it; empty at the end. An error is thrown again by every later
  /// call.
  std::optional<arrow::UniqueArray> next();

  /// A second reader would start behind the batch of the first one and lose what is left of it.
  /// \throws Error (InvalidState) when rows have been taken and not all of them read
  void require_untouched() const;

  /// Makes the next batch the one that `cursor` reads; false at the end.
  bool load_next_batch(detail::Cursor& cursor);

  /// Ends a read that is under way on another thread, then frees what the statement holds here and
  /// on the server.
  void close() noexcept;

 private:
  std::optional<arrow::UniqueArray> read_locked();
  bool go_on_elsewhere_locked(const Error& failure);
  std::optional<arrow::UniqueArray> read_and_tell_locked();

  const std::shared_ptr<session::Statement> statement_;
  const std::unique_ptr<result::ResultStream> stream_;
  const std::optional<std::int64_t> affected_rows_;
  const std::optional<StagingResult> staging_;

  std::mutex mutex_;            // held while a batch is being read
  bool at_end_ = false;         // guarded by mutex_
  bool has_rows_ = false;       // guarded by mutex_; a batch was delivered
  std::exception_ptr failure_;  // guarded by mutex_; set once, thrown from then on

  mutable std::mutex successor_mutex_;
  std::shared_ptr<Impl> successor_;  // guarded by successor_mutex_; set once, delivers all rows

  // For the reader.
  bool rows_begun_ = false;  // and not yet ended
  // They stay when the result is closed: the reader may still look at its row.
  arrow::UniqueArray batch_;  // what the rows of the cursor point into
  std::vector<detail::ColumnRef> columns_;
};

}  // namespace dbsql
