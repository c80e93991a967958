#include <dbsql/connector.h>
#include <dbsql/error.h>
#include <dbsql/time_zone.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/connection_config.h"
#include "observe/fan_out.h"
#include "otel/connection_trace.h"
#include "protocol/query_tags.h"
#include "session/connection_impl.h"
#include "session/connector_options_impl.h"
#include "session/credentials.h"
#include "session/log_settings.h"
#include "session/otel_settings.h"
#include "session/progress.h"
#include "session/server_parts.h"
#include "session/telemetry_settings.h"
#include "session/tell_id.h"
#include "session/transport.h"
#include "staging/transfer.h"

#include <map>
#include <string>
#include <utility>

namespace dbsql {

namespace {

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
    session::apply_log_options(config_.log);
    auto transport = session::make_transport(config_);
    files_ = session::make_files(config_, transport);
    staging_ = session::make_staging(config_, transport);
    auto authenticator = session::make_authenticator(options, config_, transport);
    telemetry_ = session::telemetry_settings_of(config_, authenticator, options.telemetry_sink);
    exporter_ = session::exporter_of(config_);
    backend_ = session::make_backend(config_, std::move(authenticator), std::move(transport));
  }

  std::shared_ptr<Connection::Impl> connect(const ConnectOptions& options) const {
    const auto parent = otel::read_context(options.trace_parent, options.trace_state);
    base::Clock& clock = base::Clock::system();
    base::CallContext call;
    if (options.timeout) call.deadline = clock.now() + *options.timeout;
    call.stop = options.stop;
    session::ProgressObserver progress(options.on_progress);
    if (options.on_progress) call.observer = &progress;
    warn_if_unverified();
    const auto telemetry =
        telemetry_ ? telemetry::ConnectionTelemetry::create(*telemetry_) : nullptr;
    const auto trace =
        exporter_ ? std::make_shared<otel::ConnectionTrace>(exporter_, config_.port, parent)
                  : nullptr;
    // Without spans of ours, what the caller gave is passed on as it came.
    if (trace)
      call.trace = trace->headers();
    else if (parent)
      call.trace = otel::headers_of(*parent);
    const auto observer = observe::both(telemetry, trace);
    auto session = open_session(options, observer, call);
    session::tell_id(options.on_connection_id, session->id());
    return std::make_shared<Connection::Impl>(
        ConnectionParts{.session = std::move(session),
                        .files = files_,
                        .staging = staging_,
                        .server_timeout = config_.query_timeout,
                        .transactions = config_.transactions,
                        .open_side_session = side_session_opener(options),
                        .reopen = reopener(options, observer),
                        .telemetry = telemetry,
                        .telemetry_decision = telemetry_decision(),
                        .trace = trace},
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

  /// \param observer  of the session; may be null
  std::shared_ptr<protocol::Session> open_session(
      const ConnectOptions& options, const std::shared_ptr<observe::Observer>& observer,
      const base::CallContext& call) const {
    const protocol::SessionRequest request = request_for(options, observer);
    if (!observer) return backend_->open_session(request, call);
    base::Clock& clock = base::Clock::system();
    const auto started = clock.now();
    try {
      return backend_->open_session(request, call);
    } catch (const Error& error) {
      observer->on(observe::SessionFailed{&error, clock.now() - started});
      throw;
    }
  }

  /// It is told to nobody: to the user there is one connection.
  session::SideSession::Open side_session_opener(const ConnectOptions& options) const {
    if (!config_.transactions.side_session) return {};
    return opener(request_for(options, nullptr));
  }

  session::Recovery::Open reopener(const ConnectOptions& options,
                                   const std::shared_ptr<observe::Observer>& observer) const {
    if (!options.recovery.value_or(config_.session_recovery)) return {};
    return [open = opener(request_for(options, observer)),
            tell = options.on_connection_id](const base::CallContext& limits) {
      auto session = open(limits);
      session::tell_id(tell, session->id());
      return session;
    };
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
  std::shared_ptr<otel::Exporter> exporter_;  // null where nothing is traced
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
