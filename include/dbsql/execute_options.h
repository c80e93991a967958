#pragma once

#include <dbsql/staging.h>
#include <dbsql/value.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql {

/// Values for the markers of one statement: either `?` by position, or `:name` by name, never both.
///
/// The SQL type of a value follows from its C++ type: `int` is INT, `std::int64_t` BIGINT,
/// `Decimal` DECIMAL(p,s) with the digits it shows, `ListValue` ARRAY, `MapValue` MAP,
/// `StructValue` STRUCT. `add` takes another type by name.
class Parameters {
 public:
  struct Parameter {
    std::string name;  ///< without the colon; empty = positional
    Value value;
    std::string type;  ///< SQL type text, for instance "DATE"; empty = by the value
  };

  Parameters() = default;
  Parameters(std::initializer_list<std::pair<std::string, Value>> named) {
    for (const auto& [name, value] : named) items_.push_back({name, value, {}});
  }
  /// Values of `?` markers, in their order: `Parameters::positional({15, "JFK"})`.
  static Parameters positional(std::vector<Value> values) {
    Parameters parameters;
    for (Value& value : values) parameters.items_.push_back({{}, std::move(value), {}});
    return parameters;
  }

  /// Adds a value with its SQL type spelled out; the server casts the value's text to it. NULL
  /// keeps the type. \param name  empty = positional
  Parameters& add(std::string name, Value value, std::string type = {}) {
    items_.push_back({std::move(name), std::move(value), std::move(type)});
    return *this;
  }

  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size(); }
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }

 private:
  std::vector<Parameter> items_;
};

/// Where a statement, or the opening of a connection, stands while the caller waits for it.
struct Progress {
  enum class State : std::uint8_t {
    Starting,  ///< the warehouse is not up yet: the server asks to come again
    Pending,
    Running,
    Finished
  };
  State state = State::Pending;
  std::chrono::milliseconds elapsed{0};  ///< since the request was sent first
  int polls = 0;                         ///< requests so far that asked where it stands
  std::string statement_id;
};

/// What holds for one call only.
struct ExecuteOptions {
  /// Bounds submitting the statement and waiting for its result; none by default. When it passes,
  /// the statement is cancelled on the server and `TimeoutError` is thrown. Once `query()` has
  /// returned, it has no effect: reading may take as long as it takes (reference/results.md 6.5).
  std::optional<std::chrono::milliseconds> timeout;
  /// Bounds everything, the reading of the result included; none by default.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  /// Time after which the server itself stops the statement, in place of the connection's
  /// `query.timeout`; 0 = none. Should the server forget, this side gives up ten seconds later.
  std::optional<std::chrono::seconds> server_timeout;
  /// Ends the call with `CancelledError` as soon as a stop is requested, also in the middle of a
  /// transfer, and also later, while the result is being read.
  std::stop_token stop;
  /// At most this many rows; 0 = all. The server is told, and surplus rows it sends are cut.
  std::int64_t row_limit = 0;
  /// Labels of the statement in the warehouse's query history; an empty value is sent as such,
  /// `std::nullopt` as a key without one. Keys must not contain `:` or `,`.
  std::vector<std::pair<std::string, std::optional<std::string>>> query_tags;
  /// The caller's own id for this call; it appears in errors and log lines.
  std::string correlation_id;
  /// The caller's place in a trace: a W3C `traceparent`, and a `tracestate` to go with it. Requests
  /// of the statement to the warehouse carry them, or the driver's own place below it when spans
  /// are exported (docs/tracing.md). A malformed one is `InvalidArgument`.
  std::string trace_parent;
  std::string trace_state;
  /// Called from the waiting thread after each status reply while the statement runs, and after
  /// each reply that says that the warehouse is still starting. It must not throw.
  std::function<void(const Progress&)> on_progress;
  /// False: nothing is told of this statement, whatever is told of its connection
  /// (docs/telemetry.md).
  bool telemetry = true;
  /// Called from the calling thread with the server's id of the statement, as soon as it is known
  /// and before its end is waited for; not when the server gives none. Where a call runs its
  /// statement once more, each has its id. It must not throw.
  std::function<void(std::string_view statement_id)> on_statement_id;
  /// For PUT, GET and REMOVE of a volume's file. What it points to must stay until the file was
  /// moved: by `query()` and `execute()`, or by `StatementHandle::result()`.
  StagingOptions staging;
};

}  // namespace dbsql
