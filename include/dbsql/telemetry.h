#pragma once

#include <dbsql/export.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the driver tells about its use, to whom, and how to look at it: docs/telemetry.md.
namespace dbsql {

/// Whether anything is told of a connection.
enum class TelemetryState : std::uint8_t {
  Off,
  On,
  Pending,  ///< the server has been asked whether it wants to know; nothing is sent until it says
            ///< so
};

/// Whether a connection tells anything, why, and what became of it:
/// `Connection::telemetry_stats()`.
///
/// The numbers are those of the sender that the connections of one `Connector` share; all of them
/// are zero where nothing is told. They never contain anything that was told.
struct TelemetryStats {
  /// Records that were not delivered, by the reason.
  struct Dropped {
    std::uint64_t no_room = 0;           ///< too many were waiting for the endpoint
    std::uint64_t no_time = 0;           ///< the last connection was closed before
    std::uint64_t endpoint_avoided = 0;  ///< it had failed so often that it was left alone
    std::uint64_t no_credentials = 0;    ///< none were at hand; none are fetched for this
    std::uint64_t refused = 0;           ///< the endpoint did not want them
    std::uint64_t tries_used_up = 0;     ///< sent `telemetry.retry_count` times more, in vain

    std::uint64_t total() const noexcept {
      return no_room + no_time + endpoint_avoided + no_credentials + refused + tries_used_up;
    }
  };
  /// Of the circuit breaker, which stays away from an endpoint that fails.
  enum class Breaker : std::uint8_t { Closed, Open, HalfOpen };

  TelemetryState state = TelemetryState::Off;
  std::string reason;  ///< one word of docs/telemetry.md ("What decides"), for instance `opted_out`

  std::uint64_t recorded = 0;
  std::uint64_t delivered = 0;    ///< with telemetry off: to a sink of this machine
  Dropped dropped;                ///< none of them was delivered later
  std::uint64_t evicted = 0;      ///< of `dropped.no_room`: older ones that gave way to newer ones
  std::uint64_t not_counted = 0;  ///< taken by the endpoint, which did not count them
  std::size_t pending = 0;        ///< records that wait
  std::size_t requests_in_flight = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;          ///< of the bodies of these requests
  std::uint64_t bad_responses = 0;  ///< taken with an answer that makes no sense
  int last_status = 0;              ///< of HTTP; 0 = no answer yet
  std::string last_error;           ///< a few words without data; empty after a success
  std::optional<std::chrono::system_clock::time_point> last_request;
  Breaker breaker = Breaker::Closed;
  bool endpoint_suspended = false;  ///< it refused several requests in a row
};

/// A batch of records as it is sent.
struct TelemetryBatch {
  std::string_view body;  ///< byte for byte; only until the call returns
  std::string_view url;   ///< where it was sent to; empty = nothing was sent, telemetry is off
  int status = 0;         ///< of HTTP; 0 = nothing was sent, or there was no answer
  bool sent = false;
  std::size_t records = 0;
  std::chrono::system_clock::time_point time;
};

/// Gets a copy of everything that connections tell, or would tell if telemetry were on:
/// `ConnectorOptions::with_telemetry_sink()`.
///
/// Ownership: shared with the connector and with what is still under way.
/// Threads: called on the telemetry thread of the process, one call at a time. A call that takes
/// long holds up telemetry alone: records wait meanwhile, and are dropped when there are too many;
/// closing a connection waits for it as for an answer, two seconds at most.
/// Errors: what it throws is swallowed.
class DBSQL_EXPORT TelemetrySink {
 public:
  TelemetrySink() = default;
  TelemetrySink(const TelemetrySink&) = delete;
  TelemetrySink& operator=(const TelemetrySink&) = delete;
  virtual ~TelemetrySink();

  /// A batch had its answer, or was not sent.
  virtual void on_batch(const TelemetryBatch& batch) = 0;
  /// Records were lost. \param reason  a member of `TelemetryStats::Dropped`: `no_room`
  virtual void on_drop(std::string_view reason, std::size_t records);
};

/// One fact that may be told: a line of the list that the code which writes records walks through.
struct TelemetryField {
  std::string name;     ///< as published, for instance `result.format`
  std::string path;     ///< its place in a record, dots lead into objects
  std::string value;    ///< of what kind: `number`, `word of a list`
  std::string meaning;  ///< one line
};

/// Every fact that may be told, in the order of a record; there is no way to tell anything else.
/// The same as in docs/telemetry.md.
DBSQL_EXPORT std::vector<TelemetryField> telemetry_fields();

/// What connections would tell, to whom and why: `ConnectorOptions::explain_telemetry()` and `dbsql
/// telemetry show`.
///
/// Ownership: a value. Secrets: none.
struct DBSQL_EXPORT TelemetryExplanation {
  TelemetryState state = TelemetryState::Off;
  std::string reason;                 ///< one word, as in `TelemetryStats`
  std::string because;                ///< the same in a sentence
  std::vector<std::string> settings;  ///< each option of telemetry and where its value comes from
  std::string url;                    ///< where records go, or would go; empty = nowhere
  std::string flag;                   ///< what the server is asked for with `state` Pending
  std::vector<std::pair<std::string, std::string>> headers;  ///< values that may be secret masked
  /// What one connection with one statement would send, byte for byte, with ids and times that are
  /// made up.
  std::vector<std::string> bodies;

  /// Lines for people.
  std::string to_text() const;
};

/// Sends what is left of all connections of the process, and ends telemetry's thread: for programs
/// that unload this library, or end without closing their connections. Open connections go on
/// without telemetry; connections that are made later have it again.
///
/// Threads: any thread. Never throws.
/// \param limit  the longest that it may take
/// \return whether everything was sent and answered
DBSQL_EXPORT bool telemetry_shutdown(
    std::chrono::milliseconds limit = std::chrono::milliseconds(5000)) noexcept;

}  // namespace dbsql
