#include <dbsql/connection.h>
#include <dbsql/error.h>

#include "result/result_stream.h"
#include "session/connection_impl.h"
#include "session/progress.h"
#include "session/result_impl.h"
#include "session/session_zone.h"

#include <utility>

namespace dbsql {

namespace {

/// DML answers with one row of counters; older servers only there (reference/thrift.md 3.2).
std::optional<std::int64_t> affected_rows_in(Result& result) {
  const auto column = result.schema().find("num_affected_rows");
  if (!column || result.schema()[*column].type != TypeId::BigInt) return std::nullopt;
  for (const RowRef row : result.rows()) return row.get<std::optional<std::int64_t>>(*column);
  return std::nullopt;
}

}  // namespace

base::CallContext Connection::Impl::context_of(const ExecuteOptions& options) const {
  base::CallContext call;
  if (options.timeout) call.deadline = clock_->now() + *options.timeout;
  call.stop = options.stop;
  call.connection_id = id_;
  call.correlation_id = options.correlation_id;
  return call;
}

protocol::Session& Connection::Impl::session() const {
  if (session_ == nullptr)
    throw_error({.kind = ErrorKind::InvalidState,
                 .message = "the connection is closed; open a new one",
                 .connection_id = id_});
  return *session_;
}

Result Connection::Impl::query(std::string_view sql, const Parameters& parameters,
                               const ExecuteOptions& options) {
  if (options.row_limit < 0)
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = "row_limit must not be negative; 0 means all rows"});
  session::ProgressObserver progress(options.on_progress);
  base::CallContext call = context_of(options);
  call.observer = &progress;
  auto operation = session().execute({.sql = std::string(sql),
                                      .parameters = &parameters,
                                      .row_limit = options.row_limit,
                                      .server_timeout = server_timeout_,
                                      .query_tags = options.query_tags},
                                     call);
  call.statement_id = operation->statement_id();
  std::unique_ptr<result::ResultStream> stream;
  try {
    operation->wait(call);
    stream = std::make_unique<result::ResultStream>(
        std::move(operation), options.row_limit, call, files_,
        [this](const base::CallContext& context) {
          return session::ask_time_zone(session(), files_, context);
        });
  } catch (...) {
    if (operation) operation->close();
    throw;
  }
  call.observer = nullptr;  // it listens to the wait only and dies with this call
  const auto affected_rows = stream->affected_rows();
  return Result(std::make_unique<Result::Impl>(std::move(stream), std::move(call), affected_rows));
}

void Connection::Impl::close() noexcept {
  if (session_) session_->close();
  session_ = nullptr;
}

Connection::Connection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result Connection::query(std::string_view sql, const Parameters& parameters,
                         const ExecuteOptions& options) {
  return impl_->query(sql, parameters, options);
}

std::optional<std::int64_t> Connection::execute(std::string_view sql, const Parameters& parameters,
                                                const ExecuteOptions& options) {
  Result result = impl_->query(sql, parameters, options);
  if (const auto rows = result.affected_rows()) return rows;
  try {
    return affected_rows_in(result);
  } catch (const Error& error) {
    // The statement has run; only its count could not be read.
    ErrorFields fields = error.fields();
    fields.outcome_unknown = true;
    throw_error(std::move(fields));
  }
}

const std::string& Connection::id() const noexcept { return impl_->id(); }
bool Connection::is_open() const noexcept { return impl_->is_open(); }
void Connection::close() noexcept { impl_->close(); }

}  // namespace dbsql
