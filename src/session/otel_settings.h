#pragma once

#include "base/environment.h"
#include "config/connection_config.h"
#include "otel/exporter.h"

#include <memory>
#include <optional>

namespace dbsql::session {

/// Where the spans of a connector's connections go, by its options and, once these switch it on, by
/// OpenTelemetry's own variables. Nothing when it is off: then there is no trace of it in them.
///
/// Requests go by the same proxy and with the same authorities as all others, and with no
/// credentials but `otel.headers`: not even the client certificate.
/// \throws ConfigurationError  an address or a header that cannot be used
std::optional<otel::ExporterSettings> otel_settings_of(
    const config::ConnectionConfig& config,
    const base::EnvironmentLookup& environment = base::process_environment());

/// An exporter of these; null without any.
std::shared_ptr<otel::Exporter> exporter_of(const config::ConnectionConfig& config);

}  // namespace dbsql::session
