#pragma once

#include <dbsql/error.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

namespace dbsql::observe {

// The core emits each of these once, where the fact becomes known. Progress callbacks, profiles,
// telemetry and tracing are observers of the same events (docs/decisions/0001-modules.md).
//
// An event is a view: its texts and errors are the emitter's, and are gone when the call returns.

struct SessionOpened {
  std::string_view session_id;
  std::chrono::nanoseconds latency{0};
};
/// The session could not be opened; the caller of `connect()` hears of it.
struct SessionFailed {
  const Error* error = nullptr;  ///< not null
  std::chrono::nanoseconds latency{0};
};
struct SessionClosed {
  std::string_view session_id;
  std::chrono::nanoseconds latency{0};
  bool failed = false;  ///< the server was not heard; it closes idle sessions by itself
};
/// A request of the call, to the warehouse or for a file of a volume, has failed and will be sent
/// again.
struct RequestRepeated {
  std::string_view request;              ///< its name in errors, such as `FetchResults`
  int attempts = 0;                      ///< that have failed
  std::chrono::milliseconds elapsed{0};  ///< since the first was sent
  std::chrono::milliseconds wait{0};     ///< until the next one
  bool is_starting = false;              ///< the warehouse seems not to be up yet
  bool was_answered = false;             ///< with a status of HTTP: it may have been carried out
};
/// A request of the call has had its answer.
struct RequestAnswered {
  std::string_view request;  ///< its name in errors
  /// Of the attempt that brought it, without what came before: credentials, and other attempts.
  std::chrono::nanoseconds latency{0};
};
/// The server has taken the statement. It may have failed by then.
struct StatementSubmitted {
  std::string_view statement_id;
  std::chrono::nanoseconds latency{0};  ///< 0 where somebody else has submitted it
};
struct StatementPolled {
  enum class State : std::uint8_t { Pending, Running, Finished, Failed };
  std::string_view statement_id;
  State state = State::Pending;
  int polls = 0;
  std::chrono::nanoseconds since_submit{0};
  std::chrono::nanoseconds latency{0};  ///< of the request, without the pause before it
};
/// The statement has finished on the server, and this side knows it. May be told again.
struct StatementReady {};
/// There is a result for the caller: from now on its time is the reader's.
struct ResultOpened {};
struct PageReceived {
  enum class Format : std::uint8_t { None, Arrow, Columns, Links };
  std::string_view statement_id;
  std::int64_t start_row = 0;
  std::int64_t wire_bytes = 0;
  Format format = Format::None;  ///< of what arrived; None = no rows
  bool is_compressed = false;
  int links = 0;  ///< to files, with Format::Links
  /// What the reader waited for it. 0 = it came with the reply to the statement.
  std::chrono::nanoseconds latency{0};
};
/// Rows of a page were made readable. On the reader's thread.
struct PageDecoded {
  std::int64_t bytes = 0;  ///< decompressed
  std::chrono::nanoseconds decompress{0};
  std::chrono::nanoseconds decode{0};
};
/// A file of a result is here, decompressed. On a worker thread.
struct ChunkReceived {
  std::int64_t index = 0;               ///< of the file within the result, from 0
  std::chrono::nanoseconds latency{0};  ///< of the attempt that brought it
  std::int64_t wire_bytes = 0;
  int repeats = 0;         ///< attempts before it
  int hedges = 0;          ///< second downloads beside one that was slow
  std::int64_t bytes = 0;  ///< decompressed
  std::chrono::nanoseconds decompress{0};
  std::chrono::nanoseconds decode{0};
};
/// The reader has begun to read a file of the result.
struct ChunkConsumed {
  std::int64_t index = 0;
};
/// A file of the result cannot be had. On the reader's thread.
struct ChunkFailed {
  std::int64_t index = 0;
  ErrorKind kind = ErrorKind::Internal;
  bool is_compression_damaged = false;  ///< rather than what was compressed
  int repeats = 0;                      ///< attempts before the last one
};
/// The reader asks for rows: once for each batch.
struct ReadBegan {};
/// It has got some.
struct RowsDelivered {
  std::int64_t rows = 0;
};
/// It has got all.
struct RowsExhausted {};
/// A volume's file was moved: neither its path nor that of the local file.
struct StagingTransferred {
  std::string_view statement_id;
  std::string_view operation;  ///< PUT, GET or REMOVE
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{0};
};
/// A volume's file was not moved, or not wholly.
struct StagingFailed {
  std::string_view operation;  ///< PUT, GET or REMOVE
  ErrorKind kind = ErrorKind::Internal;
  std::chrono::nanoseconds elapsed{0};
};
/// The caller has asked the server to stop the statement.
struct CancelAsked {
  std::chrono::nanoseconds latency{0};
  const Error* error = nullptr;  ///< null: the server agreed
};
/// The server was asked to free the statement, and has answered or not. On an I/O thread.
struct StatementClosed {
  std::string_view statement_id;
  std::chrono::nanoseconds latency{0};
  bool failed = false;  ///< it was not heard, or refused; the session's end frees it
};
/// A call on the statement has failed, and its caller hears of it.
struct Failed {
  const Error* error = nullptr;  ///< not null
};
/// The statement's connection is being closed. Rows that are here may be read on.
struct ConnectionEnds {};
/// The statement is over: nothing more will be read. May be told again.
struct StatementEnded {};

using Event =
    std::variant<SessionOpened, SessionFailed, SessionClosed, RequestRepeated, RequestAnswered,
                 StatementSubmitted, StatementPolled, StatementReady, ResultOpened, PageReceived,
                 PageDecoded, ChunkReceived, ChunkConsumed, ChunkFailed, ReadBegan, RowsDelivered,
                 RowsExhausted, StagingTransferred, StagingFailed, CancelAsked, Failed,
                 StatementEnded, StatementClosed, ConnectionEnds>;

}  // namespace dbsql::observe
