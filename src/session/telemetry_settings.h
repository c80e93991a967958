#pragma once

#include <dbsql/telemetry.h>

#include "auth/authenticator.h"
#include "config/connection_config.h"
#include "telemetry/connection_telemetry.h"

#include <memory>
#include <optional>

namespace dbsql::session {

/// What is settled about telemetry before any server was asked.
telemetry::Decision telemetry_decision_of(const config::ConnectionConfig& config);

/// What the connections of one connector may tell, and through what. Nothing when it is settled
/// that they tell nothing: then there is no trace of telemetry in them.
///
/// Requests go to the host of the queries alone, by the same proxy and with the same TLS settings,
/// and with credentials that are at hand: none are fetched for them.
/// \param sink  of the program's own; may be null
/// \throws ConfigurationError  `telemetry.sink` names none
std::optional<telemetry::ConnectionSettings> telemetry_settings_of(
    const config::ConnectionConfig& config,
    const std::shared_ptr<const auth::Authenticator>& authenticator,
    const std::shared_ptr<TelemetrySink>& sink = nullptr);

/// The facts that are told of a connection, made from its options.
std::shared_ptr<const telemetry::ConnectionFacts> telemetry_facts_of(
    const config::ConnectionConfig& config);

}  // namespace dbsql::session
