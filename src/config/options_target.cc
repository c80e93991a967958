#include <dbsql/error.h>

#include "config/metric_views.h"
#include "config/option_rows.h"

#include <algorithm>

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

void set_metric_views(Config& config, const Value& value) {
  if (value.boolean) config.session_confs[kMetricViewsConf] = "true";
}

void set_time_zone(Config& config, const Value& value) {
  const bool is_name = std::all_of(value.text.begin(), value.text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_+-:").find(c) != std::string_view::npos;
  });
  if (!is_name) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "timezone is not the name of a time zone, for instance Europe/Berlin"});
  }
  config.session_confs["timezone"] = value.text;
}

constexpr Option kTarget[] = {
    {.key = "host",
     .other_names = "server_hostname adbc.spark.host",
     .odbc_names = "Host Server",
     .profile_names = "host",
     .environment_names = "DATABRICKS_HOST DATABRICKS_SERVER_HOSTNAME",
     .help = "name of the workspace's host; a whole address from a browser will do",
     .store = store<&Config::host>},
    {.key = "port",
     .other_names = "_port adbc.spark.port",
     .jdbc_names = "port",
     .odbc_names = "Port",
     .type = OptionType::Integer,
     .fallback = "443",
     .minimum = 1,
     .maximum = 65'535,
     .help = "port of the host",
     .store = store<&Config::port>},
    {.key = "http_path",
     .other_names = "path adbc.spark.path",
     .jdbc_names = "httpPath",
     .odbc_names = "HTTPPath",
     .environment_names = "DATABRICKS_HTTP_PATH",
     .help = "path of the warehouse or cluster, for instance /sql/1.0/warehouses/abc123",
     .store = store<&Config::http_path>},
    {.key = "warehouse_id",
     .go_names = "warehouseId",
     .other_names = "adbc.databricks.warehouse_id",
     .profile_names = "warehouse_id",
     .environment_names = "DATABRICKS_WAREHOUSE_ID",
     .help = "SQL warehouse, in place of the http path",
     .store = store<&Config::warehouse_id>},
    {.key = "cluster_id",
     .profile_names = "cluster_id",
     .environment_names = "DATABRICKS_CLUSTER_ID",
     .help = "cluster, in place of the http path; needs org_id",
     .store = store<&Config::cluster_id>},
    {.key = "org_id",
     .other_names = "workspace_id",
     .profile_names = "workspace_id",
     .environment_names = "DATABRICKS_WORKSPACE_ID",
     .help = "number of the workspace on a host that several share; found in ?o= of its addresses",
     .store = store<&Config::org_id>},
    {.key = "scheme",
     .other_names = "adbc.http_options.tls.enabled?https:http http.tls.enabled?https:http",
     .jdbc_names = "ssl?https:http",
     .odbc_names = "SSL?https:http",
     .type = OptionType::Choice,
     .fallback = "https",
     .choices = "https http",
     .help = "http is for this machine only, unless allow_insecure_http is on",
     .store = store<&Config::scheme>},
    {.key = "allow_insecure_http",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "permit http:// to other machines: whoever is on the way reads and changes everything",
     .store = store<&Config::allow_insecure_http>,
     .text = text<&Config::allow_insecure_http>},
    {.key = "protocol",
     .go_names = "useKernel?sea",
     .other_names = "use_sea?sea use_kernel?sea adbc.databricks.protocol",
     .jdbc_names = "UseThriftClient?thrift:sea",
     .odbc_names = "UseThriftClient?thrift:sea",
     .type = OptionType::Choice,
     .fallback = "auto",
     .choices = "auto thrift sea",
     .help = "how to talk to the server; sea, the REST protocol, is not available in this version",
     .store = store<&Config::protocol>,
     .text = text<&Config::protocol>},
    {.key = "profile",
     .environment_names = "DATABRICKS_CONFIG_PROFILE",
     .help = "section of the profile file to take options from that are not given otherwise",
     .store = store<&Config::auth, &AuthOptions::profile>,
     .text = text<&Config::auth, &AuthOptions::profile>},
    {.key = "config_file",
     .environment_names = "DATABRICKS_CONFIG_FILE",
     .fallback = "~/.databrickscfg",
     .help = "the profile file",
     .store = [](Config&, const Value&) {}},
};

constexpr Option kSession[] = {
    {.key = "catalog",
     .go_names = "catalog",
     .other_names = "initialCatalog adbc.connection.catalog",
     .jdbc_names = "ConnCatalog",
     .odbc_names = "Catalog",
     .environment_names = "DATABRICKS_CATALOG",
     .help = "initial catalog",
     .store = store<&Config::catalog>,
     .text = text<&Config::catalog>},
    {.key = "schema",
     .go_names = "schema",
     .other_names = "initialSchema adbc.connection.db_schema",
     .jdbc_names = "ConnSchema",
     .odbc_names = "Schema Database",
     .environment_names = "DATABRICKS_SCHEMA",
     .help = "initial schema",
     .store = store<&Config::schema>,
     .text = text<&Config::schema>},
    {.key = "timezone",
     .go_names = "timezone",
     .jdbc_names = "TIMEZONE",
     .odbc_names = "SSP_timezone",
     .fallback = "the server's",
     .help = "zone in which TIMESTAMP values are read and shown, for instance Europe/Berlin",
     .store = set_time_zone},
    {.key = "query.tags",
     .other_names = "query_tags queryTags adbc.databricks.query_tags",
     .help = "labels in the query history, for instance team:engineering,nightly; a backslash "
             "before a comma, colon or backslash that is part of a label",
     .store = store<&Config::query_tags>,
     .text = text<&Config::query_tags>},
    {.key = "user_agent_entry",
     .go_names = "userAgentEntry",
     .other_names = "_user_agent_entry adbc.spark.user_agent_entry",
     .jdbc_names = "UserAgentEntry ApplicationName",
     .odbc_names = "UserAgentEntry",
     .help = "the program's own name in the User-Agent, for instance acme+reports/1.2",
     .store = store<&Config::user_agent_entry>,
     .text = text<&Config::user_agent_entry>},
    {.key = "connection.recovery",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "open another session when the server has forgotten the one of a connection, and run "
             "the call that found out once more; only where nothing is lost by it, see "
             "docs/pooling.md",
     .store = store<&Config::session_recovery>,
     .text = text<&Config::session_recovery>},
    {.key = "metadata.metric_views",
     .go_names = "enableMetricViewMetadata",
     .other_names = "enable_metric_view_metadata",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "show metric views in metadata calls",
     .store = set_metric_views},
};

}  // namespace

std::span<const Option> target_options() noexcept { return kTarget; }
std::span<const Option> session_options() noexcept { return kSession; }

}  // namespace dbsql::config
