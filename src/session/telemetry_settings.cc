#include "session/telemetry_settings.h"

#include <dbsql/error.h>

#include "base/environment.h"
#include "base/text.h"
#include "config/metric_views.h"
#include "http/curl_transport.h"
#include "http/proxy.h"
#include "http/url.h"
#include "http/user_agent.h"
#include "telemetry/host_key.h"
#include "telemetry/redaction.h"
#include "telemetry/system_configuration.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace dbsql::session {
namespace {

using config::AuthType;
using config::ConnectionConfig;
using telemetry::AuthFlow;
using telemetry::AuthMech;

constexpr std::chrono::milliseconds kConnectTimeout{3'000};
constexpr std::size_t kLongestAnswer = 512 << 10;
constexpr std::size_t kLongestEntry = 256;

/// How the way to authenticate is told: its kind, and how a token of OAuth is had.
struct AuthWords {
  AuthMech mech = AuthMech::Other;
  AuthFlow flow = AuthFlow::Unspecified;
};

AuthWords auth_words_of(AuthType type) {
  switch (type) {
    case AuthType::Token:
      return {.mech = AuthMech::Pat};
    case AuthType::OauthM2m:
    case AuthType::OauthJwt:
    case AuthType::AzureClientSecret:
      return {.mech = AuthMech::Oauth, .flow = AuthFlow::ClientCredentials};
    case AuthType::OauthU2m:
    case AuthType::AzureU2m:
      return {.mech = AuthMech::Oauth, .flow = AuthFlow::BrowserBasedAuthentication};
    case AuthType::OauthRefresh:
    case AuthType::GithubOidc:
    case AuthType::GithubOidcAzure:
    case AuthType::AzureDevopsOidc:
    case AuthType::EnvOidc:
    case AuthType::FileOidc:
      return {.mech = AuthMech::Oauth, .flow = AuthFlow::TokenPassthrough};
    case AuthType::AzureMsi:
    case AuthType::AzureCli:
    case AuthType::DatabricksCli:
    case AuthType::GoogleCredentials:
    case AuthType::GoogleId:
    case AuthType::MetadataService:
      return {.mech = AuthMech::Oauth};
    case AuthType::Unspecified:
    case AuthType::Basic:
    case AuthType::None:
    case AuthType::Provider:
    case AuthType::Unified:
      break;
  }
  return {};
}

/// Only scopes that everybody knows: others may be names of people's own.
std::string known_scope(const std::vector<std::string>& scopes) {
  constexpr std::array<std::string_view, 4> kKnown = {"sql", "all-apis", "offline_access",
                                                      "openid"};
  std::string joined;
  for (const std::string& scope : scopes) {
    if (std::ranges::find(kKnown, scope) == kKnown.end()) return {};
    joined += base::concat(joined.empty() ? "" : " ", scope);
  }
  return joined;
}

telemetry::ProxyAuth proxy_auth_of(const http::Proxy& proxy) {
  using Auth = http::Proxy::Auth;
  if (proxy.auth == Auth::Negotiate) return telemetry::ProxyAuth::Spnego;
  const bool has_user = proxy.auth == Auth::Basic && !proxy.username.empty();
  return has_user ? telemetry::ProxyAuth::Basic : telemetry::ProxyAuth::None;
}

/// Of the way to the workspace. Nothing where that is an error of the requests.
void tell_proxy(const ConnectionConfig& config, telemetry::ConnectionParameters& parameters) {
  const http::ProxyOptions& options = config.transport.proxy;
  try {
    const http::ProxyRules rules(options, base::process_environment());
    const http::Proxy* proxy = rules.proxy_for({config.scheme, config.host, config.port, {}, {}});
    parameters.use_proxy = proxy != nullptr;
    parameters.use_system_proxy =
        proxy != nullptr && options.source == http::ProxyOptions::Source::Environment;
    if (proxy != nullptr) parameters.proxy_auth = proxy_auth_of(*proxy);
  } catch (const ConfigurationError&) {
    return;
  }
}

telemetry::ConnectionParameters parameters_of(const ConnectionConfig& config) {
  const AuthWords auth = auth_words_of(config.auth_type);
  telemetry::ConnectionParameters parameters;
  parameters.http_path = telemetry::path_shape(config.http_path);
  parameters.mode = telemetry::ProtocolMode::Thrift;
  parameters.host = config.host;
  parameters.port = config.port;
  parameters.auth_mech = auth.mech;
  parameters.auth_flow = auth.flow;
  parameters.auth_type = config.auth_type == AuthType::Provider
                             ? "custom-provider"
                             : std::string(config::auth_type_name(config.auth_type));
  parameters.auth_scope = known_scope(config.auth.scopes);
  parameters.enable_jwt_assertion = config.auth_type == AuthType::OauthJwt;
  if (config.auth_type == AuthType::OauthJwt) parameters.jwt_algorithm = config.auth.jwt.algorithm;
  parameters.enable_token_cache = config.auth.token_cache;
  tell_proxy(config, parameters);
  parameters.socket_timeout = config.request_timeout;
  parameters.http_connection_pool_size = config.pool_size;
  parameters.rows_fetched_per_block = config.max_rows_per_fetch;
  parameters.allow_self_signed_support =
      config.transport.tls.verify == http::TlsOptions::Verify::None;
  parameters.use_system_trust_store = config.transport.tls.ca_file.empty() ||
                                      config.transport.tls.ca_mode == http::TlsOptions::CaMode::Add;
  parameters.enable_complex_datatype_support = config.native_types.nested;
  parameters.enable_arrow = config.arrow;
  parameters.enable_direct_results = true;
  parameters.enable_metric_view_metadata = config::has_metric_views(config);
  parameters.auto_commit = true;  // as every session begins
  parameters.fetch_auto_commit_from_server = config.transactions.asks_server;
  parameters.cloud_fetch = config.cloudfetch;
  parameters.lz4 = config.lz4;
  if (config.telemetry.tells_query_tags)
    parameters.query_tags = telemetry::redacted(config.query_tags, kLongestEntry);
  return parameters;
}

/// One for each connector: which of two tokens is whose is not known, and a sender that both used
/// would send the records of one under the name of the other.
std::string new_identity() {
  static std::atomic<std::uint64_t> last = 0;
  return std::to_string(++last);
}

std::shared_ptr<telemetry::Destination> destination_of(
    const ConnectionConfig& config,
    const std::shared_ptr<const auth::Authenticator>& authenticator) {
  auto destination = std::make_shared<telemetry::Destination>();
  const http::Url url{config.scheme, config.host, config.port, {}, {}};
  destination->origin = url.origin();
  destination->host = telemetry::host_key(url.authority());
  destination->org_id = telemetry::org_id_of(config.http_path);
  destination->user_agent = http::user_agent(config.user_agent_entry);
  for (const auto& [name, value] : config.http_headers)
    destination->headers.push_back({name, value});
  // Weakly: records must not keep a connector's credentials alive.
  destination->authorize = [weak = std::weak_ptr(authenticator)](http::Headers& headers) {
    const auto at_hand = weak.lock();
    return at_hand && at_hand->apply_at_hand(headers);
  };
  http::CurlOptions transport = config.transport;
  transport.connect_timeout = std::min(transport.connect_timeout, kConnectTimeout);
  transport.max_body_size = kLongestAnswer;
  destination->transport = std::make_shared<http::CurlTransport>(std::move(transport));
  return destination;
}

/// The file that the options name, the program's own sink, both, or null.
std::shared_ptr<telemetry::Sink> sink_of(const ConnectionConfig& config,
                                         const std::shared_ptr<TelemetrySink>& own) {
  auto file = telemetry::make_sink(config.telemetry.sink);
  if (!own) return file;
  auto adapter = std::make_shared<telemetry::CallbackSink>(
      [own](const telemetry::ExportedBatch& batch) {
        own->on_batch({.body = batch.body,
                       .url = batch.is_sent ? batch.url : std::string_view(),
                       .status = batch.status,
                       .sent = batch.is_sent,
                       .records = batch.records,
                       .time = batch.time});
      },
      [own](std::string_view reason, std::size_t records) { own->on_drop(reason, records); });
  if (!file) return adapter;
  return std::make_shared<telemetry::BothSinks>(std::move(file), std::move(adapter));
}

}  // namespace

telemetry::Decision telemetry_decision_of(const ConnectionConfig& config) {
  return telemetry::decide(config.telemetry, telemetry::kill_switch_is_set(),
                           telemetry::ServerFlag::Unknown);
}

std::shared_ptr<const telemetry::ConnectionFacts> telemetry_facts_of(
    const ConnectionConfig& config) {
  auto facts = std::make_shared<telemetry::ConnectionFacts>();
  facts->user_agent =
      telemetry::redacted(http::user_agent(config.user_agent_entry), 2 * kLongestEntry);
  facts->workspace_id = base::parse_number<std::int64_t>(telemetry::org_id_of(config.http_path));
  facts->system = telemetry::system_configuration();
  facts->system.client_app_name = telemetry::redacted(config.user_agent_entry, kLongestEntry);
  if (!config.telemetry.tells_process_name) facts->system.process_name.clear();
  facts->parameters = parameters_of(config);
  return facts;
}

std::optional<telemetry::ConnectionSettings> telemetry_settings_of(
    const ConnectionConfig& config, const std::shared_ptr<const auth::Authenticator>& authenticator,
    const std::shared_ptr<TelemetrySink>& own_sink) {
  auto sink = sink_of(config, own_sink);
  const bool is_off = telemetry_decision_of(config).state == telemetry::Decision::State::Off;
  if (is_off && !sink) return std::nullopt;
  telemetry::ConnectionSettings settings;
  settings.options = config.telemetry;
  settings.kill_switch = telemetry::kill_switch_is_set();
  settings.destination = destination_of(config, authenticator);
  settings.connection_host = settings.destination->host;
  settings.identity = new_identity();
  settings.facts = telemetry_facts_of(config);
  settings.sink = std::move(sink);
  return settings;
}

}  // namespace dbsql::session
