#pragma once

#include "telemetry/error_category.h"
#include "telemetry/tags.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dbsql::telemetry {

/// A server's id as it may be told: letters, digits, '-' and '_', at most 128 of them. Any other
/// text becomes empty: it might be something else (reference/telemetry.md 5.2).
///
/// Cost: kept in place, so that recording allocates nothing.
class WireId {
 public:
  static constexpr std::size_t kLongest = 128;

  WireId() = default;
  explicit WireId(std::string_view text) noexcept;

  std::string_view view() const noexcept { return {text_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(const WireId& a, const WireId& b) noexcept { return a.view() == b.view(); }

 private:
  std::array<char, kLongest> text_{};  // only the first `size_` mean anything
  std::uint8_t size_ = 0;
};

// The server's lists (reference/telemetry.md 3.3). Each travels by name; `Unspecified` is left out.

enum class OperationType : std::uint8_t {
  Unspecified,
  CreateSession,
  DeleteSession,
  ExecuteStatement,
  ExecuteStatementAsync,
  CloseStatement,
  CancelStatement,
  ListTypeInfo,
  ListCatalogs,
  ListSchemas,
  ListTables,
  ListTableTypes,
  ListColumns,
  ListFunctions,
  ListPrimaryKeys,
  ListImportedKeys,
  ListExportedKeys,
  ListCrossReferences,
};
enum class StatementType : std::uint8_t { Unspecified, Query, Sql, Update, Metadata, Volume };
enum class ResultFormat : std::uint8_t {
  Unspecified,
  InlineArrow,
  InlineJson,
  ExternalLinks,
  ColumnarInline,
};
enum class VolumeOperation : std::uint8_t { Unspecified, Put, Get, Delete, List, Query };
enum class ProtocolMode : std::uint8_t { Unspecified, Thrift, Sea };
enum class AuthMech : std::uint8_t { Unspecified, Other, Pat, Oauth };
enum class AuthFlow : std::uint8_t {
  Unspecified,
  TokenPassthrough,
  ClientCredentials,
  BrowserBasedAuthentication,
};
enum class ProxyAuth : std::uint8_t { Unspecified, None, Basic, Spnego };

std::string_view to_word(OperationType value) noexcept;
std::string_view to_word(StatementType value) noexcept;
std::string_view to_word(ResultFormat value) noexcept;
std::string_view to_word(VolumeOperation value) noexcept;
std::string_view to_word(ProtocolMode value) noexcept;
std::string_view to_word(AuthMech value) noexcept;
std::string_view to_word(AuthFlow value) noexcept;
std::string_view to_word(ProxyAuth value) noexcept;

/// The files of one result, as far as they were read.
struct ChunkDetails {
  std::int32_t present = 0;  ///< known of
  std::int32_t iterated = 0;
  std::int64_t initial_ms = 0;  ///< of the first file of the result, whichever came first
  std::int64_t slowest_ms = 0;
  std::int64_t sum_ms = 0;
};

/// One thing that was done: what the caller's thread writes down. Copied as bytes.
struct Operation {
  OperationType type = OperationType::Unspecified;
  StatementType statement_type = StatementType::Unspecified;
  ResultFormat format = ResultFormat::Unspecified;
  VolumeOperation volume = VolumeOperation::Unspecified;
  ErrorCategory error = ErrorCategory::None;
  bool is_internal = false;
  WireId session_id;  ///< that it ran in; empty: the connection's session when it is written down
  WireId statement_id;
  std::chrono::system_clock::time_point time;  ///< when it ended
  std::int64_t latency_ms = 0;
  std::int32_t polls = 0;
  std::int64_t poll_ms = 0;  ///< without the pauses between them
  std::int64_t retries = 0;  ///< of downloads
  std::int64_t bytes = 0;    ///< of the result, on the wire
  std::optional<bool> is_compressed;
  std::optional<std::int64_t> failed_chunk;
  std::optional<ChunkDetails> chunks;  ///< of a result that came as files
  std::optional<std::int64_t> ready_ms;
  std::optional<std::int64_t> consumption_ms;
};

/// The machine and the program; read once per process.
struct SystemConfiguration {
  std::string driver_version;
  std::string runtime_name;
  std::string runtime_version;
  std::string runtime_vendor;
  std::string os_name;
  std::string os_version;
  std::string os_arch;
  std::string driver_name;
  std::string client_app_name;  ///< of one connection
  std::string locale_name;
  std::string char_set_encoding;
  std::string process_name;
};

/// How a connection is configured, as far as it may be told. What is not set is not sent.
struct ConnectionParameters {
  std::string http_path;
  ProtocolMode mode = ProtocolMode::Unspecified;
  std::string host;
  std::optional<std::int64_t> port;
  AuthMech auth_mech = AuthMech::Unspecified;
  AuthFlow auth_flow = AuthFlow::Unspecified;
  std::string auth_scope;
  std::string auth_type;
  ProxyAuth proxy_auth = ProxyAuth::Unspecified;
  std::string jwt_algorithm;
  std::string query_tags;
  std::optional<std::chrono::milliseconds> socket_timeout;
  std::optional<std::int64_t> http_connection_pool_size;
  std::optional<std::int64_t> rows_fetched_per_block;
  std::optional<bool> use_proxy;
  std::optional<bool> use_system_proxy;
  std::optional<bool> enable_complex_datatype_support;
  std::optional<bool> allow_self_signed_support;
  std::optional<bool> use_system_trust_store;
  std::optional<bool> enable_token_cache;
  std::optional<bool> enable_arrow;
  std::optional<bool> enable_direct_results;
  std::optional<bool> enable_jwt_assertion;
  std::optional<bool> enable_metric_view_metadata;
  std::optional<bool> auto_commit;
  std::optional<bool> fetch_auto_commit_from_server;
  // For local use.
  std::optional<bool> cloud_fetch;
  std::optional<bool> lz4;
};

/// What all records of one connection share.
struct ConnectionFacts {
  std::string user_agent;
  std::optional<std::int64_t> workspace_id;
  SystemConfiguration system;
  ConnectionParameters parameters;
};

/// One record before it is written.
struct Record {
  Operation operation;
  std::string event_id;  ///< a random UUID
  std::shared_ptr<const ConnectionFacts> connection;
  bool is_authenticated = true;
};

RecordKind kind_of(const Record& record) noexcept;

/// The value of a fact: nothing when it is not known. Text points into the record.
using Value = std::variant<std::monostate, std::int64_t, bool, std::string_view>;

Value value_of(Tag tag, const Record& record);

}  // namespace dbsql::telemetry
