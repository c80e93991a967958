#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Otel = OtelOptions;
using Value = OptionValue;

void set_enabled(Config& config, const Value& value) { config.otel.enabled = value.boolean; }

std::string enabled_text(const Config& config) {
  return config.otel.enabled ? boolean_text(*config.otel.enabled) : std::string();
}

constexpr Option kOtel[] = {
    {.key = "otel.enabled",
     .go_names = "otelEnabled",
     .jdbc_names = "OTelEnabled",
     .odbc_names = "OTelEnabled",
     .type = OptionType::Boolean,
     .help = "true: send spans and metrics to a collector, also to the one that the standard "
             "OTEL_EXPORTER_OTLP_ variables name; not given: when there is otel.endpoint",
     .store = set_enabled,
     .text = enabled_text},
    {.key = "otel.endpoint",
     .go_names = "otelEndpoint",
     .jdbc_names = "OTelEndpoint",
     .odbc_names = "OTelEndpoint",
     .help = "the collector's address for OTLP over HTTP, such as http://localhost:4318; "
             "/v1/traces and /v1/metrics are added to it",
     .store = store<&Config::otel, &Otel::endpoint>,
     .text = text<&Config::otel, &Otel::endpoint>},
    {.key = "otel.headers",
     .go_names = "otelHeaders",
     .jdbc_names = "OTelHeaders",
     .odbc_names = "OTelHeaders",
     .secret = true,
     .help = "headers of requests to the collector, for instance its key: name=value,name=value; "
             "values percent-encoded",
     .store = store<&Config::otel, &Otel::headers>,
     .text = text<&Config::otel, &Otel::headers>},
    {.key = "otel.service_name",
     .go_names = "otelServiceName",
     .jdbc_names = "OTelServiceName",
     .odbc_names = "OTelServiceName",
     .help = "service.name of the spans and metrics; by default that of the running program",
     .store = store<&Config::otel, &Otel::service_name>,
     .text = text<&Config::otel, &Otel::service_name>},
    {.key = "otel.sql_text",
     .go_names = "otelSqlText",
     .jdbc_names = "OTelSqlText",
     .odbc_names = "OTelSqlText",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "tell the collector the text of each statement, with the values written in it",
     .store = store<&Config::otel, &Otel::tells_sql_text>,
     .text = text<&Config::otel, &Otel::tells_sql_text>},
    {.key = "otel.flush_interval",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "5s",
     .minimum = 100,
     .maximum = kHour,
     .help = "longest time until a span is sent",
     .store = store<&Config::otel, &Otel::flush_interval>,
     .text = text<&Config::otel, &Otel::flush_interval>},
    {.key = "otel.metric_interval",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "60s",
     .minimum = 0,
     .maximum = kHour,
     .help = "time between two reports of the metrics; 0: none",
     .store = store<&Config::otel, &Otel::metric_interval>,
     .text = text<&Config::otel, &Otel::metric_interval>},
    {.key = "otel.queue_size",
     .type = OptionType::Integer,
     .unit = "spans",
     .fallback = "2048",
     .minimum = 1,
     .maximum = 1'000'000,
     .help = "spans that may wait to be sent; further ones are dropped and counted",
     .store = store<&Config::otel, &Otel::queue_size>,
     .text = text<&Config::otel, &Otel::queue_size>},
};

}  // namespace

std::span<const Option> otel_options() noexcept { return kOtel; }

}  // namespace dbsql::config
