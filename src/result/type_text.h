#pragma once

#include <dbsql/schema.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::result {

/// A SQL type as its text declares it: `ARRAY<STRUCT<id: INT NOT NULL, price: DECIMAL(10,2)>>`.
struct DeclaredType {
  TypeId id = TypeId::String;
  std::optional<std::int32_t> precision;  ///< DECIMAL
  std::optional<std::int32_t> scale;      ///< DECIMAL
  std::string name;                       ///< of a struct's field
  std::string text;                       ///< as it was written, modifiers left out
  bool nullable = true;                   ///< of a struct's field
  /// ARRAY: the element; MAP: key and value; STRUCT: the fields. Empty when the text is the bare
  /// word.
  std::vector<DeclaredType> children;
};

/// Reads type text as servers write it, and a little more: spaces anywhere, `name:TYPE` and `name:
/// TYPE`, back-quoted names, `NOT NULL`, `COMMENT '...'` and `COLLATE x` in any combination
/// (reference/results.md 1.11). Never throws. \return nothing when the text is no type of this
/// table: the column is then text
std::optional<DeclaredType> parse_type_text(std::string_view text);

/// The text of a type, in the server's own style.
std::string type_text_of(const DeclaredType& type);

}  // namespace dbsql::result
