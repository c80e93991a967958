#pragma once

#include <dbsql/auth_explanation.h>
#include <dbsql/diagnosis.h>
#include <dbsql/export.h>
#include <dbsql/telemetry.h>
#include <dbsql/token_provider.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {

/// Where and how to connect, before it is checked: read from any form that people have, from the
/// environment, from a profile, and set one by one. A `Connector` is made of it.
///
/// The order of calls never matters, but that a later value takes the place of an earlier one.
/// Every option of docs/options.md can be given to `set()`; the `with_` functions are the usual
/// ones by name. The forms are those of docs/connecting.md.
///
/// Ownership: a value; copies share token providers alone.
/// Threads: as a value; providers are called from any thread.
/// Errors: `ConfigurationError` where an option or its value is none, at once; what is missing or
/// contradicts is found when a `Connector` is made. Secrets are in no error.
/// Cost: no network traffic.
class DBSQL_EXPORT ConnectorOptions {
 public:
  ConnectorOptions();
  ConnectorOptions(const ConnectorOptions& other);
  ConnectorOptions(ConnectorOptions&& other) noexcept;
  ConnectorOptions& operator=(ConnectorOptions other) noexcept;
  ~ConnectorOptions();

  /// Reads a DSN of the Go driver, a `databricks://` URI, a JDBC URL or an ODBC string.
  static ConnectorOptions from_text(std::string_view text);

  /// Reads names and values; names are our own or those of the Python, Node and ADBC drivers.
  /// \throws ConfigurationError  also where two names of one option have different values
  static ConnectorOptions from_map(const std::map<std::string, std::string>& options);

  /// Reads `DATABRICKS_*` variables and, where they name a profile or say nothing, the profile
  /// file, in the way of Databricks' SDKs (reference/auth-http-config.md 1.8).
  static ConnectorOptions from_environment();

  /// Reads a profile of `~/.databrickscfg`.
  /// \param profile  empty = `DATABRICKS_CONFIG_PROFILE`, else the file's default profile
  /// \param file     empty = `DATABRICKS_CONFIG_FILE`, else `~/.databrickscfg`
  /// \throws ConfigurationError  the file has no such profile
  static ConnectorOptions from_profile(std::string_view profile = {}, std::string_view file = {});

  /// Sets any option, by the names that `from_map` takes; an empty value takes it away. Also
  /// `session.NAME` and `http.header.NAME`.
  /// \throws ConfigurationError  an unknown option (naming the nearest one) or a value it cannot
  /// have
  ConnectorOptions& set(std::string_view key, std::string_view value);

  /// Whether an option has been given, by any of its names; not whether its value is good.
  bool has(std::string_view key) const;

  /// A host name, or the whole address of a page of the workspace.
  ConnectorOptions& with_host(std::string_view host);
  ConnectorOptions& with_port(int port);
  ConnectorOptions& with_http_path(std::string_view path);
  ConnectorOptions& with_warehouse_id(std::string_view id);  ///< in place of a path
  ConnectorOptions& with_catalog(std::string_view catalog);
  ConnectorOptions& with_schema(std::string_view schema);
  ConnectorOptions& with_session_setting(std::string_view name, std::string_view value);
  ConnectorOptions& with_user_agent_entry(std::string_view entry);

  /// A personal access token, or any other ready-made one.
  ConnectorOptions& with_access_token(std::string_view token);
  /// A service principal and its secret: OAuth for machines.
  ConnectorOptions& with_client_credentials(std::string_view client_id, std::string_view secret);

  // Tokens of the program's own making (docs/token-providers.md). Each takes the place of the one
  // before, and none goes with another way to authenticate. Tokens are kept and renewed by the
  // connector: a provider need not cache.

  /// \throws ConfigurationError  there is no provider
  ConnectorOptions& with_token_provider(std::shared_ptr<TokenProvider> provider);
  /// A function that brings a token; it may be called from any thread, and may throw.
  ConnectorOptions& with_external_token(ExternalTokenProvider::Callback callback);
  /// One token for good, that is neither renewed nor asked for again.
  ConnectorOptions& with_static_token(Token token);
  ConnectorOptions& with_static_token(std::string_view token);
  /// Tokens of another issuer, exchanged for tokens of the workspace.
  /// \param client_id  the service principal to become; empty = account-wide federation
  ConnectorOptions& with_federated_token_provider(std::shared_ptr<TokenProvider> provider,
                                                  std::string_view client_id = {});

  /// Gets a copy of everything that connections tell about their use, or would tell if telemetry
  /// were on (docs/telemetry.md). Null = none.
  ConnectorOptions& with_telemetry_sink(std::shared_ptr<TelemetrySink> sink);

  /// Which value each option has and where it came from, one line each, secrets masked:
  /// `catalog = main  (DSN)`. Options nobody gave are listed with their defaults.
  std::vector<std::string> report() const;

  /// How a connection proves who it is: which methods were looked at, which one is used, and why
  /// the others are not. Nothing is sent, but with `auth.type=unified` the methods that rest on a
  /// sign-in of this machine are asked for a token to find out, within `context`.
  /// \return `failure` tells what is wrong with the credentials, if anything
  /// \throws ConfigurationError            something else is wrong, for instance there is no host
  /// \throws TimeoutError, CancelledError  by `context`
  AuthExplanation explain_auth(const TokenContext& context = {}) const;

  /// What connections would tell about their use, to whom, and why. Nothing is sent, and nobody is
  /// asked. \throws ConfigurationError  the options make no connection
  TelemetryExplanation explain_telemetry() const;

  /// Goes the way that a connection goes, step by step, and says where it ends: name service,
  /// network, proxy, certificates, clock, credentials, warehouse, statement, storage. It runs
  /// `SELECT 1` and one query that reads no table.
  /// \throws CancelledError  by `options.stop`; all else is in the steps
  Diagnosis diagnose(const DiagnosisOptions& options = {}) const;

  /// The connection as a DSN, secrets masked. \throws ConfigurationError  it is not complete
  std::string to_string() const;

  /// Every option with its meaning, as plain text.
  static std::string help();

  class Impl;  ///< internal

 private:
  friend class Connector;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql
