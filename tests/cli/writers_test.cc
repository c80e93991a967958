#include "cli/json_writer.h"
#include "cli/runner.h"
#include "cli/table_writer.h"
#include "tests/cli/fake_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::cli {
namespace {

using test::column;
using test::FakeRow;
using test::written;
using ::testing::HasSubstr;

// ----------------------------------------------------------------------------------------------
// table

TEST(TableFormat, AlignsTextLeftAndNumbersRight) {
  const std::string table = written(Format::Table, {column("city"), column("n", TypeId::BigInt)},
                                    {FakeRow({"Oslo", "7"}), FakeRow({"Rome", "12345"})});

  EXPECT_EQ(table,
            " city |     n\n"
            "------+-------\n"
            " Oslo |     7\n"
            " Rome | 12345\n");
}

TEST(TableFormat, AlignsWideAndCombiningCharactersByWhatTheTerminalShows) {
  const std::string table =
      written(Format::Table, {column("city"), column("x")},
              {FakeRow({"東京", "1"}), FakeRow({"Cafe\u0301", "2"}), FakeRow({"🛫", "3"})});

  EXPECT_EQ(table,
            " city | x\n"
            "------+---\n"
            " 東京 | 1\n"
            " Cafe\u0301 | 2\n"
            " 🛫   | 3\n");
}

TEST(TableFormat, ShowsNullAsConfigured) {
  EXPECT_THAT(written(Format::Table, {column("a")}, {FakeRow({std::nullopt})}),
              HasSubstr(" NULL\n"));
  EXPECT_THAT(written(Format::Table, {column("a")}, {FakeRow({std::nullopt})}, {.null_text = "∅"}),
              HasSubstr(" ∅\n"));
}

TEST(TableFormat, KeepsARowOnOneLine) {
  EXPECT_THAT(written(Format::Table, {column("a"), column("b")}, {FakeRow({"x\ny", "\x1b[0m"})}),
              HasSubstr(" x\\ny | \\x1b[0m\n"));
}

TEST(TableFormat, WritesTheHeaderOfAnEmptyResult) {
  EXPECT_EQ(written(Format::Table, {column("a"), column("bc")}, {}), " a | bc\n---+----\n");
}

TEST(TableFormat, LeavesTheHeaderOutWhenAsked) {
  EXPECT_EQ(written(Format::Table, {column("long name"), column("b")},
                    {FakeRow({"x", "y"}), FakeRow({"xx", "y"})}, {.header = false}),
            " x  | y\n xx | y\n");
}

TEST(TableFormat, CutsLongCellsWhereTheTerminalEnds) {
  EXPECT_EQ(written(Format::Table, {column("a")}, {FakeRow({"abcdefghij"})},
                    {.header = false, .cell_width_limit = 6}),
            " abcde…\n");
}

TEST(TableFormat, HoldsNoMoreThanTheSampleBack) {
  std::string out;
  TableWriter writer({}, out);
  writer.begin(Schema({column("a", TypeId::Int)}));

  for (std::size_t i = 0; i + 1 < TableWriter::kSampleRows; ++i) writer.row(FakeRow({"1"}));
  EXPECT_TRUE(out.empty());
  writer.row(FakeRow({"1"}));
  EXPECT_FALSE(out.empty());

  out.clear();
  writer.row(FakeRow({"22"}));
  EXPECT_EQ(out, " 22\n") << "a later row is longer than the column: it is written all the same";
}

TEST(TableFormat, HoldsFewerRowsBackWhenTheyAreLarge) {
  std::string out;
  TableWriter writer({}, out);
  writer.begin(Schema({column("a")}));

  writer.row(FakeRow({std::string(TableWriter::kSampleBytes, 'x')}));

  EXPECT_GT(out.size(), TableWriter::kSampleBytes);
}

TEST(TableFormat, WritesTheRowsItHeldBackAfterAnError) {
  EXPECT_THAT(written(Format::Table, {column("a")}, {FakeRow({"x"})}, {}, /*is_complete=*/false),
              HasSubstr(" x\n"));
}

TEST(RowCount, IsWrittenInWords) {
  EXPECT_EQ(row_count_text(0, 0), "(0 rows)\n");
  EXPECT_EQ(row_count_text(1, 0), "(1 row)\n");
  EXPECT_EQ(row_count_text(3'000'000, 0), "(3,000,000 rows)\n");
  EXPECT_EQ(row_count_text(10, 10), "(10 rows, the limit)\n");
  EXPECT_EQ(row_count_text(9, 10), "(9 rows)\n");
}

// ----------------------------------------------------------------------------------------------
// csv, tsv

TEST(CsvFormat, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(written(Format::Csv, {column("plain"), column("with,comma")},
                    {FakeRow({"a b", "say \"hi\""}), FakeRow({"x,y", "two\nlines"}),
                     FakeRow({"cr\r", ";\t'"})}),
            "plain,\"with,comma\"\n"
            "a b,\"say \"\"hi\"\"\"\n"
            "\"x,y\",\"two\nlines\"\n"
            "\"cr\r\",;\t'\n");
}

TEST(CsvFormat, TellsNullFromTheEmptyString) {
  EXPECT_EQ(written(Format::Csv, {column("a"), column("b")}, {FakeRow({std::nullopt, ""})},
                    {.header = false}),
            ",\"\"\n");
}

TEST(CsvFormat, TellsNullFromAStringThatLooksLikeIt) {
  EXPECT_EQ(written(Format::Csv, {column("a"), column("b"), column("c", TypeId::Int)},
                    {FakeRow({std::nullopt, "0", "0"})}, {.header = false, .null_text = "0"}),
            "0,\"0\",\"0\"\n");
}

TEST(CsvFormat, QuotesNestedValues) {
  EXPECT_EQ(written(Format::Csv, {column("a", TypeId::Array)}, {FakeRow({R"(["x",1])"})},
                    {.header = false}),
            "\"[\"\"x\"\",1]\"\n");
}

TEST(CsvFormat, KeepsNumbersAsTheyAre) {
  EXPECT_EQ(written(Format::Csv, {column("a", TypeId::Decimal), column("b", TypeId::Double)},
                    {FakeRow({"12345678901234567890.120", "NaN"})}, {.header = false}),
            "12345678901234567890.120,NaN\n");
}

TEST(TsvFormat, EscapesWhatWouldBreakALine) {
  EXPECT_EQ(written(Format::Tsv, {column("a"), column("b")}, {FakeRow({"x\ty\nz", "c:\\d\r"})}),
            "a\tb\nx\\ty\\nz\tc:\\\\d\\r\n");
}

TEST(TsvFormat, TellsNullFromEveryString) {
  EXPECT_EQ(written(Format::Tsv, {column("a"), column("b"), column("c")},
                    {FakeRow({std::nullopt, "", "\\N"})}, {.header = false}),
            "\\N\t\t\\\\N\n");
}

// ----------------------------------------------------------------------------------------------
// json, ndjson

TEST(JsonFormat, WritesAnArrayWithOneObjectPerLine) {
  EXPECT_EQ(written(Format::Json, {column("a", TypeId::Int), column("b")},
                    {FakeRow({"1", "x"}), FakeRow({"2", std::nullopt})}),
            "[\n{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":null}\n]\n");
}

TEST(JsonFormat, WritesAnEmptyArrayForNoRows) {
  EXPECT_EQ(written(Format::Json, {column("a")}, {}), "[]\n");
}

TEST(JsonFormat, LeavesTheArrayOpenAfterAnError) {
  EXPECT_EQ(written(Format::Json, {column("a")}, {FakeRow({"x"})}, {}, /*is_complete=*/false),
            "[\n{\"a\":\"x\"}\n");
}

TEST(NdjsonFormat, WritesBareObjects) {
  EXPECT_EQ(written(Format::Ndjson, {column("a")}, {FakeRow({"x"}), FakeRow({"y"})}),
            "{\"a\":\"x\"}\n{\"a\":\"y\"}\n");
}

std::string json_of(TypeId type, const std::string& text) {
  const std::string line = written(Format::Ndjson, {column("v", type)}, {FakeRow({text})});
  return line.substr(5, line.size() - 7);  // of {"v":...}\n
}

TEST(JsonFormat, KeepsAllDigitsOfNumbers) {
  EXPECT_EQ(json_of(TypeId::BigInt, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(json_of(TypeId::Decimal, "0.10"), "0.10");
  EXPECT_EQ(json_of(TypeId::Decimal, "99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999");
  EXPECT_EQ(json_of(TypeId::Double, "1.0E10"), "1.0E10");
}

TEST(JsonFormat, QuotesNumbersThatJsonDoesNotHave) {
  EXPECT_EQ(json_of(TypeId::Double, "NaN"), "\"NaN\"");
  EXPECT_EQ(json_of(TypeId::Float, "-Infinity"), "\"-Infinity\"");
}

TEST(JsonFormat, WritesEachTypeInItsForm) {
  EXPECT_EQ(json_of(TypeId::Boolean, "true"), "true");
  EXPECT_EQ(json_of(TypeId::Date, "2024-02-29"), "\"2024-02-29\"");
  EXPECT_EQ(json_of(TypeId::Timestamp, "2024-02-29 12:00:00.5"), "\"2024-02-29 12:00:00.5\"");
  EXPECT_EQ(json_of(TypeId::IntervalYearMonth, "2-6"), "\"2-6\"");
  EXPECT_EQ(json_of(TypeId::Struct, R"({"a":[1,null]})"), R"({"a":[1,null]})");
  EXPECT_EQ(json_of(TypeId::Binary, "\x1a\xbf"), "\"Gr8=\"");
  EXPECT_EQ(json_of(TypeId::Variant, R"({"a":1})"), R"("{\"a\":1}")");
}

TEST(JsonFormat, QuotesNestedTextThatIsNoJson) {
  EXPECT_EQ(json_of(TypeId::Array, "[2020-12-31]"), "\"[2020-12-31]\"");
}

TEST(JsonFormat, EscapesOnlyWhatItMust) {
  EXPECT_EQ(json_of(TypeId::String, "a\"b\\c\n\x01<é>\u2028"),
            "\"a\\\"b\\\\c\\n\\u0001<é>\u2028\"");
}

TEST(JsonFormat, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(json_of(TypeId::String,
                    "a\xff"
                    "b"),
            "\"a\uFFFDb\"");
}

TEST(JsonFormat, GivesRepeatedNamesNumbers) {
  EXPECT_EQ(written(Format::Ndjson, {column("a"), column("a"), column("a_2"), column("")},
                    {FakeRow({"1", "2", "3", "4"})}),
            "{\"a\":\"1\",\"a_2\":\"2\",\"a_2_2\":\"3\",\"\":\"4\"}\n");
}

TEST(IsJson, AcceptsEveryKindOfValue) {
  for (const char* text : {"null", "true", "false", "0", "-0.5e+10", "\"a\\u00e9\\n\"", "[]", "{}",
                           " [1, {\"a\" : [ ]} ] ", "{\"a\":null,\"b\":\"\"}"}) {
    EXPECT_TRUE(is_json(text)) << text;
  }
}

TEST(IsJson, RefusesEverythingElse) {
  for (const char* text :
       {"", "nul", "01", "1.", ".5", "+1", "NaN", "[1,]", "[1 2]", "{a:1}", "{\"a\"}", "\"open",
        "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "[1]]", "["}) {
    EXPECT_FALSE(is_json(text)) << text;
  }
  EXPECT_FALSE(is_json(std::string(100'000, '['))) << "deeper than any value: no crash";
}

TEST(Base64, PadsTheLastGroup) {
  const auto encoded = [](std::string_view text) {
    std::string out;
    append_base64(std::as_bytes(std::span(text.data(), text.size())), out);
    return out;
  };

  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("\xfb\xff\xbe"), "+/++");
}

}  // namespace
}  // namespace dbsql::cli
