#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dbsql::telemetry {

/// Where a fact may go. Two bits, so that "all" is both.
enum class Scope : std::uint8_t { None = 0, Local = 1, Databricks = 2, All = 3 };

constexpr bool includes(Scope scope, Scope part) noexcept {
  return (static_cast<unsigned>(scope) & static_cast<unsigned>(part)) ==
             static_cast<unsigned>(part) &&
         part != Scope::None;
}

/// What a record tells of: each kind has its own list of what it may contain.
enum class RecordKind : std::uint8_t {
  Connection = 1,        ///< a session was opened, or was not
  Statement = 2,         ///< a statement, a listing, a cancel, a close
  Volume = 4,            ///< a file of a volume was moved
  SessionEnd = 8,        ///< a session was closed
  Unauthenticated = 16,  ///< nobody is known to have sent it: next to nothing is in it
};

using RecordKinds = std::uint8_t;  ///< of `RecordKind` bits

constexpr RecordKinds operator|(RecordKind a, RecordKind b) noexcept {
  return static_cast<RecordKinds>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr RecordKinds operator|(RecordKinds a, RecordKind b) noexcept {
  return static_cast<RecordKinds>(a | static_cast<unsigned>(b));
}
constexpr bool includes(RecordKinds kinds, RecordKind kind) noexcept {
  return (kinds & static_cast<unsigned>(kind)) != 0;
}

enum class ValueKind : std::uint8_t {
  Id,       ///< letters, digits, '-' and '_', at most 128
  Word,     ///< of a closed list
  Text,     ///< of this library, the operating system or the program's own name for itself
  Integer,  ///< not negative
  Boolean,
};

/// Every fact that telemetry knows. There is no way to record anything else.
enum class Tag : std::uint8_t {
  // The envelope.
  WorkspaceId,
  EventId,
  EventTime,
  UserAgent,
  SessionId,
  StatementId,
  // The machine and the program.
  DriverVersion,
  RuntimeName,
  RuntimeVersion,
  RuntimeVendor,
  OsName,
  OsVersion,
  OsArch,
  DriverName,
  ClientAppName,
  LocaleName,
  CharSetEncoding,
  ProcessName,
  // How the connection is configured.
  HttpPath,
  Mode,
  HostUrl,
  HostPort,
  UseProxy,
  AuthMech,
  AuthFlow,
  AuthScope,
  UseSystemProxy,
  ProxyAuthType,
  HttpConnectionPoolSize,
  EnableComplexDatatypeSupport,
  AllowSelfSignedSupport,
  UseSystemTrustStore,
  RowsFetchedPerBlock,
  EnableTokenCache,
  EnableArrow,
  EnableDirectResults,
  EnableJwtAssertion,
  JwtAlgorithm,
  SocketTimeout,
  QueryTags,
  EnableMetricViewMetadata,
  AutoCommit,
  FetchAutoCommitFromServer,
  AuthType,
  // What was done, and how long it took.
  VolumeOperation,
  StatementType,
  ResultFormat,
  IsCompressed,
  ChunkId,
  RetryCount,
  ChunksPresent,
  ChunksIterated,
  ChunkInitialLatency,
  ChunkSlowestLatency,
  ChunkSumLatency,
  ReadyLatency,
  ConsumptionLatency,
  OperationType,
  PollCount,
  PollLatency,
  IsInternalCall,
  ErrorName,
  OperationLatency,
  // Known, but without a place in the records that are sent.
  ServerAddress,
  FeatureCloudFetch,
  FeatureLz4,
  BytesDownloaded,
};

/// One line of the allow-list (reference/telemetry.md 1.3, 3.2, 3.3, 5.2). What is sent, what the
/// documentation says is sent, and what the tests allow to be sent are read from these lines.
struct TagRow {
  Tag tag;
  std::string_view name;  ///< as published
  std::string_view path;  ///< in a record, dots lead into objects; empty = no place in one
  ValueKind kind;
  Scope scope;
  RecordKinds records;
  std::string_view meaning;
};

/// The allow-list, in the order in which a record is written.
std::span<const TagRow> tags() noexcept;

const TagRow& row_of(Tag tag) noexcept;

/// Whether a fact has a place in the records that are sent.
bool is_sent(const TagRow& row) noexcept;

/// What a kind of values is called in the documentation.
std::string_view to_word(ValueKind kind) noexcept;

/// Whether a fact of that name may leave the machine in a record of that kind.
bool is_exportable(RecordKind kind, std::string_view name) noexcept;

}  // namespace dbsql::telemetry
