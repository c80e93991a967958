#include <dbsql/connector_options.h>
#include <dbsql/error.h>

#include "base/text.h"
#include "config/connection_text.h"
#include "config/dsn.h"
#include "config/environment.h"
#include "config/option_help.h"
#include "config/option_names.h"
#include "session/connector_options_impl.h"
#include "session/diagnosis.h"
#include "session/explain_auth.h"
#include "session/explain_telemetry.h"

#include <utility>

namespace dbsql {
namespace {

using config::Dialect;
using config::OptionSet;
using config::Repeat;

constexpr const char* kSet = "set()";

/// Text that must be there: an empty one is a variable that was not set.
std::string_view required(std::string_view text, std::string_view what) {
  if (text.empty()) {
    throw_error({.kind = ErrorKind::Configuration, .message = base::concat(what, ": it is empty")});
  }
  return text;
}

template <class Pointer>
Pointer required_provider(Pointer provider, std::string_view what) {
  if (!provider) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat(what, ": there is no provider")});
  }
  return provider;
}

}  // namespace

config::OptionSet ConnectorOptions::Impl::resolved() const {
  OptionSet all = options;
  config::resolve(all, config::process_environment());
  if (!provider) return all;
  // A profile that leaves the method open leaves it to the provider.
  const auto* type = all.find("auth.type");
  if (type != nullptr && type->value != "unified") {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("a token provider and auth.type ", type->value,
                                         " exclude each other; leave one out")});
  }
  all.erase("auth.type");
  return all;
}

config::ConnectionConfig ConnectorOptions::Impl::build() const {
  return resolved().build(provider ? config::AuthType::Provider : config::AuthType::Unspecified);
}

ConnectorOptions::ConnectorOptions() : impl_(std::make_unique<Impl>()) {}
ConnectorOptions::ConnectorOptions(const ConnectorOptions& other)
    : impl_(std::make_unique<Impl>(*other.impl_)) {}
ConnectorOptions::ConnectorOptions(ConnectorOptions&& other) noexcept = default;
ConnectorOptions& ConnectorOptions::operator=(ConnectorOptions other) noexcept {
  impl_.swap(other.impl_);
  return *this;
}
ConnectorOptions::~ConnectorOptions() = default;

ConnectorOptions ConnectorOptions::from_text(std::string_view text) {
  ConnectorOptions options;
  options.impl_->options = config::read_connection_text(text);
  return options;
}

ConnectorOptions ConnectorOptions::from_map(const std::map<std::string, std::string>& options) {
  ConnectorOptions built;
  for (const auto& [key, value] : options)
    built.impl_->options.set_known(Dialect::Canonical, key, value, "map");
  return built;
}

ConnectorOptions ConnectorOptions::from_environment() {
  ConnectorOptions options;
  options.impl_->options.set_key("auth.type", "unified", "from_environment()");
  options.impl_->options = options.impl_->resolved();
  return options;
}

ConnectorOptions ConnectorOptions::from_profile(std::string_view profile, std::string_view file) {
  ConnectorOptions options;
  options.impl_->options = config::from_profile(profile, file, config::process_environment());
  return options;
}

ConnectorOptions& ConnectorOptions::set(std::string_view key, std::string_view value) {
  if (!value.empty()) {
    impl_->options.set_known(Dialect::Canonical, key, value, kSet, Repeat::Replace);
  } else {
    impl_->options.remove(Dialect::Canonical, key);
  }
  return *this;
}

bool ConnectorOptions::has(std::string_view key) const {
  const auto name = config::find_name(Dialect::Canonical, key);
  return name && impl_->options.has(name->option->key);
}

ConnectorOptions& ConnectorOptions::with_host(std::string_view host) {
  impl_->options.set_key("host", required(host, "with_host()"), "with_host()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_port(int port) {
  impl_->options.set_key("port", std::to_string(port), "with_port()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_http_path(std::string_view path) {
  impl_->options.set_key("http_path", required(path, "with_http_path()"), "with_http_path()",
                         Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_warehouse_id(std::string_view id) {
  impl_->options.set_key("warehouse_id", required(id, "with_warehouse_id()"), "with_warehouse_id()",
                         Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_catalog(std::string_view catalog) {
  impl_->options.set_key("catalog", catalog, "with_catalog()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_schema(std::string_view schema) {
  impl_->options.set_key("schema", schema, "with_schema()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_session_setting(std::string_view name,
                                                         std::string_view value) {
  impl_->options.set_session(name, value, "with_session_setting()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_user_agent_entry(std::string_view entry) {
  impl_->options.set_key("user_agent_entry", entry, "with_user_agent_entry()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_access_token(std::string_view token) {
  impl_->options.set_key("auth.token", required(token, "with_access_token()"),
                         "with_access_token()", Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_client_credentials(std::string_view client_id,
                                                            std::string_view secret) {
  constexpr const char* kOrigin = "with_client_credentials()";
  required(client_id, kOrigin);
  required(secret, kOrigin);
  impl_->options.set_key("auth.client_id", client_id, kOrigin, Repeat::Replace);
  impl_->options.set_key("auth.client_secret", secret, kOrigin, Repeat::Replace);
  return *this;
}

ConnectorOptions& ConnectorOptions::with_token_provider(std::shared_ptr<TokenProvider> provider) {
  impl_->provider = required_provider(std::move(provider), "with_token_provider()");
  impl_->federation_client_id.reset();
  return *this;
}

ConnectorOptions& ConnectorOptions::with_external_token(ExternalTokenProvider::Callback callback) {
  return with_token_provider(std::make_shared<ExternalTokenProvider>(std::move(callback)));
}

ConnectorOptions& ConnectorOptions::with_static_token(Token token) {
  return with_token_provider(std::make_shared<StaticTokenProvider>(std::move(token)));
}

ConnectorOptions& ConnectorOptions::with_static_token(std::string_view token) {
  Token value;
  value.access_token = token;
  return with_static_token(std::move(value));
}

ConnectorOptions& ConnectorOptions::with_federated_token_provider(
    std::shared_ptr<TokenProvider> provider, std::string_view client_id) {
  with_token_provider(std::move(provider));
  impl_->federation_client_id = client_id;
  return *this;
}

ConnectorOptions& ConnectorOptions::with_telemetry_sink(std::shared_ptr<TelemetrySink> sink) {
  impl_->telemetry_sink = std::move(sink);
  return *this;
}

std::vector<std::string> ConnectorOptions::report() const {
  std::vector<std::string> lines = impl_->resolved().report();
  if (impl_->provider) {
    const bool is_exchanged = impl_->federation_client_id.has_value();
    const std::string name = impl_->provider->name();
    lines.push_back(base::concat("auth.type = token-provider  (",
                                 is_exchanged ? base::concat("federation[", name, "]") : name,
                                 ')'));
  }
  return lines;
}

AuthExplanation ConnectorOptions::explain_auth(const TokenContext& context) const {
  return session::explain_auth(*impl_, context);
}

TelemetryExplanation ConnectorOptions::explain_telemetry() const {
  return session::explain_telemetry(*impl_);
}

Diagnosis ConnectorOptions::diagnose(const DiagnosisOptions& options) const {
  return session::diagnose(*impl_, options);
}

std::string ConnectorOptions::to_string() const { return config::to_dsn(impl_->build()); }

std::string ConnectorOptions::help() { return config::option_help(); }

}  // namespace dbsql
