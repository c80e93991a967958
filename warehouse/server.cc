#include "warehouse/server.h"

#include "base/text.h"
#include "warehouse/http_server.h"
#include "warehouse/identity_service.h"
#include "warehouse/oidc_form.h"
#include "warehouse/result_spool.h"
#include "warehouse/router.h"
#include "warehouse/value_text.h"

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kAnyToken = "local";

/// Thousands of connections need as many descriptors; the usual soft limit is 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::unique_ptr<Engine> open_default_engine(EngineOptions options) {
  if (options.library.empty()) options.library = default_engine_library();
  return open_engine(options);
}

void load_tables(Engine& engine, const ServerOptions& options) {
  for (const auto& [name, file] : options.tables) {
    if (!std::filesystem::exists(file)) {
      throw std::runtime_error(
          base::concat("cannot load table ", name, ": there is no file ", file));
    }
    try {
      engine.load_table(name, file);
    } catch (const EngineError& error) {
      throw std::runtime_error(
          base::concat("cannot load table ", name, " from ", file, ": ", error.message));
    }
  }
}

/// Beside the catalogs' files; empty = a temporary directory.
std::string volume_directory(const ServerOptions& options) {
  const std::string& directory = options.engine.directory;
  return directory.empty() ? std::string() : base::concat(directory, "/volumes");
}

/// The authorities of clients' certificates; empty = clients need none.
std::string read_client_authorities(const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file, std::ios::binary);
  std::string pem{std::istreambuf_iterator<char>(in), {}};
  if (!in || pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    throw std::runtime_error(base::concat("the authorities of --client-ca cannot be read from ",
                                          file, "; it must be a PEM file"));
  }
  return pem;
}

HttpServerOptions http_options(const ServerOptions& options,
                               const std::optional<TlsIdentity>& identity,
                               UploadChooser upload_for) {
  return {.host = options.host,
          .port = options.port,
          .threads = options.io_threads,
          .max_body_bytes = options.max_request_bytes,
          .tls = identity,
          .client_ca_pem = read_client_authorities(options.client_ca_file),
          .upload_for = std::move(upload_for)};
}

/// An address to connect to for one to listen on.
std::string reachable_host(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  if (host == "::" || host == "::1") return "[::1]";
  return host.find(':') == std::string::npos ? host : base::concat("[", host, "]");
}

}  // namespace

std::string default_engine_library() {
  if (const char* named = std::getenv("DBSQL_ENGINE_LIBRARY"); named != nullptr && *named != '\0') {
    return named;
  }
  if (std::filesystem::exists(DBSQL_ENGINE_LIBRARY)) return DBSQL_ENGINE_LIBRARY;
  return "libduckdb.so";
}

class Server::Impl {
 public:
  Impl(ServerOptions options, std::unique_ptr<Engine> engine, base::Clock& clock)
      : options_(std::move(options)),
        engine_(std::move(engine)),
        identity_(options_.tls ? std::optional(make_tls_identity(options_.tls_names))
                               : std::nullopt),
        http_(http_options(options_, identity_,
                           [this](const HttpRequest& head) { return router_.upload_for(head); }),
              [this](std::shared_ptr<Exchange> exchange) { router_.route(std::move(exchange)); }),
        storage_(clock, volume_directory(options_)),
        thrift_(*engine_, http_, journal_, storage_, options_.service, clock),
        telemetry_(options_.telemetry),
        identity_provider_(options_.identity, RouterOptions().org_id, journal_, clock),
        power_(options_.start_time, options_.warehouse_id, clock),
        router_({.flavor = options_.service.flavor, .token = options_.token}, faults_, journal_,
                thrift_, storage_, identity_provider_, telemetry_, power_, http_) {
    raise_descriptor_limit();
    load_tables(*engine_, options_);
    if (identity_) ca_file_ = write_authority(*identity_, options_.tls_directory);
    // Before the first request: it is read without a lock.
    const std::string origin = base::concat(options_.tls ? "https://" : "http://",
                                            reachable_host(options_.host), ":", http_.port());
    storage_.set_origin(origin);
    identity_provider_.set_origin(origin);
    http_.start();
    expire_later();
  }

  ~Impl() { stop(); }

  void stop() {
    http_.stop_accepting();
    thrift_.stop();
    http_.stop();
  }

  std::string dsn(bool shows_secret) const {
    const std::string scheme = options_.tls ? "" : "http://";
    const std::string place =
        base::concat(reachable_host(options_.host), ":", http_.port(), http_path());
    const auto shown = [&](const std::string& secret) {
      return shows_secret ? encode_form_text(secret) : std::string("***");
    };
    if (traits_of(options_.service.flavor).hive) {
      return base::concat(scheme, "anonymous:",
                          options_.token.empty() ? "anonymous" : shown(options_.token), "@", place);
    }
    if (!options_.token.empty())
      return base::concat(scheme, "token:", shown(options_.token), "@", place);
    if (!options_.identity.requires_tokens)
      return base::concat(scheme, "token:", kAnyToken, "@", place);
    for (const IdentityClient& client : options_.identity.clients) {
      if (client.secret.empty()) continue;
      return base::concat(scheme, place,
                          "?authType=oauth-m2m&clientID=", encode_form_text(client.id),
                          "&clientSecret=", shown(client.secret));
    }
    return base::concat(scheme, place, "?authType=oauth-u2m");
  }

  std::string http_path() const {
    if (traits_of(options_.service.flavor).hive) return std::string(kHivePath);
    return base::concat("/sql/1.0/warehouses/", options_.warehouse_id);
  }

  std::string scalar_text(std::string_view sql) {
    const auto session = engine_->open_session({});
    ResultSpool spool(session->execute(sql, {}, 0, {}), 0);
    const auto rows = spool.rows_at(0);
    std::string text;
    if (!rows || spool.type().children.empty()) return text;
    const arrow::TypeNode& type = spool.type().children[0];
    const ArrowArray& column = *(**rows->batch).children[0];
    const std::int64_t row = (**rows->batch).offset;
    if (!is_null(type, column, row))
      ValueText(session->time_zone()).append(text, type, column, row);
    return text;
  }

  std::uint16_t port() const noexcept { return http_.port(); }
  const std::string& ca_file() const noexcept { return ca_file_; }
  FaultRules& faults() noexcept { return faults_; }
  Journal& journal() noexcept { return journal_; }
  ThriftService& thrift() noexcept { return thrift_; }
  Storage& storage() noexcept { return storage_; }
  IdentityService& identity() noexcept { return identity_provider_; }
  TelemetryService& telemetry() noexcept { return telemetry_; }
  Power& power() noexcept { return power_; }

 private:
  void expire_later() {
    const auto timeout = options_.service.session_idle_timeout;
    if (timeout.count() == 0) return;
    http_.after(std::max(timeout / 2, std::chrono::milliseconds(1)), [this] {
      thrift_.expire_idle_sessions();
      expire_later();
    });
  }

  const ServerOptions options_;
  const std::unique_ptr<Engine> engine_;
  const std::optional<TlsIdentity> identity_;
  std::string ca_file_;
  FaultRules faults_;
  Journal journal_;
  HttpServer http_;
  Storage storage_;
  ThriftService thrift_;
  TelemetryService telemetry_;
  IdentityService identity_provider_;
  Power power_;
  Router router_;
};

Server::Server(ServerOptions options, base::Clock& clock)
    : Server(options, open_default_engine(options.engine), clock) {}

Server::Server(ServerOptions options, std::unique_ptr<Engine> engine, base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(engine), clock)) {}

Server::~Server() = default;

std::uint16_t Server::port() const noexcept { return impl_->port(); }
std::string Server::dsn(bool shows_secret) const { return impl_->dsn(shows_secret); }
std::string Server::http_path() const { return impl_->http_path(); }
const std::string& Server::ca_file() const noexcept { return impl_->ca_file(); }
FaultRules& Server::faults() noexcept { return impl_->faults(); }
Journal& Server::journal() noexcept { return impl_->journal(); }
ThriftService& Server::thrift() noexcept { return impl_->thrift(); }
Storage& Server::storage() noexcept { return impl_->storage(); }
IdentityService& Server::identity() noexcept { return impl_->identity(); }
TelemetryService& Server::telemetry() noexcept { return impl_->telemetry(); }
Power& Server::power() noexcept { return impl_->power(); }
std::string Server::scalar_text(std::string_view sql) { return impl_->scalar_text(sql); }

std::int64_t Server::scalar(std::string_view sql) {
  const std::string text = scalar_text(sql);
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number) throw std::runtime_error(base::concat("not a whole number: \"", text, "\""));
  return *number;
}

void Server::stop() { impl_->stop(); }

}  // namespace dbsql::warehouse
