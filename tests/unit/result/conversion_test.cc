#include "base/text.h"
#include "support/capture_error.h"
#include "unit/result/bound_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Every type of column against every type it may be asked for: what loses nothing is read, all else
// is an error that names the column.
namespace dbsql {
namespace {

using test::BoundBatch;
using testing::AllOf;
using testing::HasSubstr;

struct Source {
  std::string sql_name;
  arrow::UniqueSchema type;
  std::function<void(arrow::Builder&)> fill;  ///< one value that every wider type holds
  std::string readable;                       ///< names of the types that read it
};

template <class Builder, class T>
Source source(std::string sql_name, const char* format, T value, std::string readable) {
  return {.sql_name = std::move(sql_name),
          .type = arrow::make_schema(format, ""),
          .fill = [value](arrow::Builder& column) { column.as<Builder>().append(value); },
          .readable = std::move(readable)};
}

Source text_source(std::string sql_name, std::string value, std::string readable) {
  return source<arrow::Utf8Builder>(std::move(sql_name), "u", std::move(value),
                                    std::move(readable));
}

Source list_source() {
  return {.sql_name = "ARRAY<INT>",
          .type = arrow::list_schema(arrow::make_schema("i", "element")),
          .fill = [](arrow::Builder& column) { column.as<arrow::ListBuilder>().end_list(); },
          .readable = ""};
}

constexpr const char* kIntegers = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 ";
constexpr const char* kText = "string_view string ";

std::vector<Source> every_column() {
  const std::string integers = kIntegers;
  const std::string text = kText;
  std::vector<Source> columns;
  const auto add = [&](Source one) { columns.push_back(std::move(one)); };
  add(source<arrow::BoolBuilder>("BOOLEAN", "b", true, "bool"));
  add(source<arrow::Int8Builder>("TINYINT", "c", std::int8_t{7}, integers + "double Decimal"));
  add(source<arrow::Int16Builder>("SMALLINT", "s", std::int16_t{7}, integers + "double Decimal"));
  add(source<arrow::Int32Builder>("INT", "i", std::int32_t{7}, integers + "double Decimal"));
  add(source<arrow::Int64Builder>("BIGINT", "l", std::int64_t{7}, integers + "Decimal"));
  add(source<arrow::Float32Builder>("FLOAT", "f", 1.5F, "float double"));
  add(source<arrow::Float64Builder>("DOUBLE", "g", 1.5, "double"));
  add(source<arrow::Decimal128Builder>("DECIMAL(10,2)", "d:10,2",
                                       arrow::DecimalWords128{.low = 150}, "Decimal"));
  add(text_source("STRING", "2021-07-01", text));
  add(text_source("VARIANT", "1", text));
  add(text_source("GEOMETRY(0)", "POINT(1 2)", text + "Geometry"));
  add(source<arrow::BinaryBuilder>("BINARY", "z", std::string("ab"), "bytes"));
  add(source<arrow::Date32Builder>("DATE", "tdD", std::int32_t{1}, "Date"));
  add(source<arrow::TimestampBuilder>("TIMESTAMP", "tsu:UTC", std::int64_t{1}, "Timestamp"));
  add(source<arrow::TimestampBuilder>("TIMESTAMP_NTZ", "tsu:", std::int64_t{1}, "TimestampNtz"));
  add(source<arrow::MonthsBuilder>("INTERVAL YEAR TO MONTH", "tiM", std::int32_t{1}, "YearMonth"));
  add(source<arrow::DurationBuilder>("INTERVAL DAY TO SECOND", "tDu", std::int64_t{1}, "DayTime"));
  add(list_source());
  // The same types as text.
  add(text_source("DECIMAL(10,2)", "1.50", text + "Decimal"));
  add(text_source("TIMESTAMP", "2021-07-01 05:43:28", text + "TimestampNtz"));
  add(text_source("TIMESTAMP", "2021-07-01 05:43:28Z", text + "Timestamp"));
  add(text_source("TIMESTAMP_NTZ", "2021-07-01 05:43:28", text + "TimestampNtz"));
  add(text_source("INTERVAL YEAR TO MONTH", "1-2", text + "YearMonth"));
  add(text_source("INTERVAL DAY TO SECOND", "1 00:00:00.000000000", text + "DayTime"));
  add(text_source("ARRAY<INT>", "[1]", text));
  return columns;
}

/// Calls `check(name, read)` for every type that a column can be asked for.
template <class Check>
void each_reader(const BoundBatch& column, const Check& check) {
  const auto one = [&]<class T>(std::string_view name, std::type_identity<T>) {
    check(name, [&] { column.get<T>(0); });
    check(name, [&] { column.get<std::optional<T>>(0); });
  };
  one("int8", std::type_identity<std::int8_t>());
  one("int16", std::type_identity<std::int16_t>());
  one("int32", std::type_identity<std::int32_t>());
  one("int64", std::type_identity<std::int64_t>());
  one("uint8", std::type_identity<std::uint8_t>());
  one("uint16", std::type_identity<std::uint16_t>());
  one("uint32", std::type_identity<std::uint32_t>());
  one("uint64", std::type_identity<std::uint64_t>());
  one("bool", std::type_identity<bool>());
  one("float", std::type_identity<float>());
  one("double", std::type_identity<double>());
  one("string_view", std::type_identity<std::string_view>());
  one("string", std::type_identity<std::string>());
  one("bytes", std::type_identity<std::span<const std::byte>>());
  one("Decimal", std::type_identity<Decimal>());
  one("Date", std::type_identity<Date>());
  one("Timestamp", std::type_identity<Timestamp>());
  one("TimestampNtz", std::type_identity<TimestampNtz>());
  one("YearMonth", std::type_identity<YearMonthInterval>());
  one("DayTime", std::type_identity<DayTimeInterval>());
  one("Geometry", std::type_identity<Geometry>());
}

TEST(Conversion, IsDoneOnlyWhereNothingCanBeLost) {
  for (const Source& source : every_column()) {
    SCOPED_TRACE(source.sql_name + " " + source.type->format);
    const auto column = test::one_column(source.type, source.sql_name, source.fill);
    std::set<std::string, std::less<>> readable;
    for (const std::string_view name : base::split(source.readable, ' ')) readable.emplace(name);
    each_reader(column, [&](std::string_view name, const auto& read) {
      if (readable.contains(name)) {
        EXPECT_NO_THROW(read()) << name;
        return;
      }
      const Error error = test::capture_error(read);
      EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument) << name;
      EXPECT_EQ(error.sqlstate(), "07006") << name;
      EXPECT_THAT(error.message(),
                  AllOf(HasSubstr("column 1 \"c\" (" + source.sql_name + ")"),
                        HasSubstr("cannot be read as"), HasSubstr("; read it as ")))
          << name;
    });
    EXPECT_NO_THROW(column.get<Value>(0));
  }
}

TEST(Conversion, OfAColumnOfNullsIsNullForEveryType) {
  const auto column = test::one_column(arrow::make_schema("n", ""), "VOID",
                                       [](arrow::Builder& builder) { builder.append_null(); });

  EXPECT_EQ(column.get<std::optional<int>>(0), std::nullopt);
  EXPECT_EQ(column.get<std::optional<std::string>>(0), std::nullopt);
  EXPECT_EQ(column.get<std::optional<Decimal>>(0), std::nullopt);
  EXPECT_EQ(column.get<std::optional<Geometry>>(0), std::nullopt);
  EXPECT_EQ(column.get<Value>(0), Value());
  EXPECT_EQ(test::capture_error([&] { column.get<int>(0); }).sqlstate(), "22002");
}

}  // namespace
}  // namespace dbsql
