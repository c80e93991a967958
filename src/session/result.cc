#include <dbsql/error.h>
#include <dbsql/result.h>

#include "base/error_ids.h"
#include "result/row_cursor.h"
#include "session/result_impl.h"
#include "session/result_stream_export.h"

#include <utility>

namespace dbsql {

std::optional<arrow::UniqueArray> Result::Impl::read_locked() {
  try {
    statement_->require_open();
    if (!has_rows_) statement_->require_session();
    statement_->tell(observe::ReadBegan{});
    for (;;) {
      auto batch = stream_->next(statement_->reading_call());
      if (batch && (*batch)->length == 0) continue;
      if (batch) {
        statement_->note_rows();
        statement_->tell(observe::RowsDelivered{(*batch)->length});
      } else {
        statement_->tell(observe::RowsExhausted{});
      }
      return batch;
    }
  } catch (const Error& error) {
    if (!go_on_elsewhere_locked(error)) throw;
  }
  stream_->close();
  return successor_->next();
}

std::optional<arrow::UniqueArray> Result::Impl::read_and_tell_locked() {
  try {
    return read_locked();
  } catch (const Error& error) {
    statement_->tell(observe::Failed{&error});
    statement_->rethrow(error);
  }
}

std::optional<arrow::UniqueArray> Result::Impl::next() {
  std::lock_guard lock(mutex_);
  if (at_end_) return std::nullopt;
  if (failure_) std::rethrow_exception(failure_);
  try {
    auto batch = successor_ ? successor_->next()
                            : base::with_ids(statement_->reading_call(),
                                             [this] { return read_and_tell_locked(); });
    at_end_ = !batch;
    has_rows_ = true;
    return batch;
  } catch (...) {
    failure_ = std::current_exception();
    // Nothing more can be read: neither this side nor the server need hold anything for it.
    statement_->end_reading();
    stream_->close();
    statement_->tell(observe::StatementEnded{});
    throw;
  }
}

StatementProfile Result::Impl::profile() const {
  const std::lock_guard lock(successor_mutex_);
  return successor_ ? successor_->profile() : statement_->profile();
}

/// True when the statement was run again: with rows that come inline, or on another session. The
/// schema stays the one that was shown already.
bool Result::Impl::go_on_elsewhere_locked(const Error& failure) {
  if (has_rows_) return false;
  auto result = statement_->run_again(failure, stream_->storage_is_unreachable());
  if (!result) return false;
  if (!arrow::same_types(result->impl_->arrow_schema(), arrow_schema()))
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = "the result has other columns now than when it was first asked for; "
                            "run the statement again"});
  const std::lock_guard lock(successor_mutex_);
  statement_->require_open();  // it may have been closed meanwhile
  successor_ = std::move(result->impl_);
  return true;
}

void Result::Impl::close() noexcept {
  statement_->end_reading();  // a reader on another thread leaves now
  {
    const std::lock_guard lock(successor_mutex_);
    if (successor_) successor_->close();
  }
  const std::lock_guard lock(mutex_);
  stream_->close();
  statement_->tell(observe::StatementEnded{});
}

void Result::Impl::require_untouched() const {
  if (!rows_begun_) return;
  throw_error({.kind = ErrorKind::InvalidState,
               .message = "rows() was called on this result before and not read to its end; go on "
                          "with the rows it returned",
               .statement_id = statement_id()});
}

bool Result::Impl::load_next_batch(detail::Cursor& cursor) {
  rows_begun_ = false;  // all of the last batch has been read
  auto batch = next();
  cursor.row = 0;
  cursor.row_count = 0;
  cursor.columns = {};
  rows_begun_ = batch.has_value();
  if (!batch) return false;
  batch_ = *std::move(batch);
  result::bind_columns(stream_->arrow_schema(), *batch_, stream_->schema(), columns_);
  cursor.columns = columns_;
  cursor.row_count = batch_->length;
  return true;
}

Result::Result(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;

const Schema& Result::schema() const noexcept { return impl_->schema(); }
const std::string& Result::statement_id() const noexcept { return impl_->statement_id(); }
std::optional<std::int64_t> Result::affected_rows() const noexcept {
  return impl_->affected_rows();
}

const std::optional<StagingResult>& Result::staging() const noexcept { return impl_->staging(); }

StatementProfile Result::profile() const { return impl_->profile(); }

std::optional<ArrowArray> Result::next_batch() {
  impl_->require_untouched();
  auto batch = impl_->next();
  if (!batch) return std::nullopt;
  return batch->move_out();
}

ArrowSchema Result::arrow_schema() const {
  return arrow::copy_schema(impl_->arrow_schema()).move_out();
}

ArrowArrayStream Result::arrow_stream() && {
  impl_->require_untouched();
  return session::export_stream(std::move(impl_));
}

void Result::close() noexcept {
  if (impl_) impl_->close();
}

detail::Cursor Result::cursor() {
  impl_->require_untouched();
  // The cursor stands before the first row: the first advance loads a batch.
  return {
      .columns = {}, .schema = &impl_->schema(), .row = 0, .row_count = 0, .source = impl_.get()};
}

std::shared_ptr<void> Result::hand_over() { return std::shared_ptr<Impl>(std::move(impl_)); }

namespace detail {

bool load_next_batch(Cursor& cursor) {
  return static_cast<Result::Impl*>(cursor.source)->load_next_batch(cursor);
}

}  // namespace detail
}  // namespace dbsql
