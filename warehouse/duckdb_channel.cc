#include "warehouse/duckdb_channel.h"

#include "warehouse/duckdb_error.h"
#include "warehouse/sql_error.h"

#include <utility>

namespace dbsql::warehouse {
namespace {

[[noreturn]] void throw_stream_error(arrow::UniqueStream& stream) {
  const char* message = stream->get_last_error(stream.get());
  throw AdbcFailure{.message = message != nullptr ? message : "unknown error"};
}

}  // namespace

EngineChannel::EngineChannel(std::shared_ptr<AdbcDatabaseHandle> database,
                             std::shared_ptr<InterruptWatch> watch)
    : connection_(std::move(database)), watch_(std::move(watch)) {}

void EngineChannel::take_turn(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool free = free_.wait(lock, stop, [&] { return !busy_; });
  if (!free || stop.stop_requested()) throw make_cancelled_error();
  busy_ = true;
}

void EngineChannel::end_turn() noexcept {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  free_.notify_one();
}

void EngineChannel::exclusively(const std::stop_token& stop, const std::function<void()>& call,
                                const EngineStatement& statement) {
  take_turn(stop);
  std::optional<EngineError> error;
  {
    bool interrupted = false;
    // Runs in the thread that requests the stop; the watch does the rest.
    auto interrupt = [&] {
      interrupted = true;
      watch_->add(connection_);
    };
    std::optional<std::stop_callback<decltype(interrupt)>> on_stop(std::in_place, stop, interrupt);
    try {
      call();
    } catch (const AdbcFailure& failure) {
      error = translate_engine_error(failure.message, statement.sql, statement.text);
    } catch (const EngineError& thrown) {
      error = thrown;
    }
    on_stop.reset();  // waits for the callback if it is running
    if (interrupted) watch_->remove(connection_);
  }
  end_turn();
  if (error && stop.stop_requested()) throw make_cancelled_error();
  if (error) throw std::move(*error);
}

arrow::UniqueStream EngineChannel::query(const EngineStatement& statement,
                                         const std::stop_token& stop) {
  arrow::UniqueStream stream;
  exclusively(
      stop, [&] { stream = connection_.query(statement.text.text(), statement.values); },
      statement);
  return stream;
}

arrow::UniqueSchema EngineChannel::schema(arrow::UniqueStream& stream,
                                          const EngineStatement& statement) {
  arrow::UniqueSchema schema;
  exclusively(
      {},
      [&] {
        if (stream->get_schema(stream.get(), schema.out()) == 0) return;
        throw_sql_error("UNSUPPORTED_DATATYPE",
                        "The result has a column of a type that Databricks SQL does not have; cast "
                        "it to STRING.");
      },
      statement);
  return schema;
}

arrow::UniqueArray EngineChannel::next(arrow::UniqueStream& stream,
                                       const EngineStatement& statement,
                                       const std::stop_token& stop) {
  arrow::UniqueArray rows;
  exclusively(
      stop,
      [&] {
        if (stream->get_next(stream.get(), rows.out()) != 0) throw_stream_error(stream);
      },
      statement);
  return rows;
}

void EngineChannel::release(arrow::UniqueStream& stream) noexcept {
  take_turn({});
  stream.release();
  end_turn();
}

void EngineChannel::run(const std::string& engine_sql, const std::stop_token& stop) {
  EngineStatement statement{.text = SqlText(engine_sql, 0)};
  exclusively(
      stop, [&] { connection_.run(engine_sql); }, statement);
}

}  // namespace dbsql::warehouse
