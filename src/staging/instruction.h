#pragma once

#include <dbsql/staging.h>

#include "base/call_context.h"
#include "http/transport.h"
#include "result/result_stream.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::staging {

/// `PUT`, `GET` or `REMOVE`.
std::string_view to_string(StagingOperation operation) noexcept;

/// What the server answers to a PUT, GET or REMOVE: the HTTP transfer that the client has to make
/// (reference/results.md 5.2). URL and headers are secrets.
struct Instruction {
  StagingOperation operation = StagingOperation::Put;
  std::string url;
  http::Headers headers;   ///< to be sent as they are, and nothing that identifies anybody
  std::string local_file;  ///< as the server repeats it from the statement; empty for REMOVE

  /// Whether the bytes come from or go to the caller's stream and not a file.
  bool uses_stream() const noexcept {
    return local_file == kInputStream || local_file == kOutputStream;
  }
};

/// One column of the server's row.
struct Cell {
  std::string name;
  std::optional<std::string> text;  ///< a map is JSON; empty = NULL
};

/// Reads the one row of a staging statement, in whatever format it arrives.
/// \throws Error  Protocol: no row, more than one, or a row that lacks what is needed;
/// NotSupported: another operation
Instruction read_instruction(result::ResultStream& stream, const base::CallContext& call);

/// The same from a row. Columns are found by name, else by position.
Instruction parse_instruction(const std::vector<Cell>& row);

/// The headers in every form that servers send: an object as JSON text, the same inside brackets,
/// nothing. \throws Error (Protocol), which shows none of it
http::Headers parse_headers(std::string_view json);

}  // namespace dbsql::staging
