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
};
struct PageReceived {
  std::string statement_id;
  std::int64_t start_row = 0;
  std::int64_t wire_bytes = 0;
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
                           PageReceived, StagingTransferred, StatementClosed, Failed>;

}  // namespace dbsql::observe
