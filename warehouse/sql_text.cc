#include "warehouse/sql_text.h"

#include "base/text.h"

#include <span>

namespace dbsql::warehouse {

std::string engine_string_literal(std::string_view text) {
  std::string literal = "'";
  bool split = false;
  for (const char c : text) {
    if (c == '\0') {  // the engine's parser ends at a NUL
      literal += "' || chr(0) || '";
      split = true;
      continue;
    }
    if (c == '\'') literal += '\'';
    literal += c;
  }
  literal += '\'';
  return split ? "(" + literal + ")" : literal;
}

std::string engine_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string engine_blob_literal(std::string_view bytes) {
  const auto hex = base::to_hex(std::as_bytes(std::span(bytes)));
  std::string literal = "CAST('";
  for (std::size_t i = 0; i < hex.size(); i += 2) literal += "\\x" + hex.substr(i, 2);
  return literal + "' AS BLOB)";
}

}  // namespace dbsql::warehouse
