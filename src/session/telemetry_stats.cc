#include "session/telemetry_stats.h"

#include "telemetry/registry.h"

namespace dbsql {

namespace session {
namespace {

using telemetry::Loss;
using telemetry::SenderStats;

TelemetryState state_of(telemetry::Decision::State state) noexcept {
  switch (state) {
    case telemetry::Decision::State::On:
      return TelemetryState::On;
    case telemetry::Decision::State::Pending:
      return TelemetryState::Pending;
    case telemetry::Decision::State::Off:
      break;
  }
  return TelemetryState::Off;
}

TelemetryStats::Breaker breaker_of(telemetry::CircuitBreaker::State state) noexcept {
  switch (state) {
    case telemetry::CircuitBreaker::State::Open:
      return TelemetryStats::Breaker::Open;
    case telemetry::CircuitBreaker::State::HalfOpen:
      return TelemetryStats::Breaker::HalfOpen;
    case telemetry::CircuitBreaker::State::Closed:
      break;
  }
  return TelemetryStats::Breaker::Closed;
}

TelemetryStats::Dropped dropped_of(const SenderStats& sender) noexcept {
  return {.no_room = sender.lost_by(Loss::NoRoom),
          .no_time = sender.lost_by(Loss::NoTime),
          .endpoint_avoided = sender.lost_by(Loss::Avoided),
          .no_credentials = sender.lost_by(Loss::NoCredentials),
          .refused = sender.lost_by(Loss::Refused),
          .tries_used_up = sender.lost_by(Loss::TriesUsedUp)};
}

void take(const SenderStats& sender, TelemetryStats& stats) {
  stats.recorded = sender.recorded;
  stats.delivered = sender.delivered;
  stats.dropped = dropped_of(sender);
  stats.evicted = sender.evicted;
  stats.not_counted = sender.not_counted;
  stats.pending = sender.pending;
  stats.requests_in_flight = sender.in_flight;
  stats.requests = sender.requests;
  stats.bytes = sender.bytes;
  stats.bad_responses = sender.bad_responses;
  stats.last_status = sender.last_status;
  stats.last_error = sender.last_error;
  stats.last_request = sender.last_flush;
  stats.breaker = breaker_of(sender.breaker);
  stats.endpoint_suspended = sender.is_suspended;
}

}  // namespace

TelemetryStats telemetry_stats_of(const telemetry::ConnectionTelemetry* telemetry,
                                  telemetry::Decision otherwise) {
  const telemetry::Decision decision = telemetry != nullptr ? telemetry->decision() : otherwise;
  TelemetryStats stats;
  stats.state = state_of(decision.state);
  stats.reason = telemetry::to_word(decision.reason);
  const auto sender = telemetry != nullptr ? telemetry->stats() : std::nullopt;
  if (sender) take(*sender, stats);
  return stats;
}

}  // namespace session

TelemetrySink::~TelemetrySink() = default;
void TelemetrySink::on_drop(std::string_view, std::size_t) {}

bool telemetry_shutdown(std::chrono::milliseconds limit) noexcept {
  return telemetry::Registry::process().shutdown(limit);
}

}  // namespace dbsql
