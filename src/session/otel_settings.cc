#include "session/otel_settings.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/curl_transport.h"
#include "http/url.h"
#include "http/user_agent.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql::session {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{3'000};
constexpr std::size_t kLongestAnswer = 512 << 10;
constexpr std::string_view kDefaultEndpoint = "http://localhost:4318";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

bool is_on(const config::OtelOptions& options, const base::EnvironmentLookup& environment) {
  if (!options.enabled.value_or(!options.endpoint.empty())) return false;
  // Whoever runs the program may forbid it, as with any use of OpenTelemetry.
  const auto disabled = environment("OTEL_SDK_DISABLED");
  return !disabled || !base::equals_ignore_case(*disabled, "true");
}

/// The option, or else the variable, or else what comes last.
std::string given(const std::string& option, const base::EnvironmentLookup& environment,
                  std::string_view variable, std::string_view otherwise = {}) {
  if (!option.empty()) return option;
  auto value = environment(variable);
  return value && !value->empty() ? *std::move(value) : std::string(otherwise);
}

http::Url endpoint_of(const std::string& text) {
  auto url = http::Url::parse(text);
  if (!url || (url->scheme != "http" && url->scheme != "https") || !url->query.empty())
    fail(
        "otel.endpoint is not the address of a collector; it must look like "
        "http://localhost:4318, without a user or a query. Keys belong into otel.headers");
  while (url->path.ends_with('/')) url->path.pop_back();
  return *std::move(url);
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

/// `name=value,name=value`, as OTEL_EXPORTER_OTLP_HEADERS has it. No value is ever shown.
http::Headers headers_in(std::string_view text) {
  http::Headers headers;
  for (const std::string_view piece : base::split(text, ',')) {
    const std::string_view pair = base::trim(piece);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view name = base::trim(pair.substr(0, equals));
    if (equals == std::string_view::npos || !is_header_name(name))
      fail("otel.headers must look like name=value,name=value");
    const auto value = http::percent_decode(base::trim(pair.substr(equals + 1)));
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    };
    if (!value || std::ranges::any_of(*value, is_control))
      fail(base::concat("otel.headers: the value of ", name, " cannot be sent"));
    headers.push_back({std::string(name), *value});
  }
  return headers;
}

void warn_if_open(const http::Url& url, const http::Headers& headers) {
  if (url.scheme == "https" || headers.empty() || http::is_loopback_host(url.host)) return;
  base::log(LogLevel::Warn, "otel",
            base::concat("otel.headers travel to ", url.host,
                         " without encryption; use https to keep them secret"));
}

std::shared_ptr<http::Transport> transport_of(const config::ConnectionConfig& config) {
  http::CurlOptions options = config.transport;
  options.connect_timeout = std::min(options.connect_timeout, kConnectTimeout);
  options.max_body_size = kLongestAnswer;
  // It proves to the workspace who one is, and to nobody else.
  options.tls.client_cert.clear();
  options.tls.client_key.clear();
  options.tls.client_key_password.clear();
  return std::make_shared<http::CurlTransport>(std::move(options));
}

}  // namespace

std::optional<otel::ExporterSettings> otel_settings_of(const config::ConnectionConfig& config,
                                                       const base::EnvironmentLookup& environment) {
  const config::OtelOptions& options = config.otel;
  if (!is_on(options, environment)) return std::nullopt;
  const http::Url url = endpoint_of(
      given(options.endpoint, environment, "OTEL_EXPORTER_OTLP_ENDPOINT", kDefaultEndpoint));
  otel::ExporterSettings settings;
  settings.endpoint = url.to_string();
  settings.headers = headers_in(given(options.headers, environment, "OTEL_EXPORTER_OTLP_HEADERS"));
  warn_if_open(url, settings.headers);
  settings.headers.push_back({"User-Agent", http::user_agent({})});
  settings.service_name =
      given(options.service_name, environment, "OTEL_SERVICE_NAME", program_invocation_short_name);
  settings.server_address = config.host;
  settings.tells_sql_text = options.tells_sql_text;
  settings.flush_interval = options.flush_interval;
  settings.metric_interval = options.metric_interval;
  settings.queue_size = static_cast<std::size_t>(options.queue_size);
  settings.transport = transport_of(config);
  return settings;
}

std::shared_ptr<otel::Exporter> exporter_of(const config::ConnectionConfig& config) {
  auto settings = otel_settings_of(config);
  return settings ? std::make_shared<otel::Exporter>(*std::move(settings)) : nullptr;
}

}  // namespace dbsql::session
