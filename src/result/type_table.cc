#include "result/type_table.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::result {

namespace {

// In the order of TypeId.
constexpr auto kRows = std::to_array<TypeRow>({
    // clang-format off
    // id, SQL name, Thrift name, REST name, Arrow: native, text mode, of column pages
    {TypeId::Boolean,           "BOOLEAN",       "BOOLEAN",   "BOOLEAN", "b",    "b",   "b"},
    {TypeId::TinyInt,           "TINYINT",       "TINYINT",   "BYTE",    "c",    "c",   "c"},
    {TypeId::SmallInt,          "SMALLINT",      "SMALLINT",  "SHORT",   "s",    "s",   "s"},
    {TypeId::Int,               "INT",           "INT",       "INT",     "i",    "i",   "i"},
    {TypeId::BigInt,            "BIGINT",        "BIGINT",    "LONG",    "l",    "l",   "l"},
    {TypeId::Float,             "FLOAT",         "FLOAT",     "FLOAT",   "f",    "f",   "f"},
    {TypeId::Double,            "DOUBLE",        "DOUBLE",    "DOUBLE",  "g",    "g",   "g"},
    {TypeId::Decimal,           "DECIMAL",       "DECIMAL",   "DECIMAL", "d:",   "u",   "d:"},
    {TypeId::String,            "STRING",        "STRING",    "STRING",  "u",    "u",   "u"},
    {TypeId::Varchar,           "VARCHAR",       "VARCHAR",   "STRING",  "u",    "u",   "u"},
    {TypeId::Char,              "CHAR",          "CHAR",      "CHAR",    "u",    "u",   "u"},
    {TypeId::Binary,            "BINARY",        "BINARY",    "BINARY",  "z",    "z",   "z"},
    {TypeId::Date,              "DATE",          "DATE",      "DATE",    "tdD",  "tdD", "tdD"},
    {TypeId::Timestamp,         "TIMESTAMP",     "TIMESTAMP", "",        "tsu:", "u",   "tsu:"},
    {TypeId::TimestampNtz,      "TIMESTAMP_NTZ", "",          "",        "tsu:", "u",   "tsu:"},
    {TypeId::IntervalYearMonth, "INTERVAL YEAR TO MONTH", "INTERVAL_YEAR_MONTH", "INTERVAL",
                                                                         "tiM",  "u",   "tiM"},
    {TypeId::IntervalDayTime,   "INTERVAL DAY TO SECOND", "INTERVAL_DAY_TIME",   "INTERVAL",
                                                                         "tDu",  "u",   "tDu"},
    {TypeId::Array,             "ARRAY",         "ARRAY",     "ARRAY",   "+l",   "u",   "u"},
    {TypeId::Map,               "MAP",           "MAP",       "MAP",     "+m",   "u",   "u"},
    {TypeId::Struct,            "STRUCT",        "STRUCT",    "STRUCT",  "+s",   "u",   "u"},
    {TypeId::Void,              "VOID",          "NULL",      "NULL",    "n",    "u",   "n"},
    {TypeId::Variant,           "VARIANT",       "",          "",        "u",    "u",   "u"},
    {TypeId::Geometry,          "GEOMETRY",      "",          "",        "u",    "u",   "u"},
    {TypeId::Geography,         "GEOGRAPHY",     "",          "",        "u",    "u",   "u"},
    {TypeId::Object,            "OBJECT",        "",          "",        "u",    "u",   "u"},
    {TypeId::Unknown,           "UNKNOWN",       "",          "",        "u",    "u",   "u"},
    // clang-format on
});

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].id) != i) return false;
  }
  return static_cast<std::size_t>(TypeId::Unknown) + 1 == kRows.size();
}
static_assert(is_in_order(), "one row per TypeId, in the enumeration's order");

struct Synonym {
  std::string_view word;
  TypeId id;
};
constexpr auto kSynonyms = std::to_array<Synonym>({
    {"BOOL", TypeId::Boolean},
    {"INTEGER", TypeId::Int},
    {"REAL", TypeId::Float},
    {"DEC", TypeId::Decimal},
    {"NUMERIC", TypeId::Decimal},
    {"CHARACTER", TypeId::Char},
    {"TIMESTAMP_LTZ", TypeId::Timestamp},
});

}  // namespace

const TypeRow& row_of(TypeId id) noexcept {
  const auto index = static_cast<std::size_t>(id);
  return index < kRows.size() ? kRows[index] : kRows.back();
}

const TypeRow* find_type(std::string_view word) noexcept {
  constexpr std::string_view kInterval = "INTERVAL";  // alone it does not say which of the two
  constexpr std::string_view kThriftSuffix = "_TYPE";
  if (word.size() > kThriftSuffix.size() &&
      base::equals_ignore_case(word.substr(word.size() - kThriftSuffix.size()), kThriftSuffix))
    word.remove_suffix(kThriftSuffix.size());
  if (word.empty()) return nullptr;
  for (const TypeRow& row : kRows) {
    if (row.id == TypeId::Unknown) continue;
    for (const std::string_view name : {row.sql_name, row.thrift_name, row.sea_name}) {
      if (base::equals_ignore_case(name, word) && name != kInterval) return &row;
    }
  }
  for (const Synonym& synonym : kSynonyms) {
    if (base::equals_ignore_case(synonym.word, word)) return &row_of(synonym.id);
  }
  return nullptr;
}

}  // namespace dbsql::result
