#pragma once

#include <dbsql/schema.h>

#include <optional>
#include <string_view>

namespace dbsql::result {

/// What this library knows about one SQL type: one row each (reference/results.md 3.1). A new type
/// is a new row. Formats are Arrow format strings; DECIMAL's are completed with precision and
/// scale, nested ones need children.
struct TypeRow {
  TypeId id = TypeId::Unknown;
  std::string_view sql_name;  ///< without arguments
  std::string_view
      thrift_name;  ///< TTypeId's name without `_TYPE`; empty: the id of another type is sent
  std::string_view sea_name;       ///< `type_name` of the REST API; empty: as `sql_name`
  std::string_view native_format;  ///< Arrow type when every native type is switched on
  std::string_view text_format;    ///< Arrow type when none is
  /// Arrow type that a column of a column-based page is turned into (result/columnar.h).
  std::string_view column_format;
};

const TypeRow& row_of(TypeId id) noexcept;

/// The row of a single word, by any of its names or a usual synonym (`INTEGER`, `LONG`,
/// `INTERVAL_YEAR_MONTH`), in any case, also with the suffix `_TYPE`; null when no type has that
/// name.
const TypeRow* find_type(std::string_view word) noexcept;

}  // namespace dbsql::result
