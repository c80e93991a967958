#include "config/options.h"

#include <dbsql/error.h>

#include "base/redact.h"
#include "base/text.h"
#include "config/values.h"
#include "http/url.h"

#include <algorithm>
#include <array>

namespace dbsql::config {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

std::string boolean_text(bool value) { return value ? "true" : "false"; }

void require_no_telemetry(const OptionValue& value) {
  if (value.boolean) {
    fail("enableTelemetry: this version has no telemetry; set it to false or leave it out");
  }
}

// The Go dialect takes an unknown type for an absent one (reference/auth-http-config.md 1.1).
void set_auth_type(ConnectionConfig& config, const OptionValue& value) {
  const std::string type = base::to_lower(value.text);
  if (type.starts_with("oauth")) {
    fail(base::concat("authType ", type,
                      ": OAuth is not available in this version; use a personal access token"));
  }
  config.auth_type = type == "pat"     ? AuthType::Token
                     : type == "basic" ? AuthType::Basic
                     : type == "none"  ? AuthType::None
                                       : AuthType::Unspecified;
}

[[noreturn]] void refuse_oauth(ConnectionConfig&, const OptionValue&) {
  fail(
      "clientId and clientSecret: OAuth is not available in this version; use a personal access "
      "token");
}

[[noreturn]] void refuse_telemetry(ConnectionConfig&, const OptionValue&) {
  fail("this version has no telemetry: leave out the options that begin with telemetry_");
}

void set_tls_verify(ConnectionConfig& config, const OptionValue& value) {
  using Verify = http::TlsOptions::Verify;
  config.tls.verify = value.text == "full" ? Verify::Full
                      : value.text == "ca" ? Verify::Ca
                                           : Verify::None;
}

std::string tls_verify_text(const ConnectionConfig& config) {
  switch (config.tls.verify) {
    case http::TlsOptions::Verify::Full:
      return "full";
    case http::TlsOptions::Verify::Ca:
      return "ca";
    case http::TlsOptions::Verify::None:
      return "none";
  }
  return {};
}

void set_warehouse(ConnectionConfig& config, const OptionValue& value) {
  const std::string path = base::concat("/sql/1.0/warehouses/", http::percent_encode(value.text));
  if (!config.http_path.empty() && config.http_path != path) {
    fail("warehouseId names another warehouse than the http path; give one of them");
  }
  config.http_path = path;
}

void refuse_kernel(ConnectionConfig&, const OptionValue& value) {
  if (value.boolean)
    fail("useKernel: the REST protocol is not available in this version; leave it out");
}

void set_metric_views(ConnectionConfig& config, const OptionValue& value) {
  constexpr auto kConf = "spark.sql.thriftserver.metadata.metricview.enabled";
  if (value.boolean) config.session_confs[kConf] = "true";
}

void set_allowed_paths(ConnectionConfig& config, const OptionValue& value) {
  config.staging_allowed_paths.clear();
  for (const std::string_view path : base::split(value.text, ',')) {
    if (const auto trimmed = base::trim(path); !trimmed.empty())
      config.staging_allowed_paths.emplace_back(trimmed);
  }
}

std::string allowed_paths_text(const ConnectionConfig& config) {
  std::string text;
  for (const std::string& path : config.staging_allowed_paths)
    text += base::concat(text.empty() ? "" : ",", path);
  return text;
}

void no_effect(ConnectionConfig&, const OptionValue&) {}

void set_native_types(ConnectionConfig& config, const OptionValue& value) {
  const auto types = parse_native_types(value.text);
  if (!types) {
    fail(base::concat("result.native_types: '", value.text.substr(0, 100),
                      "' is neither all nor none nor a list of timestamp, decimal, nested, "
                      "interval and void"));
  }
  config.native_types = *types;
}

using Config = ConnectionConfig;
using Value = OptionValue;

// Telemetry, OAuth and the kernel are known so that their options are refused by name instead of
// being sent to the server as session settings, secrets included.
constexpr Option kOptions[] = {
    {.key = "auth.token",
     .go_names = "accessToken",
     .secret = true,
     .help = "personal access token",
     .store = [](Config& config, const Value& value) { config.token = value.text; }},
    {.key = "auth.type",
     .go_names = "authType",
     .help = "pat, basic for a Spark Thrift server, or none for a local warehouse; found out from "
             "the other options when absent",
     .store = set_auth_type,
     .text =
         [](const Config& config) {
           return std::string(config.auth_type == AuthType::Basic ? "basic" : "");
         }},
    {.key = "auth.user",
     .help = "user of a Spark Thrift server, in place of USER:PASSWORD@ before the host",
     .store = [](Config& config, const Value& value) { config.user = value.text; }},
    {.key = "auth.password",
     .secret = true,
     .help = "password of that user",
     .store = [](Config& config, const Value& value) { config.password = value.text; }},
    {.key = "auth.client_id",
     .go_names = "clientId clientID",
     .help = "OAuth client; not available in this version",
     .store = refuse_oauth},
    {.key = "auth.client_secret",
     .go_names = "clientSecret",
     .secret = true,
     .help = "OAuth client secret; not available in this version",
     .store = refuse_oauth},
    {.key = "warehouse_id",
     .go_names = "warehouseId",
     .help = "SQL warehouse, in place of the http path",
     .store = set_warehouse},
    {.key = "catalog",
     .go_names = "catalog",
     .help = "initial catalog",
     .store = [](Config& config, const Value& value) { config.catalog = value.text; },
     .text = [](const Config& config) { return config.catalog; }},
    {.key = "schema",
     .go_names = "schema",
     .help = "initial schema",
     .store = [](Config& config, const Value& value) { config.schema = value.text; },
     .text = [](const Config& config) { return config.schema; }},
    {.key = "user_agent_entry",
     .go_names = "userAgentEntry",
     .help = "the program's own name in the User-Agent, for instance acme+reports/1.2",
     .store = [](Config& config, const Value& value) { config.user_agent_entry = value.text; },
     .text = [](const Config& config) { return config.user_agent_entry; }},
    {.key = "query.timeout",
     .go_names = "timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "0s",
     .minimum = 0,
     .maximum = 365 * kDay,
     .help = "time after which the server stops a statement; 0 = none",
     .store =
         [](Config& config, const Value& value) {
           config.query_timeout =
               std::chrono::ceil<std::chrono::seconds>(milliseconds(value.number));
         },
     .text = [](const Config& config) { return duration_text(config.query_timeout); }},
    {.key = "query.tags",
     .help = "labels in the query history, for instance team:engineering,nightly; a backslash "
             "before a comma, colon or backslash that is part of a label",
     .store = [](Config& config, const Value& value) { config.query_tags = value.text; },
     .text = [](const Config& config) { return config.query_tags; }},
    {.key = "staging.allowed_paths",
     .help =
         "folders or files, with commas between, that PUT and GET of volumes may read and write "
         "here; none = no local file is touched",
     .store = set_allowed_paths,
     .text = allowed_paths_text},
    {.key = "query.keep_alive_interval",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "60s",
     .minimum = 0,
     .maximum = kDay,
     .help = "silence about an open statement after which the server is told that somebody still "
             "wants it; 0 = never",
     .store = [](Config& config,
                 const Value& value) { config.keep_alive_interval = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.keep_alive_interval); }},
    {.key = "result.max_rows_per_fetch",
     .go_names = "maxRows",
     .type = OptionType::Integer,
     .unit = "rows",
     .fallback = "100000",
     .minimum = 1,
     .maximum = 1'000'000'000,
     .go_skips_nonpositive = true,
     .help = "most rows in one page of a result",
     .store = [](Config& config, const Value& value) { config.max_rows_per_fetch = value.number; },
     .text = [](const Config& config) { return std::to_string(config.max_rows_per_fetch); }},
    {.key = "result.lz4",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "let the server compress results",
     .store = [](Config& config, const Value& value) { config.lz4 = value.boolean; },
     .text = [](const Config& config) { return boolean_text(config.lz4); }},
    {.key = "result.format",
     .type = OptionType::Choice,
     .fallback = "arrow",
     .choices = "arrow columns",
     .help = "how the server is asked to send rows; columns are slower and say less about types",
     .store = [](Config& config, const Value& value) { config.arrow = value.text == "arrow"; },
     .text = [](const Config& config) { return std::string(config.arrow ? "arrow" : "columns"); }},
    {.key = "result.native_types",
     .fallback = "all",
     .help =
         "all, none, or some of timestamp,decimal,nested,interval,void: what travels as an Arrow "
         "type of its own, not as text",
     .store = set_native_types,
     .text = [](const Config& config) { return native_types_text(config.native_types); }},
    {.key = "metadata.metric_views",
     .go_names = "enableMetricViewMetadata",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "show metric views in metadata calls",
     .store = set_metric_views},
    {.key = "cloudfetch.enabled",
     .go_names = "useCloudFetch",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "let large results be downloaded from cloud storage",
     .store = [](Config& config, const Value& value) { config.cloudfetch = value.boolean; },
     .text = [](const Config& config) { return boolean_text(config.cloudfetch); }},
    {.key = "cloudfetch.threads",
     .go_names = "maxDownloadThreads",
     .type = OptionType::Integer,
     .fallback = "0",
     .minimum = 0,
     .maximum = 64,
     .help = "parallel downloads of one result; 0 = as many as bring more bytes",
     .store =
         [](Config& config, const Value& value) {
           config.cloudfetch_threads = static_cast<int>(value.number);
         },
     .text = [](const Config& config) { return std::to_string(config.cloudfetch_threads); }},
    {.key = "result.memory_budget",
     .type = OptionType::Integer,
     .unit = "bytes",
     .fallback = "0",
     .minimum = 0,
     .maximum = std::int64_t{1} << 40,
     .help =
         "most memory for downloaded results of one connector; 0 = 256 MiB shared by the process",
     .store = [](Config& config, const Value& value) { config.memory_budget = value.number; },
     .text = [](const Config& config) { return std::to_string(config.memory_budget); }},
    {.key = "result.native_decimal",
     .go_names = "useArrowNativeDecimal",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "accepted for old connection strings: decimals are always exact",
     .store = no_effect},
    {.key = "protocol.kernel",
     .go_names = "useKernel",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "REST protocol; not available in this version",
     .store = refuse_kernel},
    {.key = "allow_insecure_http",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "permit http:// to other machines: whoever is on the way reads and changes everything",
     .store = [](Config& config,
                 const Value& value) { config.allow_insecure_http = value.boolean; },
     .text = [](const Config& config) { return boolean_text(config.allow_insecure_http); }},
    {.key = "http.connect_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "30s",
     .minimum = 1,
     .maximum = kHour,
     .help = "longest wait for a network connection, TLS included",
     .store = [](Config& config,
                 const Value& value) { config.connect_timeout = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.connect_timeout); }},
    {.key = "http.request_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "900s",
     .minimum = 0,
     .maximum = kDay,
     .help = "longest silence of the server; 0 = no limit",
     .store = [](Config& config,
                 const Value& value) { config.request_timeout = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.request_timeout); }},
    {.key = "retry.max_attempts",
     .type = OptionType::Integer,
     .fallback = "6",
     .minimum = 1,
     .maximum = 100,
     .help = "requests sent in all before a failure is reported; 1 = no retries",
     .store =
         [](Config& config, const Value& value) {
           config.retry.max_attempts = static_cast<int>(value.number);
         },
     .text = [](const Config& config) { return std::to_string(config.retry.max_attempts); }},
    {.key = "retry.wait_min",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "1s",
     .minimum = 1,
     .maximum = kHour,
     .help = "wait before the first retry; each further wait is twice as long",
     .store = [](Config& config,
                 const Value& value) { config.retry.wait_min = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.retry.wait_min); }},
    {.key = "retry.wait_max",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "60s",
     .minimum = 1,
     .maximum = kHour,
     .help = "longest wait between two attempts, unless the server asks for more",
     .store = [](Config& config,
                 const Value& value) { config.retry.wait_max = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.retry.wait_max); }},
    {.key = "retry.total_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "900s",
     .minimum = 0,
     .maximum = kDay,
     .help = "time from the first attempt after which none is made any more",
     .store = [](Config& config,
                 const Value& value) { config.retry.total_timeout = milliseconds(value.number); },
     .text = [](const Config& config) { return duration_text(config.retry.total_timeout); }},
    {.key = "retry.rate_limit_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "120s",
     .minimum = 0,
     .maximum = kDay,
     .help = "the same while the server answers nothing but 429",
     .store =
         [](Config& config, const Value& value) {
           config.retry.rate_limit_timeout = milliseconds(value.number);
         },
     .text = [](const Config& config) { return duration_text(config.retry.rate_limit_timeout); }},
    {.key = "tls.verify",
     .type = OptionType::Choice,
     .fallback = "full",
     .choices = "full ca none",
     .help =
         "what is checked of the server's certificate: trust and host name, trust alone, nothing",
     .store = set_tls_verify,
     .text = tls_verify_text},
    {.key = "tls.ca_file",
     .help = "PEM file of authorities to trust beside the system's",
     .store = [](Config& config, const Value& value) { config.tls.ca_file = value.text; },
     .text = [](const Config& config) { return config.tls.ca_file; }},
    {.key = "telemetry.enabled",
     .go_names = "enableTelemetry",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "this version has none: only false is accepted",
     .store = [](Config&, const Value& value) { require_no_telemetry(value); }},
    {.key = "telemetry.batch_size",
     .go_names = "telemetry_batch_size",
     .help = "not available in this version",
     .store = refuse_telemetry},
    {.key = "telemetry.flush_interval",
     .go_names = "telemetry_flush_interval",
     .help = "not available in this version",
     .store = refuse_telemetry},
    {.key = "telemetry.retry_count",
     .go_names = "telemetry_retry_count",
     .help = "not available in this version",
     .store = refuse_telemetry},
    {.key = "telemetry.retry_delay",
     .go_names = "telemetry_retry_delay",
     .help = "not available in this version",
     .store = refuse_telemetry},
};

/// What a wrong value is called in an error.
std::string shown(const Option& option, std::string_view text) {
  constexpr std::size_t kLongest = 100;
  if (option.secret) return "***";
  return base::concat('\'', base::redact(text.substr(0, kLongest)), '\'');
}

[[noreturn]] void fail_value(const Option& option, std::string_view name, std::string_view text,
                             std::string_view expected) {
  fail(base::concat(name, ": ", shown(option, text), " is not ", expected));
}

std::int64_t parse_integer(const Option& option, std::string_view name, std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number) fail_value(option, name, text, "a whole number");
  if (*number < option.minimum || *number > option.maximum) {
    fail_value(option, name, text,
               base::concat("within ", option.minimum, " and ", option.maximum));
  }
  return *number;
}

std::int64_t parse_time(const Option& option, std::string_view name, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration)
    fail_value(option, name, text, "a duration: seconds, or a number with ms, s, m or h");
  if (duration->count() < option.minimum || duration->count() > option.maximum) {
    fail_value(option, name, text,
               base::concat("within ", duration_text(milliseconds(option.minimum)), " and ",
                            duration_text(milliseconds(option.maximum))));
  }
  return duration->count();
}

std::string parse_choice(const Option& option, std::string_view name, std::string_view text) {
  const std::string word = base::to_lower(text);
  const auto words = base::split(option.choices, ' ');
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    fail_value(option, name, text, base::concat("one of: ", option.choices));
  }
  return word;
}

}  // namespace

std::span<const Option> options() noexcept { return kOptions; }

const Option* find_option(std::string_view key) noexcept {
  for (const Option& option : kOptions) {
    if (base::equals_ignore_case(option.key, key)) return &option;
  }
  return nullptr;
}

const Option* find_go_option(std::string_view name) noexcept {
  for (const Option& option : kOptions) {
    for (std::string_view names = option.go_names; !names.empty();) {
      const auto end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == name) return &option;
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return nullptr;
}

OptionValue parse_value(const Option& option, std::string_view name, std::string_view text) {
  OptionValue value;
  switch (option.type) {
    case OptionType::Text:
      value.text = text;
      break;
    case OptionType::Boolean: {
      const auto boolean = parse_boolean(text);
      if (!boolean) fail_value(option, name, text, "true or false");
      value.boolean = *boolean;
      break;
    }
    case OptionType::Integer:
      value.number = parse_integer(option, name, text);
      break;
    case OptionType::Duration:
      value.number = parse_time(option, name, text);
      break;
    case OptionType::Choice:
      value.text = parse_choice(option, name, text);
      break;
  }
  return value;
}

}  // namespace dbsql::config
