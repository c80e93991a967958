#include "telemetry/record.h"

#include "telemetry/redaction.h"

#include <algorithm>
#include <cstring>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kLongestText = 512;

template <class Word, std::size_t Size>
std::string_view word_at(const std::array<std::string_view, Size>& words, Word value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < Size ? words[index] : std::string_view();
}

Value text(std::string_view value) {
  return value.empty() ? Value() : Value(value.substr(0, std::min(value.size(), kLongestText)));
}

/// Durations and counts are never negative, whatever a clock did.
Value number(std::int64_t value) { return std::max<std::int64_t>(value, 0); }

Value number(const std::optional<std::int64_t>& value) { return value ? number(*value) : Value(); }

/// A count of which 0 says nothing.
Value count(std::int64_t value) { return value > 0 ? Value(value) : Value(); }

Value flag(const std::optional<bool>& value) { return value ? Value(*value) : Value(); }

std::int64_t unix_milliseconds(std::chrono::system_clock::time_point time) {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

Value value_of_envelope(Tag tag, const Record& record) {
  switch (tag) {
    case Tag::WorkspaceId:
      return record.connection->workspace_id ? count(*record.connection->workspace_id) : Value();
    case Tag::EventId:
      return text(record.event_id);
    case Tag::EventTime:
      return number(unix_milliseconds(record.operation.time));
    case Tag::UserAgent:
      return text(record.connection->user_agent);
    case Tag::SessionId:
      return text(record.operation.session_id.view());
    case Tag::StatementId:
      return text(record.operation.statement_id.view());
    default:
      return {};
  }
}

Value value_of_system(Tag tag, const SystemConfiguration& system) {
  switch (tag) {
    case Tag::DriverVersion:
      return text(system.driver_version);
    case Tag::RuntimeName:
      return text(system.runtime_name);
    case Tag::RuntimeVersion:
      return text(system.runtime_version);
    case Tag::RuntimeVendor:
      return text(system.runtime_vendor);
    case Tag::OsName:
      return text(system.os_name);
    case Tag::OsVersion:
      return text(system.os_version);
    case Tag::OsArch:
      return text(system.os_arch);
    case Tag::DriverName:
      return text(system.driver_name);
    case Tag::ClientAppName:
      return text(system.client_app_name);
    case Tag::LocaleName:
      return text(system.locale_name);
    case Tag::CharSetEncoding:
      return text(system.char_set_encoding);
    case Tag::ProcessName:
      return text(system.process_name);
    default:
      return {};
  }
}

Value value_of_parameter(Tag tag, const ConnectionParameters& parameters) {
  switch (tag) {
    case Tag::HttpPath:
      return text(parameters.http_path);
    case Tag::Mode:
      return text(to_word(parameters.mode));
    case Tag::HostUrl:
    case Tag::ServerAddress:
      return text(parameters.host);
    case Tag::HostPort:
      return number(parameters.port);
    case Tag::AuthMech:
      return text(to_word(parameters.auth_mech));
    case Tag::AuthFlow:
      return text(to_word(parameters.auth_flow));
    case Tag::AuthScope:
      return text(parameters.auth_scope);
    case Tag::AuthType:
      return text(parameters.auth_type);
    case Tag::ProxyAuthType:
      return text(to_word(parameters.proxy_auth));
    case Tag::JwtAlgorithm:
      return text(parameters.jwt_algorithm);
    case Tag::QueryTags:
      return text(parameters.query_tags);
    case Tag::SocketTimeout:  // whole seconds
      return parameters.socket_timeout ? number(parameters.socket_timeout->count() / 1000)
                                       : Value();
    case Tag::HttpConnectionPoolSize:
      return number(parameters.http_connection_pool_size);
    case Tag::RowsFetchedPerBlock:
      return number(parameters.rows_fetched_per_block);
    default:
      return {};
  }
}

Value value_of_switch(Tag tag, const ConnectionParameters& parameters) {
  switch (tag) {
    case Tag::UseProxy:
      return flag(parameters.use_proxy);
    case Tag::UseSystemProxy:
      return flag(parameters.use_system_proxy);
    case Tag::EnableComplexDatatypeSupport:
      return flag(parameters.enable_complex_datatype_support);
    case Tag::AllowSelfSignedSupport:
      return flag(parameters.allow_self_signed_support);
    case Tag::UseSystemTrustStore:
      return flag(parameters.use_system_trust_store);
    case Tag::EnableTokenCache:
      return flag(parameters.enable_token_cache);
    case Tag::EnableArrow:
      return flag(parameters.enable_arrow);
    case Tag::EnableDirectResults:
      return flag(parameters.enable_direct_results);
    case Tag::EnableJwtAssertion:
      return flag(parameters.enable_jwt_assertion);
    case Tag::EnableMetricViewMetadata:
      return flag(parameters.enable_metric_view_metadata);
    case Tag::AutoCommit:
      return flag(parameters.auto_commit);
    case Tag::FetchAutoCommitFromServer:
      return flag(parameters.fetch_auto_commit_from_server);
    case Tag::FeatureCloudFetch:
      return flag(parameters.cloud_fetch);
    case Tag::FeatureLz4:
      return flag(parameters.lz4);
    default:
      return {};
  }
}

Value value_of_chunks(Tag tag, const Operation& operation) {
  if (!operation.chunks) return {};
  switch (tag) {
    case Tag::ChunksPresent:
      return number(operation.chunks->present);
    case Tag::ChunksIterated:
      return number(operation.chunks->iterated);
    case Tag::ChunkInitialLatency:
      return number(operation.chunks->initial_ms);
    case Tag::ChunkSlowestLatency:
      return number(operation.chunks->slowest_ms);
    case Tag::ChunkSumLatency:
      return number(operation.chunks->sum_ms);
    default:
      return {};
  }
}

Value value_of_operation(Tag tag, const Operation& operation) {
  switch (tag) {
    case Tag::VolumeOperation:
      return text(to_word(operation.volume));
    case Tag::StatementType:
      return text(to_word(operation.statement_type));
    case Tag::ResultFormat:
      return text(to_word(operation.format));
    case Tag::IsCompressed:
      return flag(operation.is_compressed);
    case Tag::ChunkId:
      return number(operation.failed_chunk);
    case Tag::RetryCount:
      return count(operation.retries);
    case Tag::ReadyLatency:
      return number(operation.ready_ms);
    case Tag::ConsumptionLatency:
      return number(operation.consumption_ms);
    case Tag::OperationType:
      return text(to_word(operation.type));
    case Tag::PollCount:
      return count(operation.polls);
    case Tag::PollLatency:
      return operation.polls > 0 ? number(operation.poll_ms) : Value();
    case Tag::IsInternalCall:
      return operation.is_internal ? Value(true) : Value();
    case Tag::ErrorName:
      return text(to_word(operation.error));
    case Tag::OperationLatency:  // always written, also when it is 0 (reference/telemetry.md 0)
      return number(operation.latency_ms);
    case Tag::BytesDownloaded:
      return count(operation.bytes);
    default:
      return value_of_chunks(tag, operation);
  }
}

bool is_one_of(Tag tag, Tag first, Tag last) noexcept { return tag >= first && tag <= last; }

}  // namespace

WireId::WireId(std::string_view text) noexcept {
  if (!is_identifier(text)) return;
  std::memcpy(text_.data(), text.data(), text.size());
  size_ = static_cast<std::uint8_t>(text.size());
}

std::string_view to_word(OperationType value) noexcept {
  static constexpr std::array<std::string_view, 18> kWords = {
      "",
      "CREATE_SESSION",
      "DELETE_SESSION",
      "EXECUTE_STATEMENT",
      "EXECUTE_STATEMENT_ASYNC",
      "CLOSE_STATEMENT",
      "CANCEL_STATEMENT",
      "LIST_TYPE_INFO",
      "LIST_CATALOGS",
      "LIST_SCHEMAS",
      "LIST_TABLES",
      "LIST_TABLE_TYPES",
      "LIST_COLUMNS",
      "LIST_FUNCTIONS",
      "LIST_PRIMARY_KEYS",
      "LIST_IMPORTED_KEYS",
      "LIST_EXPORTED_KEYS",
      "LIST_CROSS_REFERENCES",
  };
  return word_at(kWords, value);
}

std::string_view to_word(StatementType value) noexcept {
  static constexpr std::array<std::string_view, 6> kWords = {"",       "QUERY",    "SQL",
                                                             "UPDATE", "METADATA", "VOLUME"};
  return word_at(kWords, value);
}

std::string_view to_word(ResultFormat value) noexcept {
  static constexpr std::array<std::string_view, 5> kWords = {"", "INLINE_ARROW", "INLINE_JSON",
                                                             "EXTERNAL_LINKS", "COLUMNAR_INLINE"};
  return word_at(kWords, value);
}

std::string_view to_word(VolumeOperation value) noexcept {
  static constexpr std::array<std::string_view, 6> kWords = {"",       "PUT",  "GET",
                                                             "DELETE", "LIST", "QUERY"};
  return word_at(kWords, value);
}

std::string_view to_word(ProtocolMode value) noexcept {
  static constexpr std::array<std::string_view, 3> kWords = {"", "THRIFT", "SEA"};
  return word_at(kWords, value);
}

std::string_view to_word(AuthMech value) noexcept {
  static constexpr std::array<std::string_view, 4> kWords = {"", "OTHER", "PAT", "OAUTH"};
  return word_at(kWords, value);
}

std::string_view to_word(AuthFlow value) noexcept {
  static constexpr std::array<std::string_view, 4> kWords = {
      "", "TOKEN_PASSTHROUGH", "CLIENT_CREDENTIALS", "BROWSER_BASED_AUTHENTICATION"};
  return word_at(kWords, value);
}

std::string_view to_word(ProxyAuth value) noexcept {
  static constexpr std::array<std::string_view, 4> kWords = {"", "NONE", "BASIC", "SPNEGO"};
  return word_at(kWords, value);
}

RecordKind kind_of(const Record& record) noexcept {
  if (!record.is_authenticated) return RecordKind::Unauthenticated;
  switch (record.operation.type) {
    case OperationType::CreateSession:
      return RecordKind::Connection;
    case OperationType::DeleteSession:
      return RecordKind::SessionEnd;
    default:
      return record.operation.volume == VolumeOperation::Unspecified ? RecordKind::Statement
                                                                     : RecordKind::Volume;
  }
}

Value value_of(Tag tag, const Record& record) {
  const ConnectionFacts& connection = *record.connection;
  if (is_one_of(tag, Tag::WorkspaceId, Tag::StatementId)) return value_of_envelope(tag, record);
  if (is_one_of(tag, Tag::DriverVersion, Tag::ProcessName))
    return value_of_system(tag, connection.system);
  const Value parameter = value_of_parameter(tag, connection.parameters);
  if (!std::holds_alternative<std::monostate>(parameter)) return parameter;
  const Value on_or_off = value_of_switch(tag, connection.parameters);
  if (!std::holds_alternative<std::monostate>(on_or_off)) return on_or_off;
  return value_of_operation(tag, record.operation);
}

}  // namespace dbsql::telemetry
