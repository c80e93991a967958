#pragma once

#include <dbsql/error.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace dbsql::observe {

// The core emits each of these once, where the fact becomes known. Progress callbacks, profiles,
// telemetry and tracing are observers of the same events (docs/decisions/0001-modules.md).

struct SessionOpened {
  std::string session_id;
  std::chrono::nanoseconds latency{0};
};
struct SessionClosed {
  std::string session_id;
  std::chrono::nanoseconds latency{0};
  bool failed = false;  ///< the server was not heard; it closes idle sessions by itself
};
struct StatementSubmitted {
  std::string statement_id;  ///< empty when the server refused it at once
  std::chrono::nanoseconds latency{0};
};
struct StatementPolled {
  enum class State : std::uint8_t { Pending, Running, Finished };
  std::string statement_id;
  State state = State::Pending;
  int polls = 0;
  std::chrono::nanoseconds since_submit{0};
  std::chrono::nanoseconds latency{0};  ///< of the request, without the pause before it
};
struct PageReceived {
  enum class Format : std::uint8_t { None, Arrow, Columns, Links };
  std::string statement_id;
  std::int64_t start_row = 0;
  std::int64_t wire_bytes = 0;
  Format format = Format::None;  ///< of what arrived; None = no rows
  bool is_compressed = false;
  int links = 0;  ///< to files, with Format::Links
};
/// A file of a result is here, decompressed. On a worker thread.
struct ChunkReceived {
  std::int64_t index = 0;               ///< of the file within the result, from 0
  std::chrono::nanoseconds latency{0};  ///< of the attempt that brought it
  std::int64_t wire_bytes = 0;
  int repeats = 0;  ///< attempts before it
};
/// The reader has begun to read a file of the result.
struct ChunkConsumed {
  std::int64_t index = 0;
};
/// A file of the result cannot be had. On the reader's thread.
struct ChunkFailed {
  std::int64_t index = 0;
  ErrorKind kind = ErrorKind::Internal;
};
/// A volume's file was moved: neither its path nor that of the local file.
struct StagingTransferred {
  std::string statement_id;
  std::string operation;  ///< PUT, GET or REMOVE
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{0};
};
struct StatementClosed {
  std::string statement_id;
};
struct Failed {
  std::string statement_id;
  ErrorKind kind = ErrorKind::Internal;
};

using Event = std::variant<SessionOpened, SessionClosed, StatementSubmitted, StatementPolled,
                           PageReceived, ChunkReceived, ChunkConsumed, ChunkFailed,
                           StagingTransferred, StatementClosed, Failed>;

}  // namespace dbsql::observe
