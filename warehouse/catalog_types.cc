#include "warehouse/catalog_calls.h"
#include "warehouse/catalog_table.h"

#include <array>
#include <limits>

// What metadata calls say about types (reference/metadata.md 13.1 and 13.5).
namespace dbsql::warehouse {
namespace {

struct FactRow {
  TypeKind kind;
  int jdbc_type;
  int size;  // bytes of fixed types, as the server reports them
  int digits;
  int radix;  // 0 = null
};

constexpr int kUnbounded = std::numeric_limits<std::int32_t>::max();
constexpr std::array kFacts{
    FactRow{TypeKind::Boolean, 16, 1, 0, 0},
    FactRow{TypeKind::TinyInt, -6, 1, 0, 10},
    FactRow{TypeKind::SmallInt, 5, 2, 0, 10},
    FactRow{TypeKind::Int, 4, 4, 0, 10},
    FactRow{TypeKind::BigInt, -5, 8, 0, 10},
    FactRow{TypeKind::Float, 6, 4, 7, 10},
    FactRow{TypeKind::Double, 8, 8, 15, 10},
    FactRow{TypeKind::Decimal, 3, 0, 0, 10},
    FactRow{TypeKind::String, 12, kUnbounded, 0, 0},
    FactRow{TypeKind::Char, 1, 0, 0, 0},
    FactRow{TypeKind::Varchar, 12, 0, 0, 0},
    FactRow{TypeKind::Binary, -2, 0, 0, 0},
    FactRow{TypeKind::Date, 91, 4, 0, 0},
    FactRow{TypeKind::Timestamp, 93, 8, 6, 0},
    FactRow{TypeKind::TimestampNtz, 93, 8, 6, 0},
    FactRow{TypeKind::YearMonthInterval, 1111, 4, 0, 0},
    FactRow{TypeKind::DayTimeInterval, 1111, 8, 0, 0},
    FactRow{TypeKind::Array, 2003, 0, 0, 0},
    FactRow{TypeKind::Map, 2000, 0, 0, 0},
    FactRow{TypeKind::Struct, 2002, 0, 0, 0},
    FactRow{TypeKind::Void, 0, 1, 0, 0},
    FactRow{TypeKind::Variant, 1111, 0, 0, 0},
};

struct TypeInfoRow {
  const char* name;
  int jdbc_type;
  int precision;
  const char* prefix;  // null = none
  const char* suffix;
  const char* create_params;
  bool case_sensitive;
  int searchable;
  int minimum_scale;  // -1 = null, like the rest
  int maximum_scale;
  int radix;
};

constexpr std::array kTypeInfo{
    TypeInfoRow{"VOID", 0, 1, nullptr, nullptr, nullptr, false, 0, -1, -1, -1},
    TypeInfoRow{"BOOLEAN", 16, 1, nullptr, nullptr, nullptr, false, 2, -1, -1, -1},
    TypeInfoRow{"TINYINT", -6, 3, nullptr, nullptr, nullptr, false, 2, 0, 0, 10},
    TypeInfoRow{"SMALLINT", 5, 5, nullptr, nullptr, nullptr, false, 2, 0, 0, 10},
    TypeInfoRow{"INT", 4, 10, nullptr, nullptr, nullptr, false, 2, 0, 0, 10},
    TypeInfoRow{"BIGINT", -5, 19, nullptr, nullptr, nullptr, false, 2, 0, 0, 10},
    TypeInfoRow{"FLOAT", 6, 7, nullptr, nullptr, nullptr, false, 2, 0, 0, 2},
    TypeInfoRow{"DOUBLE", 8, 15, nullptr, nullptr, nullptr, false, 2, 0, 0, 2},
    TypeInfoRow{"DECIMAL", 3, 38, nullptr, nullptr, "precision,scale", false, 2, 0, 38, 10},
    TypeInfoRow{"STRING", 12, 510, "'", "'", "max length", true, 3, -1, -1, -1},
    TypeInfoRow{"VARCHAR", 12, 510, "'", "'", "max length", true, 3, -1, -1, -1},
    TypeInfoRow{"CHAR", 1, 255, "'", "'", "LENGTH", true, 3, -1, -1, -1},
    TypeInfoRow{"BINARY", -2, 32767, "0x", nullptr, "LENGTH", false, 0, -1, -1, -1},
    TypeInfoRow{"DATE", 91, 10, "'", "'", nullptr, false, 2, -1, -1, -1},
    TypeInfoRow{"TIMESTAMP", 93, 29, "'", "'", nullptr, false, 2, 0, 9, -1},
    TypeInfoRow{"TIMESTAMP_NTZ", 93, 29, "'", "'", nullptr, false, 2, 0, 9, -1},
    TypeInfoRow{"INTERVAL", 1111, 40, "'", "'", "Qualifier", false, 2, 0, 6, -1},
    TypeInfoRow{"ARRAY", 2003, 32767, nullptr, nullptr, "Type", false, 0, -1, -1, -1},
    TypeInfoRow{"MAP", 2000, 32767, nullptr, nullptr, "Key,Value", false, 0, -1, -1, -1},
    TypeInfoRow{"STRUCT", 2002, 32767, nullptr, nullptr, "Column Type, ...", false, 0, -1, -1, -1},
    TypeInfoRow{"VARIANT", 1111, 32767, nullptr, nullptr, nullptr, false, 0, -1, -1, -1},
};

Cell text_or_null(const char* text) { return text == nullptr ? Cell() : Cell(std::string(text)); }
Cell number_or_null(int value) {
  return value < 0 ? Cell() : Cell(static_cast<std::int64_t>(value));
}

CellRow type_info_row(const TypeInfoRow& row) {
  const bool number = row.radix > 0;
  return {text_or_null(row.name),
          Cell(static_cast<std::int64_t>(row.jdbc_type)),
          number_or_null(row.precision),
          text_or_null(row.prefix),
          text_or_null(row.suffix),
          text_or_null(row.create_params),
          number_or_null(1),  // nullable
          Cell(row.case_sensitive),
          number_or_null(row.searchable),
          Cell(!number),
          Cell(false),
          Cell(false),
          Cell(),
          number_or_null(row.minimum_scale),
          number_or_null(row.maximum_scale),
          Cell(),
          Cell(),
          number_or_null(row.radix)};
}

}  // namespace

TypeFacts facts_of(const SqlType& type) {
  const auto& row = kFacts[static_cast<std::size_t>(type.kind)];
  TypeFacts facts{.jdbc_type = row.jdbc_type, .size = row.size, .digits = row.digits};
  if (row.radix > 0) facts.radix = row.radix;
  const bool sized = type.kind == TypeKind::Decimal || type.kind == TypeKind::Char ||
                     type.kind == TypeKind::Varchar;
  if (sized) facts.size = type.precision;
  if (type.kind == TypeKind::Decimal) facts.digits = type.scale;
  return facts;
}

std::unique_ptr<EngineResult> type_info_result() {
  std::vector<CellRow> rows;
  for (const auto& row : kTypeInfo) rows.push_back(type_info_row(row));
  return make_table(
      {text_column("TYPE_NAME"), column("DATA_TYPE", TypeKind::Int),
       column("PRECISION", TypeKind::Int), text_column("LITERAL_PREFIX"),
       text_column("LITERAL_SUFFIX"), text_column("CREATE_PARAMS"),
       column("NULLABLE", TypeKind::SmallInt), column("CASE_SENSITIVE", TypeKind::Boolean),
       column("SEARCHABLE", TypeKind::SmallInt), column("UNSIGNED_ATTRIBUTE", TypeKind::Boolean),
       column("FIXED_PREC_SCALE", TypeKind::Boolean), column("AUTO_INCREMENT", TypeKind::Boolean),
       text_column("LOCAL_TYPE_NAME"), column("MINIMUM_SCALE", TypeKind::SmallInt),
       column("MAXIMUM_SCALE", TypeKind::SmallInt), column("SQL_DATA_TYPE", TypeKind::Int),
       column("SQL_DATETIME_SUB", TypeKind::Int), column("NUM_PREC_RADIX", TypeKind::Int)},
      std::move(rows));
}

}  // namespace dbsql::warehouse
