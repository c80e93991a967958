#include "staging/instruction.h"

#include <dbsql/error.h>
#include <dbsql/row.h>

#include "base/redact.h"
#include "base/text.h"
#include "result/row_cursor.h"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace dbsql::staging {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::pair<StagingOperation, std::string_view>, 3> kOperations{{
    {StagingOperation::Put, "PUT"},
    {StagingOperation::Get, "GET"},
    {StagingOperation::Remove, "REMOVE"},
}};

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Protocol, .message = std::move(message)});
}

StagingOperation parse_operation(std::string_view text) {
  for (const auto& [operation, name] : kOperations) {
    if (base::equals_ignore_case(base::trim(text), name)) return operation;
  }
  constexpr std::size_t kLongest = 40;
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat("the server asks for the volume operation '",
                                       base::redact(text.substr(0, kLongest)),
                                       "'; this driver knows GET, PUT and REMOVE")});
}

const Cell* find(const std::vector<Cell>& row, std::string_view name) {
  for (const Cell& cell : row) {
    if (base::equals_ignore_case(cell.name, name)) return &cell;
  }
  return nullptr;
}

/// The cells of the row in the order operation, URL, headers, local file; the later ones may be
/// missing.
std::array<const Cell*, 4> arrange(const std::vector<Cell>& row) {
  constexpr std::array<std::string_view, 4> kNames{"operation", "presignedUrl", "headers",
                                                   "localFile"};
  std::array<const Cell*, 4> cells{};
  if (find(row, kNames[0]) != nullptr && find(row, kNames[1]) != nullptr) {
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = find(row, kNames[i]);
  } else {
    for (std::size_t i = 0; i < std::min(cells.size(), row.size()); ++i) cells[i] = &row[i];
  }
  return cells;
}

std::string text_of(const Cell* cell) {
  return cell != nullptr ? cell->text.value_or("") : std::string();
}

/// The length and the framing of what we send are ours to say.
bool is_framing(std::string_view name) {
  return base::equals_ignore_case(name, "content-length") ||
         base::equals_ignore_case(name, "transfer-encoding");
}

void add_headers(http::Headers& headers, const ordered_json& object) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_null() || is_framing(name)) continue;
    if (value.is_structured()) fail("a header of the server's staging answer is not text");
    headers.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
  }
}

std::vector<Cell> cells_of(const RowRef& row) {
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < row.size(); ++i) {
    Cell cell{.name = row.schema()[i].name};
    if (!row.is_null(i)) cell.text = row.text(i);
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

std::string_view to_string(StagingOperation operation) noexcept {
  for (const auto& [known, name] : kOperations) {
    if (known == operation) return name;
  }
  return "?";
}

http::Headers parse_headers(std::string_view json) {
  http::Headers headers;
  json = base::trim(json);
  if (json.empty()) return headers;
  const auto parsed = ordered_json::parse(json, nullptr, false);
  if (parsed.is_null()) return headers;
  if (parsed.is_object()) {
    add_headers(headers, parsed);
    return headers;
  }
  if (!parsed.is_array()) fail("the headers of the server's staging answer are not a JSON object");
  for (const auto& object : parsed) {
    if (!object.is_object()) {
      fail("the headers of the server's staging answer are not JSON objects");
    }
    add_headers(headers, object);
  }
  return headers;
}

Instruction parse_instruction(const std::vector<Cell>& row) {
  const auto [operation, url, headers, local_file] = arrange(row);
  if (text_of(operation).empty() || text_of(url).empty()) {
    fail("the server's staging answer lacks the operation or the link");
  }
  Instruction instruction{.operation = parse_operation(text_of(operation)),
                          .url = text_of(url),
                          .headers = parse_headers(text_of(headers))};
  if (instruction.operation == StagingOperation::Remove) return instruction;
  instruction.local_file = text_of(local_file);
  if (instruction.local_file.empty()) {
    fail(base::concat("the server's answer to ", to_string(instruction.operation),
                      " names no local file"));
  }
  return instruction;
}

Instruction read_instruction(result::ResultStream& stream, const base::CallContext& call) {
  std::optional<Instruction> instruction;
  std::int64_t rows = 0;
  while (const auto batch = stream.next(call)) {
    rows += (*batch)->length;
    if (rows > 1)
      fail("the server's staging answer has more than one row; one file is moved at a time");
    if ((*batch)->length == 0) continue;
    std::vector<detail::ColumnRef> columns;
    result::bind_columns(stream.arrow_schema(), **batch, stream.schema(), columns);
    const detail::Cursor cursor{
        .columns = columns, .schema = &stream.schema(), .row = 0, .row_count = 1};
    instruction = parse_instruction(cells_of(RowRef(cursor)));
  }
  if (!instruction) fail("the server's staging answer has no row");
  return *std::move(instruction);
}

}  // namespace dbsql::staging
