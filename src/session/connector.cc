#include <dbsql/connector.h>
#include <dbsql/error.h>
#include <dbsql/time_zone.h>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/environment.h"
#include "base/log.h"
#include "base/text.h"
#include "base/timer.h"
#include "config/connection_config.h"
#include "http/client.h"
#include "http/curl_transport.h"
#include "http/link_transfer.h"
#include "http/url.h"
#include "http/user_agent.h"
#include "protocol/query_tags.h"
#include "protocol/thrift/backend.h"
#include "session/connection_impl.h"
#include "session/connector_options_impl.h"
#include "session/credentials.h"
#include "session/progress.h"
#include "session/telemetry_settings.h"
#include "session/transport.h"
#include "staging/transfer.h"

#include <map>
#include <string>
#include <utility>

namespace dbsql {

namespace {

constexpr std::string_view kOrgIdHeader = "x-databricks-org-id";

http::Headers headers_for(const config::ConnectionConfig& config) {
  http::Headers headers = {{"Content-Type", "application/x-thrift"},
                           {"Accept", "application/x-thrift"},
                           {"User-Agent", http::user_agent(config.user_agent_entry, "cpp",
                                                           base::process_environment())}};
  for (const auto& [name, value] : config.http_headers) headers.push_back({name, value});
  // For gateways in front of many workspaces, which do not look into every path and query
  // (reference/auth-http-config.md 4.12). The user's own header counts.
  if (!config.org_id.empty() && http::find_header(headers, kOrgIdHeader).empty())
    headers.push_back({std::string(kOrgIdHeader), config.org_id});
  return headers;
}

/// The path's query, such as `?o=` of a shared host, reaches the server unchanged
/// (reference/thrift.md 1.1).
std::string url_of(const config::ConnectionConfig& config) {
  http::Url url{config.scheme, config.host, config.port, {}, {}};
  const std::size_t question = config.http_path.find('?');
  url.path = config.http_path.substr(0, question);
  if (question != std::string::npos) url.query = config.http_path.substr(question + 1);
  return url.to_string();
}

/// Downloads go past the HTTP client: no credentials, no headers of ours, no retry table of API
/// calls.
result::CloudFetchEnvironment make_files(const config::ConnectionConfig& config,
                                         std::shared_ptr<http::CurlTransport> transport) {
  result::CloudFetchEnvironment files;
  files.start = [transport = std::move(transport)](const http::Request& request,
                                                   std::function<void(http::Reply)> completion) {
    return result::AbortDownload(
        http::start_link_transfer(transport, request, std::move(completion)));
  };
  files.options.threads = config.cloudfetch_threads;
  files.options.stall_timeout = config.cloudfetch_stall_timeout;
  if (config.memory_budget > 0)
    files.budget = result::MemoryBudget::create(static_cast<std::size_t>(config.memory_budget));
  return files;
}

/// Volumes' files, too, but for the retry table: storage must never see credentials.
std::shared_ptr<const staging::Environment> make_staging(
    const config::ConnectionConfig& config, std::shared_ptr<http::CurlTransport> transport) {
  auto environment = std::make_shared<staging::Environment>();
  environment->client = std::make_shared<const http::Client>(std::move(transport), config.retry);
  environment->allowed_paths = staging::AllowedPaths(config.staging_allowed_paths);
  environment->allow_insecure_http = config.allow_insecure_http;
  return environment;
}

std::shared_ptr<protocol::Backend> make_backend(
    const config::ConnectionConfig& config,
    std::shared_ptr<const auth::Authenticator> authenticator,
    std::shared_ptr<http::CurlTransport> transport) {
  auto credentials = auth::Authenticator::credentials(std::move(authenticator));
  auto client = std::make_shared<const http::Client>(std::move(transport), config.retry,
                                                     std::move(credentials), base::Clock::system(),
                                                     static_cast<std::size_t>(config.pool_size));
  auto rpc = std::make_shared<protocol::thrift::Rpc>(
      std::move(client), protocol::thrift::Endpoint{.url = url_of(config),
                                                    .headers = headers_for(config),
                                                    .request_timeout = config.request_timeout});
  return std::make_shared<protocol::thrift::ThriftBackend>(
      std::move(rpc),
      protocol::thrift::ThriftOptions{.max_rows_per_fetch = config.max_rows_per_fetch,
                                      .lz4 = config.lz4,
                                      .cloudfetch = config.cloudfetch,
                                      .arrow = config.arrow,
                                      .native_types = config.native_types,
                                      .keep_alive_interval = config.keep_alive_interval,
                                      .timer = &base::Timer::process()});
}

constexpr const char* kQueryTags = "QUERY_TAGS";

std::string checked_tags(const config::ConnectionConfig& config) {
  try {
    return protocol::encode_query_tags(protocol::parse_query_tags(config.query_tags));
  } catch (const Error& error) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("query.tags: ", error.message())});
  }
}

/// As the Go driver does; a server says so only when the first timestamp is asked for, if at all.
void check_time_zone(const config::ConnectionConfig& config) {
  const auto zone = config.session_confs.find("timezone");
  if (zone == config.session_confs.end() || TimeZone::find_known(zone->second) != nullptr) return;
  throw_error(
      {.kind = ErrorKind::Configuration,
       .message = base::concat("timezone: this machine knows no time zone ", zone->second)});
}

}  // namespace

class Connector::Impl {
 public:
  explicit Impl(const ConnectorOptions::Impl& options)
      : config_(options.build()), query_tags_(checked_tags(config_)) {
    check_time_zone(config_);
    auto transport = session::make_transport(config_);
    files_ = make_files(config_, transport);
    staging_ = make_staging(config_, transport);
    auto authenticator = session::make_authenticator(options, config_, transport);
    telemetry_ = session::telemetry_settings_of(config_, authenticator, options.telemetry_sink);
    backend_ = make_backend(config_, std::move(authenticator), std::move(transport));
  }

  std::shared_ptr<Connection::Impl> connect(const ConnectOptions& options) const {
    base::Clock& clock = base::Clock::system();
    base::CallContext call;
    if (options.timeout) call.deadline = clock.now() + *options.timeout;
    call.stop = options.stop;
    session::ProgressObserver progress(options.on_progress);
    if (options.on_progress) call.observer = &progress;
    warn_if_unverified();
    const auto telemetry =
        telemetry_ ? telemetry::ConnectionTelemetry::create(*telemetry_) : nullptr;
    return std::make_shared<Connection::Impl>(
        ConnectionParts{.session = open_session(options, telemetry, call),
                        .files = files_,
                        .staging = staging_,
                        .server_timeout = config_.query_timeout,
                        .transactions = config_.transactions,
                        .open_side_session = side_session_opener(options),
                        .reopen = reopener(options, telemetry),
                        .telemetry = telemetry,
                        .telemetry_decision = telemetry_decision()},
        clock);
  }

 private:
  /// As it stands when there is no more to know.
  telemetry::Decision telemetry_decision() const {
    return telemetry_ ? telemetry::ConnectionTelemetry::decision_of(*telemetry_)
                      : session::telemetry_decision_of(config_);
  }

  protocol::SessionRequest request_for(const ConnectOptions& options,
                                       std::shared_ptr<observe::Observer> observer) const {
    return {.catalog = config_.catalog,
            .schema = config_.schema,
            .confs = confs_of(options),
            .observer = std::move(observer)};
  }

  std::shared_ptr<protocol::Session> open_session(
      const ConnectOptions& options,
      const std::shared_ptr<telemetry::ConnectionTelemetry>& telemetry,
      const base::CallContext& call) const {
    const protocol::SessionRequest request = request_for(options, telemetry);
    if (!telemetry) return backend_->open_session(request, call);
    const auto started = telemetry->clock().now();
    try {
      return backend_->open_session(request, call);
    } catch (const Error& error) {
      telemetry->session_failed(telemetry::category_of(error), telemetry->clock().now() - started);
      telemetry->close();
      throw;
    }
  }

  /// It is told to nobody: to the user there is one connection.
  session::SideSession::Open side_session_opener(const ConnectOptions& options) const {
    if (!config_.transactions.side_session) return {};
    return opener(request_for(options, nullptr));
  }

  session::Recovery::Open reopener(
      const ConnectOptions& options,
      const std::shared_ptr<telemetry::ConnectionTelemetry>& telemetry) const {
    if (!options.recovery.value_or(config_.session_recovery)) return {};
    return opener(request_for(options, telemetry));
  }

  session::Recovery::Open opener(protocol::SessionRequest request) const {
    return [backend = backend_, request = std::move(request)](const base::CallContext& limits) {
      return backend->open_session(request, limits);
    };
  }

  void warn_if_unverified() const {
    if (config_.scheme != "https" || config_.transport.tls.verify != http::TlsOptions::Verify::None)
      return;
    base::log(LogLevel::Warn, "http",
              base::concat("tls.verify=none: anybody between this program and ", config_.host,
                           " can read and change the traffic of this connection"));
  }

  /// Tags given for the connection come before those of the DSN, and either before the raw setting.
  std::map<std::string, std::string> confs_of(const ConnectOptions& options) const {
    auto confs = config_.session_confs;
    const std::string own = protocol::encode_query_tags(options.query_tags);
    const std::string& tags = own.empty() ? query_tags_ : own;
    if (tags.empty()) return confs;
    std::erase_if(
        confs, [](const auto& conf) { return base::equals_ignore_case(conf.first, kQueryTags); });
    confs.emplace(kQueryTags, tags);
    return confs;
  }

  config::ConnectionConfig config_;
  std::string query_tags_;  // of the DSN, as the server reads them
  result::CloudFetchEnvironment files_;
  std::shared_ptr<const staging::Environment> staging_;
  std::optional<telemetry::ConnectionSettings> telemetry_;
  std::shared_ptr<protocol::Backend> backend_;
};

Connector::Connector(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Connector::Connector(const ConnectorOptions& options)
    : Connector(std::make_shared<const Impl>(*options.impl_)) {}

Connector Connector::from_dsn(std::string_view text) {
  return Connector(ConnectorOptions::from_text(text));
}

Connector Connector::from_environment() { return Connector(ConnectorOptions::from_environment()); }

Connector Connector::from_profile(std::string_view profile, std::string_view file) {
  return Connector(ConnectorOptions::from_profile(profile, file));
}

Connection Connector::connect(const ConnectOptions& options) const {
  return Connection(impl_->connect(options));
}

}  // namespace dbsql
