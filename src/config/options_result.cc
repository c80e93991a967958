#include <dbsql/error.h>

#include "config/option_rows.h"

#include <utility>

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

void set_native_types(Config& config, const Value& value) {
  const auto types = parse_native_types(value.text);
  if (!types) {
    fail(base::concat("result.native_types: '", value.text.substr(0, 100),
                      "' is neither all nor none nor a list of timestamp, decimal, nested, "
                      "interval and void"));
  }
  config.native_types = *types;
}

void set_allowed_paths(Config& config, const Value& value) {
  config.staging_allowed_paths.clear();
  for (const std::string_view path : base::split(value.text, ',')) {
    if (const auto trimmed = base::trim(path); !trimmed.empty())
      config.staging_allowed_paths.emplace_back(trimmed);
  }
}

std::string allowed_paths_text(const Config& config) {
  std::string joined;
  for (const std::string& path : config.staging_allowed_paths)
    joined += base::concat(joined.empty() ? "" : ",", path);
  return joined;
}

void no_effect(Config&, const Value&) {}

constexpr Option kStatements[] = {
    {.key = "query.timeout",
     .go_names = "timeout",
     .other_names = "adbc.apache.statement.query_timeout_s",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "0s",
     .minimum = 0,
     .maximum = 365 * kDay,
     .help = "time after which the server stops a statement; 0 = none",
     .store = store<&Config::query_timeout>,
     .text = text<&Config::query_timeout>},
    {.key = "query.keep_alive_interval",
     .other_names = "adbc.databricks.fetch_heartbeat_interval",
     .odbc_names = "FetchHeartbeatInterval",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "60s",
     .minimum = 0,
     .maximum = kDay,
     .help = "silence about an open statement after which the server is told that somebody still "
             "wants it; 0 = never",
     .store = store<&Config::keep_alive_interval>,
     .text = text<&Config::keep_alive_interval>},
    {.key = "staging.allowed_paths",
     .other_names = "volume.allowed_local_paths staging_allowed_local_path",
     .jdbc_names = "VolumeOperationAllowedLocalPaths StagingAllowedLocalPaths",
     .odbc_names = "StagingAllowedLocalPaths",
     .help =
         "folders or files, with commas between, that PUT and GET of volumes may read and write "
         "here; none = no local file is touched",
     .store = set_allowed_paths,
     .text = allowed_paths_text},
};

constexpr Option kResults[] = {
    {.key = "result.max_rows_per_fetch",
     .go_names = "maxRows",
     .other_names = "query.max_rows adbc.apache.statement.batch_size",
     .jdbc_names = "RowsFetchedPerBlock",
     .odbc_names = "RowsFetchedPerBlock",
     .type = OptionType::Integer,
     .unit = "rows",
     .fallback = "100000",
     .minimum = 1,
     .maximum = 1'000'000'000,
     .go_skips_nonpositive = true,
     .help = "most rows in one page of a result",
     .store = store<&Config::max_rows_per_fetch>,
     .text = text<&Config::max_rows_per_fetch>},
    {.key = "result.lz4",
     .other_names = "enable_query_result_lz4_compression",
     .jdbc_names = "EnableQueryResultLZ4Compression",
     .odbc_names = "EnableQueryResultLZ4Compression",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "let the server compress results",
     .store = store<&Config::lz4>,
     .text = text<&Config::lz4>},
    {.key = "result.format",
     .jdbc_names = "EnableArrow?arrow:columns",
     .odbc_names = "EnableArrow?arrow:columns",
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
    {.key = "result.memory_budget",
     .type = OptionType::Integer,
     .unit = "bytes",
     .fallback = "0",
     .minimum = 0,
     .maximum = std::int64_t{1} << 40,
     .help =
         "most memory for downloaded results of one connector; 0 = 256 MiB shared by the process",
     .store = store<&Config::memory_budget>,
     .text = text<&Config::memory_budget>},
    {.key = "result.native_decimal",
     .go_names = "useArrowNativeDecimal",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "accepted for old connection strings: decimals are always exact",
     .store = no_effect},
    {.key = "cloudfetch.enabled",
     .go_names = "useCloudFetch",
     .other_names = "use_cloud_fetch adbc.databricks.cloudfetch.enabled",
     .jdbc_names = "EnableQueryResultDownload",
     .odbc_names = "EnableQueryResultDownload",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "let large results be downloaded from cloud storage",
     .store = store<&Config::cloudfetch>,
     .text = text<&Config::cloudfetch>},
    {.key = "cloudfetch.threads",
     .go_names = "maxDownloadThreads",
     .other_names = "max_download_threads download_thread_count",
     .jdbc_names = "cloudFetchThreadPoolSize",
     .odbc_names = "MaxNumResultFileDownloadThreads",
     .type = OptionType::Integer,
     .fallback = "0",
     .minimum = 0,
     .maximum = 64,
     .help = "parallel downloads of one result; 0 = as many as bring more bytes",
     .store = store<&Config::cloudfetch_threads>,
     .text = text<&Config::cloudfetch_threads>},
    {.key = "cloudfetch.stall_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "30s",
     .minimum = 1'000,
     .maximum = kHour,
     .help = "a download that brings nothing for so long is ended and begun anew",
     .store = store<&Config::cloudfetch_stall_timeout>,
     .text = text<&Config::cloudfetch_stall_timeout>},
};

}  // namespace

std::span<const Option> statement_options() noexcept { return kStatements; }
std::span<const Option> result_options() noexcept { return kResults; }

}  // namespace dbsql::config
