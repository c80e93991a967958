#pragma once

#include <dbsql/export.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {

/// The SQL types a column can have (reference/results.md 3.1).
enum class TypeId : std::uint8_t {
  Boolean,
  TinyInt,
  SmallInt,
  Int,
  BigInt,
  Float,
  Double,
  Decimal,
  String,
  Varchar,
  Char,
  Binary,
  Date,
  Timestamp,
  TimestampNtz,
  IntervalYearMonth,
  IntervalDayTime,
  Array,
  Map,
  Struct,
  Void,
  Variant,
  Geometry,
  Geography,
  Object,
  Unknown,  ///< a type this version does not know; its values are text
};

/// The SQL name without arguments, for instance "DECIMAL" or "TIMESTAMP_NTZ".
DBSQL_EXPORT std::string_view to_string(TypeId type) noexcept;

/// One column of a result. Names may repeat: address columns by position where that matters.
struct Column {
  std::string name;
  TypeId type = TypeId::Unknown;
  std::string
      type_text;  ///< full SQL text: `DECIMAL(10,2)`, `ARRAY<INT>`, `INTERVAL DAY TO SECOND`
  std::optional<std::int32_t> precision;  ///< DECIMAL only
  std::optional<std::int32_t> scale;      ///< DECIMAL only
  bool nullable = true;
  std::string time_zone;  ///< TIMESTAMP only: the session's zone as the server names it
  /// ARRAY: `element`; MAP: `key` and `value`; STRUCT: its fields. Empty where the server says no
  /// more than "ARRAY", as in column-based results.
  std::vector<Column> children;
};

/// The columns of a result, in order.
class DBSQL_EXPORT Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Column> columns) : columns_(std::move(columns)) {}

  std::size_t size() const noexcept { return columns_.size(); }
  const Column& operator[](std::size_t index) const { return columns_[index]; }
  auto begin() const noexcept { return columns_.begin(); }
  auto end() const noexcept { return columns_.end(); }

  /// Position of the first column of that name, compared without case; empty when there is none.
  std::optional<std::size_t> find(std::string_view name) const noexcept;

 private:
  std::vector<Column> columns_;
};

}  // namespace dbsql
