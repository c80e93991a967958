#pragma once

#include "warehouse/sql_token.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

enum class TypeKind : std::uint8_t {
  Boolean,
  TinyInt,
  SmallInt,
  Int,
  BigInt,
  Float,
  Double,
  Decimal,
  String,
  Char,
  Varchar,
  Binary,
  Date,
  Timestamp,
  TimestampNtz,
  YearMonthInterval,
  DayTimeInterval,
  Array,
  Map,
  Struct,
  Void,
  Variant,
};

struct SqlField;

/// A Databricks SQL type, the one vocabulary between statements, the engine's Arrow data and column
/// metadata.
struct SqlType {
  TypeKind kind = TypeKind::String;
  int precision = 0;             ///< DECIMAL; length of CHAR and VARCHAR
  int scale = 0;                 ///< DECIMAL
  std::string qualifier = {};    ///< intervals: `DAY TO SECOND`, `YEAR`, ...
  std::vector<SqlField> fields;  ///< ARRAY: element; MAP: key, value; STRUCT: its fields

  bool operator==(const SqlType&) const = default;
};

struct SqlField {
  std::string name = {};
  SqlType type = {};
  bool nullable = true;

  bool operator==(const SqlField&) const = default;
};

SqlType simple_type(TypeKind kind);
SqlType decimal_type(int precision, int scale);
SqlType array_type(SqlType element);
SqlType map_type(SqlType key, SqlType value);

/// Reads a type that starts at `tokens[at]` and moves `at` behind it; empty, with `at` unchanged,
/// when there is none. Accepts all spellings of Databricks SQL, incl. LONG, BYTE, SHORT, NUMERIC,
/// TIMESTAMP_LTZ, `ARRAY<...>` and field modifiers (NOT NULL, COMMENT, COLLATE).
std::optional<SqlType> read_type(std::span<const Token> tokens, std::size_t& at);

/// The whole text as a type (reference/results.md 1.11); empty when it is not one.
std::optional<SqlType> parse_type(std::string_view text);

/// The type's name as servers print it: `DECIMAL(10,2)`, `MAP<STRING, INT>`, `STRUCT<a: INT>`.
std::string type_text(const SqlType& type);

/// The `Spark:DataType:JsonType` form, for instance `"integer"` or `{"type":"array",...}`.
std::string type_json(const SqlType& type);

/// The lower-case form of DESCRIBE: `decimal(10,2)`, `map<string,int>`.
std::string type_catalog_text(const SqlType& type);

/// How the engine spells the type in a cast or a column definition. VARIANT is stored as JSON text.
std::string engine_type_text(const SqlType& type);

/// Reads the engine's own type text (its DESCRIBE output); what Databricks does not have becomes
/// the nearest type.
SqlType parse_engine_type(std::string_view text);

}  // namespace dbsql::warehouse
