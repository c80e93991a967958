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

/// While it lives, a requested stop interrupts the connection. The callback runs in the thread that
/// requests the stop and only tells the watch, which does the rest.
class InterruptOnStop {
 public:
  InterruptOnStop(InterruptWatch& watch, AdbcConnectionHandle& connection,
                  const std::stop_token& stop)
      : watch_(watch), connection_(connection), callback_(std::in_place, stop, Callback{this}) {}
  ~InterruptOnStop() {
    callback_.reset();  // waits for the callback if it is running
    if (interrupted_) watch_.remove(connection_);
  }
  InterruptOnStop(const InterruptOnStop&) = delete;
  InterruptOnStop& operator=(const InterruptOnStop&) = delete;

 private:
  struct Callback {
    InterruptOnStop* self;
    void operator()() const {
      self->interrupted_ = true;
      self->watch_.add(self->connection_);
    }
  };

  InterruptWatch& watch_;
  AdbcConnectionHandle& connection_;
  bool interrupted_ = false;  // written by the callback, read when that is over
  std::optional<std::stop_callback<Callback>> callback_;
};

}  // namespace

/// The turn that `take_turn` gave, handed back whatever happens.
class EngineChannel::Turn {
 public:
  explicit Turn(EngineChannel& channel) : channel_(channel) {}
  ~Turn() { channel_.end_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  EngineChannel& channel_;
};

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
  const Turn turn(*this);
  try {
    const InterruptOnStop interruptible(*watch_, connection_, stop);
    call();
  } catch (const AdbcFailure& failure) {
    if (stop.stop_requested()) throw make_cancelled_error();
    throw translate_engine_error(failure.message, statement.sql, statement.text);
  }
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
  const Turn turn(*this);
  stream.release();
}

void EngineChannel::run(const std::string& engine_sql, const std::stop_token& stop) {
  EngineStatement statement{.text = SqlText(engine_sql, 0)};
  exclusively(
      stop, [&] { connection_.run(engine_sql); }, statement);
}

}  // namespace dbsql::warehouse
