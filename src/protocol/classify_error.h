#pragma once

#include <dbsql/error.h>

#include <string>
#include <string_view>

namespace dbsql::protocol {

/// What a server says about a failed statement or request, in neutral terms.
struct ServerError {
  std::string sqlstate;
  std::string message;
  std::int32_t native_code = 0;
};

/// The kind of a server error: exact SQLSTATEs first, then their classes
/// (reference/auth-http-config.md 6.4).
ErrorKind classify_sqlstate(std::string_view sqlstate) noexcept;

/// The SQLSTATE a message quotes as `SQLSTATE: 42601`; empty when it quotes none
/// (reference/auth-http-config.md 4.9).
std::string_view sqlstate_in(std::string_view message) noexcept;

/// The error class a message starts with, `[PARSE_SYNTAX_ERROR] ...`; empty when there is none.
std::string_view error_class_in(std::string_view message) noexcept;

/// Turns a server's words into the fields of an `Error`: kind, SQLSTATE, class and a one-line
/// message, which `Error` bounds and redacts. Invalid session and operation handles are recognised
/// by their texts (reference/thrift.md 4.3).
ErrorFields classify(const ServerError& error);

}  // namespace dbsql::protocol
