#include "telemetry/tags.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dbsql::telemetry {
namespace {

constexpr RecordKinds kConnection = RecordKinds{} | RecordKind::Connection;
constexpr RecordKinds kVolume = RecordKinds{} | RecordKind::Volume;
constexpr RecordKinds kOperation = RecordKind::Statement | RecordKind::Volume;
constexpr RecordKinds kKnown = kOperation | RecordKind::Connection | RecordKind::SessionEnd;
constexpr RecordKinds kEvery = kKnown | RecordKind::Unauthenticated;

constexpr auto kTags = std::to_array<TagRow>({
    {Tag::WorkspaceId, "workspace.id", "workspace_id", ValueKind::Integer, Scope::Databricks,
     kKnown, "the workspace, where the path names it"},
    {Tag::EventId, "event.id", "frontend_log_event_id", ValueKind::Id, Scope::Databricks, kEvery,
     "random, so that a record sent twice counts once"},
    {Tag::EventTime, "event.time", "context.client_context.timestamp_millis", ValueKind::Integer,
     Scope::Databricks, kEvery, "when it ended, Unix milliseconds"},
    {Tag::UserAgent, "client.user_agent", "context.client_context.user_agent", ValueKind::Text,
     Scope::Databricks, kEvery,
     "the User-Agent of the connection's requests; without the program's own entry where nobody is "
     "known to have sent it"},
    {Tag::SessionId, "session.id", "entry.sql_driver_log.session_id", ValueKind::Id,
     Scope::Databricks, kKnown, "the server's id of the session"},
    {Tag::StatementId, "statement.id", "entry.sql_driver_log.sql_statement_id", ValueKind::Id,
     Scope::Databricks, kOperation, "the server's id of the statement"},
    {Tag::DriverVersion, "driver.version",
     "entry.sql_driver_log.system_configuration.driver_version", ValueKind::Text, Scope::All,
     kConnection, "version of this library"},
    {Tag::RuntimeName, "driver.runtime", "entry.sql_driver_log.system_configuration.runtime_name",
     ValueKind::Text, Scope::All, kConnection, "the language"},
    {Tag::RuntimeVersion, "runtime.version",
     "entry.sql_driver_log.system_configuration.runtime_version", ValueKind::Text,
     Scope::Databricks, kConnection, "compiler that built the library"},
    {Tag::RuntimeVendor, "runtime.vendor",
     "entry.sql_driver_log.system_configuration.runtime_vendor", ValueKind::Text, Scope::Databricks,
     kConnection, "its standard library"},
    {Tag::OsName, "driver.os", "entry.sql_driver_log.system_configuration.os_name", ValueKind::Text,
     Scope::All, kConnection, "operating system"},
    {Tag::OsVersion, "os.version", "entry.sql_driver_log.system_configuration.os_version",
     ValueKind::Text, Scope::Databricks, kConnection, "its release"},
    {Tag::OsArch, "os.arch", "entry.sql_driver_log.system_configuration.os_arch", ValueKind::Text,
     Scope::Databricks, kConnection, "processor architecture"},
    {Tag::DriverName, "driver.name", "entry.sql_driver_log.system_configuration.driver_name",
     ValueKind::Text, Scope::Databricks, kConnection, "name of this library"},
    {Tag::ClientAppName, "client.app_name",
     "entry.sql_driver_log.system_configuration.client_app_name", ValueKind::Text,
     Scope::Databricks, kConnection,
     "what the program calls itself by `user_agent_entry`; secrets removed"},
    {Tag::LocaleName, "client.locale", "entry.sql_driver_log.system_configuration.locale_name",
     ValueKind::Text, Scope::Databricks, kConnection, "language and country of the environment"},
    {Tag::CharSetEncoding, "client.char_set",
     "entry.sql_driver_log.system_configuration.char_set_encoding", ValueKind::Text,
     Scope::Databricks, kConnection, "always UTF-8"},
    {Tag::ProcessName, "process.name", "entry.sql_driver_log.system_configuration.process_name",
     ValueKind::Text, Scope::Databricks, kConnection,
     "file name of the running program, without folder, extension and arguments; "
     "`telemetry.process_name=false` leaves it out"},
    {Tag::HttpPath, "connection.http_path",
     "entry.sql_driver_log.driver_connection_params.http_path", ValueKind::Text, Scope::Databricks,
     kConnection,
     "path of the warehouse or cluster, without its query; `other` for any other path"},
    {Tag::Mode, "connection.mode", "entry.sql_driver_log.driver_connection_params.mode",
     ValueKind::Word, Scope::Databricks, kConnection, "protocol: THRIFT or SEA"},
    {Tag::HostUrl, "connection.host",
     "entry.sql_driver_log.driver_connection_params.host_info.host_url", ValueKind::Text,
     Scope::Databricks, kConnection, "host of the workspace"},
    {Tag::HostPort, "connection.port",
     "entry.sql_driver_log.driver_connection_params.host_info.port", ValueKind::Integer,
     Scope::Databricks, kConnection, "its port"},
    {Tag::UseProxy, "connection.use_proxy",
     "entry.sql_driver_log.driver_connection_params.use_proxy", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether a proxy leads to the workspace"},
    {Tag::AuthMech, "auth.mech", "entry.sql_driver_log.driver_connection_params.auth_mech",
     ValueKind::Word, Scope::Databricks, kConnection, "kind of credentials: PAT, OAUTH, OTHER"},
    {Tag::AuthFlow, "auth.flow", "entry.sql_driver_log.driver_connection_params.auth_flow",
     ValueKind::Word, Scope::Databricks, kConnection, "how an OAuth token is had"},
    {Tag::AuthScope, "auth.scope", "entry.sql_driver_log.driver_connection_params.auth_scope",
     ValueKind::Text, Scope::Databricks, kConnection, "OAuth scope, where it is a well-known one"},
    {Tag::UseSystemProxy, "connection.use_system_proxy",
     "entry.sql_driver_log.driver_connection_params.use_system_proxy", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether the environment says so"},
    {Tag::ProxyAuthType, "connection.proxy_auth",
     "entry.sql_driver_log.driver_connection_params.proxy_host_info.proxy_auth_type",
     ValueKind::Word, Scope::Databricks, kConnection,
     "how one proves who one is to the proxy; never its name"},
    {Tag::HttpConnectionPoolSize, "http.pool_size",
     "entry.sql_driver_log.driver_connection_params.http_connection_pool_size", ValueKind::Integer,
     Scope::Databricks, kConnection, "connections that are kept"},
    {Tag::EnableComplexDatatypeSupport, "option.complex_types",
     "entry.sql_driver_log.driver_connection_params.enable_complex_datatype_support",
     ValueKind::Boolean, Scope::Databricks, kConnection, "whether nested values come as such"},
    {Tag::AllowSelfSignedSupport, "tls.allow_self_signed",
     "entry.sql_driver_log.driver_connection_params.allow_self_signed_support", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether certificates go unchecked"},
    {Tag::UseSystemTrustStore, "tls.system_trust_store",
     "entry.sql_driver_log.driver_connection_params.use_system_trust_store", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether the system's authorities are trusted"},
    {Tag::RowsFetchedPerBlock, "option.rows_per_fetch",
     "entry.sql_driver_log.driver_connection_params.rows_fetched_per_block", ValueKind::Integer,
     Scope::Databricks, kConnection, "`result.max_rows_per_fetch`"},
    {Tag::EnableTokenCache, "auth.token_cache",
     "entry.sql_driver_log.driver_connection_params.enable_token_cache", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether tokens are kept between runs"},
    {Tag::EnableArrow, "option.arrow", "entry.sql_driver_log.driver_connection_params.enable_arrow",
     ValueKind::Boolean, Scope::Databricks, kConnection, "`result.arrow`"},
    {Tag::EnableDirectResults, "option.direct_results",
     "entry.sql_driver_log.driver_connection_params.enable_direct_results", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether first rows may come with the first answer"},
    {Tag::EnableJwtAssertion, "auth.jwt_assertion",
     "entry.sql_driver_log.driver_connection_params.enable_jwt_assertion", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether a signed assertion proves the identity"},
    {Tag::JwtAlgorithm, "auth.jwt_algorithm",
     "entry.sql_driver_log.driver_connection_params.jwt_algorithm", ValueKind::Word,
     Scope::Databricks, kConnection, "with which algorithm it is signed"},
    {Tag::SocketTimeout, "http.request_timeout",
     "entry.sql_driver_log.driver_connection_params.socket_timeout", ValueKind::Integer,
     Scope::Databricks, kConnection, "`http.request_timeout`, in seconds"},
    {Tag::QueryTags, "option.query_tags",
     "entry.sql_driver_log.driver_connection_params.query_tags", ValueKind::Text, Scope::Databricks,
     kConnection, "the session's query tags, with `telemetry.query_tags=true` only"},
    {Tag::EnableMetricViewMetadata, "option.metric_views",
     "entry.sql_driver_log.driver_connection_params.enable_metric_view_metadata",
     ValueKind::Boolean, Scope::Databricks, kConnection, "`metadata.metric_views`"},
    {Tag::AutoCommit, "option.auto_commit",
     "entry.sql_driver_log.driver_connection_params.auto_commit", ValueKind::Boolean,
     Scope::Databricks, kConnection, "whether each statement begins as a transaction of its own"},
    {Tag::FetchAutoCommitFromServer, "option.fetch_auto_commit",
     "entry.sql_driver_log.driver_connection_params.fetch_auto_commit_from_server",
     ValueKind::Boolean, Scope::Databricks, kConnection, "whether the server is asked about that"},
    {Tag::AuthType, "auth.type", "entry.sql_driver_log.auth_type", ValueKind::Word,
     Scope::Databricks, kConnection, "the way to authenticate, `auth.type`"},
    {Tag::VolumeOperation, "volume.operation",
     "entry.sql_driver_log.vol_operation.volume_operation_type", ValueKind::Word, Scope::Databricks,
     kVolume, "PUT, GET or DELETE; neither path nor file"},
    {Tag::StatementType, "statement.type", "entry.sql_driver_log.sql_operation.statement_type",
     ValueKind::Word, Scope::Databricks, kOperation,
     "QUERY, SQL, UPDATE, METADATA or VOLUME, by the call that was used"},
    {Tag::ResultFormat, "result.format", "entry.sql_driver_log.sql_operation.execution_result",
     ValueKind::Word, Scope::Databricks, kOperation,
     "how rows came: inline Arrow, inline columns, links to files"},
    {Tag::IsCompressed, "result.compression_enabled",
     "entry.sql_driver_log.sql_operation.is_compressed", ValueKind::Boolean, Scope::Databricks,
     kOperation, "whether rows came compressed"},
    {Tag::ChunkId, "chunk.id", "entry.sql_driver_log.sql_operation.chunk_id", ValueKind::Integer,
     Scope::Databricks, kOperation, "number of the file that could not be had"},
    {Tag::RetryCount, "chunk.retries", "entry.sql_driver_log.sql_operation.retry_count",
     ValueKind::Integer, Scope::Databricks, kOperation, "downloads that had to be repeated"},
    {Tag::ChunksPresent, "result.chunk_count",
     "entry.sql_driver_log.sql_operation.chunk_details.total_chunks_present", ValueKind::Integer,
     Scope::Databricks, kOperation, "files of the result, as far as known"},
    {Tag::ChunksIterated, "chunk.iterated",
     "entry.sql_driver_log.sql_operation.chunk_details.total_chunks_iterated", ValueKind::Integer,
     Scope::Databricks, kOperation, "files that were read"},
    {Tag::ChunkInitialLatency, "chunk.initial_latency_ms",
     "entry.sql_driver_log.sql_operation.chunk_details.initial_chunk_latency_millis",
     ValueKind::Integer, Scope::Databricks, kOperation,
     "download and decompression of the first file"},
    {Tag::ChunkSlowestLatency, "chunk.slowest_latency_ms",
     "entry.sql_driver_log.sql_operation.chunk_details.slowest_chunk_latency_millis",
     ValueKind::Integer, Scope::Databricks, kOperation, "the same of the slowest"},
    {Tag::ChunkSumLatency, "chunk.sum_latency_ms",
     "entry.sql_driver_log.sql_operation.chunk_details.sum_chunks_download_time_millis",
     ValueKind::Integer, Scope::Databricks, kOperation, "the same of all together"},
    {Tag::ReadyLatency, "result.ready_latency_ms",
     "entry.sql_driver_log.sql_operation.result_latency.result_set_ready_latency_millis",
     ValueKind::Integer, Scope::Databricks, kOperation, "from the call to the first rows"},
    {Tag::ConsumptionLatency, "result.consumption_latency_ms",
     "entry.sql_driver_log.sql_operation.result_latency.result_set_consumption_latency_millis",
     ValueKind::Integer, Scope::Databricks, kOperation,
     "from the first row that was asked for to the last"},
    {Tag::OperationType, "operation.type",
     "entry.sql_driver_log.sql_operation.operation_detail.operation_type", ValueKind::Word,
     Scope::Databricks, kEvery, "what was done, for instance EXECUTE_STATEMENT"},
    {Tag::PollCount, "poll.count",
     "entry.sql_driver_log.sql_operation.operation_detail.n_operation_status_calls",
     ValueKind::Integer, Scope::Databricks, kOperation,
     "how often the server was asked whether it has finished"},
    {Tag::PollLatency, "poll.latency_ms",
     "entry.sql_driver_log.sql_operation.operation_detail.operation_status_latency_millis",
     ValueKind::Integer, Scope::Databricks, kOperation, "time that this took, without the pauses"},
    {Tag::IsInternalCall, "operation.internal",
     "entry.sql_driver_log.sql_operation.operation_detail.is_internal_call", ValueKind::Boolean,
     Scope::Databricks, kOperation, "the library's own statement, not the program's"},
    {Tag::ErrorName, "error.type", "entry.sql_driver_log.error_info.error_name", ValueKind::Word,
     Scope::Databricks, kEvery, "what kind of failure, one word; never a message"},
    {Tag::OperationLatency, "operation.latency_ms", "entry.sql_driver_log.operation_latency_ms",
     ValueKind::Integer, Scope::Databricks, kKnown, "how long it took, in milliseconds"},
    {Tag::ServerAddress, "server.address", "", ValueKind::Text, Scope::Local, kConnection,
     "host of the workspace"},
    {Tag::FeatureCloudFetch, "feature.cloudfetch", "", ValueKind::Boolean, Scope::Databricks,
     kConnection, "whether results may come as files; the records have no place for it yet"},
    {Tag::FeatureLz4, "feature.lz4", "", ValueKind::Boolean, Scope::Databricks, kConnection,
     "whether results may come compressed; no place for it yet"},
    {Tag::BytesDownloaded, "result.bytes_downloaded", "", ValueKind::Integer, Scope::Databricks,
     kOperation, "bytes of the result on the wire; no place for it yet"},
});

constexpr bool is_in_the_order_of_tags() {
  for (std::size_t i = 0; i < kTags.size(); ++i) {
    if (static_cast<std::size_t>(kTags[i].tag) != i) return false;
  }
  return true;
}
static_assert(is_in_the_order_of_tags());

}  // namespace

std::span<const TagRow> tags() noexcept { return kTags; }

const TagRow& row_of(Tag tag) noexcept { return kTags[static_cast<std::size_t>(tag)]; }

bool is_exportable(RecordKind kind, std::string_view name) noexcept {
  return std::any_of(kTags.begin(), kTags.end(), [&](const TagRow& row) {
    return row.name == name && includes(row.records, kind) &&
           includes(row.scope, Scope::Databricks);
  });
}

std::string_view to_word(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::Id:
      return "id";
    case ValueKind::Word:
      return "word of a list";
    case ValueKind::Text:
      return "text";
    case ValueKind::Integer:
      return "number";
    case ValueKind::Boolean:
      return "true or false";
  }
  return {};
}

bool is_sent(const TagRow& row) noexcept {
  return !row.path.empty() && includes(row.scope, Scope::Databricks);
}

}  // namespace dbsql::telemetry
