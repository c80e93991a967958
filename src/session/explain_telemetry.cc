#include "session/explain_telemetry.h"

#include "base/text.h"
#include "http/url.h"
#include "session/telemetry_settings.h"
#include "session/telemetry_stats.h"
#include "telemetry/exporter.h"
#include "telemetry/host_key.h"
#include "telemetry/tags.h"
#include "telemetry/wire_format.h"

#include <chrono>
#include <utility>

namespace dbsql {

namespace session {
namespace {

using config::ConnectionConfig;
using telemetry::Decision;
using telemetry::OperationType;
using Reason = Decision::Reason;

constexpr std::string_view kMasked = "***";

std::string_view because(Reason reason) noexcept {
  switch (reason) {
    case Reason::DefaultOff:
      return "telemetry.enabled is not given";
    case Reason::KillSwitch:
      return "the environment forbids it: DATABRICKS_TELEMETRY_DISABLED or DO_NOT_TRACK is set";
    case Reason::Forced:
      return "telemetry.forced=true";
    case Reason::OptedOut:
      return "telemetry.enabled=false";
    case Reason::ServerOn:
      return "the server has said that it wants to know";
    case Reason::ServerOff:
      return "the server has said that it does not want to know";
    case Reason::ServerUnreachable:
      return "the server did not say whether it wants to know";
    case Reason::ServerNotAsked:
      return "each connection asks the server first whether it wants to know";
    case Reason::UnsafeHost:
      return "credentials must not be sent to such a host";
    case Reason::NotBuilt:
      return "this library was built without it (DBSQL_TELEMETRY=OFF)";
  }
  return {};
}

std::vector<std::string> settings_in(const std::vector<std::string>& report) {
  std::vector<std::string> settings;
  for (const std::string& line : report) {
    if (line.starts_with("telemetry.")) settings.push_back(line);
  }
  return settings;
}

/// As `headers_for` puts them together, without the credentials. What a program's own header holds
/// is its affair.
std::vector<std::pair<std::string, std::string>> headers_of(const ConnectionConfig& config,
                                                            std::string_view user_agent) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"User-Agent", std::string(user_agent)}};
  for (const auto& [name, value] : config.http_headers) headers.emplace_back(name, kMasked);
  if (const std::string org = telemetry::org_id_of(config.http_path); !org.empty())
    headers.emplace_back("x-databricks-org-id", org);
  if (config.auth_type != config::AuthType::None) headers.emplace_back("Authorization", kMasked);
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Accept", "application/json");
  return headers;
}

telemetry::Record example_of(OperationType type,
                             std::shared_ptr<const telemetry::ConnectionFacts> facts,
                             std::chrono::system_clock::time_point time) {
  telemetry::Record record;
  record.connection = std::move(facts);
  record.operation.session_id = telemetry::WireId("00000000-0000-0000-0000-00000000005e");
  record.event_id = telemetry::random_event_id();
  record.operation.type = type;
  record.operation.time = time;
  record.operation.latency_ms = 42;
  if (type != OperationType::ExecuteStatement) return record;
  record.operation.statement_id = telemetry::WireId("00000000-0000-0000-0000-0000000000e1");
  record.operation.statement_type = telemetry::StatementType::Query;
  record.operation.format = telemetry::ResultFormat::InlineArrow;
  record.operation.is_compressed = true;
  record.operation.polls = 1;
  record.operation.poll_ms = 7;
  record.operation.ready_ms = 42;
  record.operation.consumption_ms = 3;
  return record;
}

/// A session is told of soon after it was opened, the rest with its end.
std::vector<std::string> examples_of(const ConnectionConfig& config) {
  const auto facts = telemetry_facts_of(config);
  const auto now = std::chrono::system_clock::now();
  const auto document = [&](OperationType type) { return to_json(example_of(type, facts, now)); };
  const std::string opened = document(OperationType::CreateSession);
  const std::string rest[] = {document(OperationType::ExecuteStatement),
                              document(OperationType::DeleteSession)};
  return {telemetry::export_body({&opened, 1}, now), telemetry::export_body(rest, now)};
}

http::Url url_of(const ConnectionConfig& config) {
  return {config.scheme, config.host, config.port, {}, {}};
}

/// As a connection would decide that knows of no answer of the server's.
Decision decision_for(const ConnectionConfig& config) {
  const Decision decision = telemetry_decision_of(config);
  const std::string host = telemetry::host_key(url_of(config).authority());
  if (decision.state == Decision::State::Off || telemetry::is_safe_destination(host, host))
    return decision;
  return {Decision::State::Off, Reason::UnsafeHost};
}

}  // namespace

TelemetryExplanation explain_telemetry(const ConnectorOptions::Impl& options) {
  const ConnectionConfig config = options.build();
  const Decision decision = decision_for(config);
  const auto facts = telemetry_facts_of(config);
  TelemetryExplanation explanation;
  explanation.state = telemetry_stats_of(nullptr, decision).state;
  explanation.reason = to_word(decision.reason);
  explanation.because = because(decision.reason);
  explanation.settings = settings_in(options.resolved().report());
  if (decision.reason != Reason::NotBuilt)
    explanation.url = base::concat(url_of(config).origin(), telemetry::Exporter::kPath);
  explanation.flag = telemetry::flag_name_of(config.telemetry);
  explanation.headers = headers_of(config, facts->user_agent);
  explanation.bodies = examples_of(config);
  return explanation;
}

}  // namespace session

std::vector<TelemetryField> telemetry_fields() {
  std::vector<TelemetryField> fields;
  for (const telemetry::TagRow& row : telemetry::tags()) {
    if (telemetry::is_sent(row))
      fields.push_back({std::string(row.name), std::string(row.path),
                        std::string(to_word(row.kind)), std::string(row.meaning)});
  }
  return fields;
}

std::string TelemetryExplanation::to_text() const {
  const char* const words[] = {"off", "on", "pending"};
  std::string text =
      base::concat("telemetry is ", words[static_cast<std::size_t>(state)], " (", reason,
                   "): ", because, "\n\noptions, and where each comes from:\n");
  for (const std::string& line : settings) text += base::concat("  ", line, "\n");
  const bool is_off = state == TelemetryState::Off;
  if (url.empty()) {
    text += "\nrecords go nowhere\n";
  } else {
    text += base::concat("\nrecords ", is_off ? "would go to" : "go to", "\n  POST ", url, "\n");
    for (const auto& [name, value] : headers) text += base::concat("  ", name, ": ", value, "\n");
  }
  if (state == TelemetryState::Pending)
    text += base::concat("if the server says yes to the flag\n  ", flag, "\n");
  if (!bodies.empty())
    text += "\na connection, a statement and their end, made up; nothing is sent:\n";
  for (const std::string& body : bodies) text += base::concat("  ", body, "\n");
  return text;
}

}  // namespace dbsql
