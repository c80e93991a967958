#include "wire/wire_test.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {
namespace {

class ParameterTest : public WireTest {
 protected:
  static std::string text_of(Connection& connection, const std::string& expression,
                             const Parameters& parameters) {
    Result result = connection.query("SELECT " + expression, parameters);
    std::string text;
    for (const RowRef row : result.rows()) text = row.text(0);
    return text;
  }
};

TEST_F(ParameterTest, EveryTypeComesBackAsItWasSent) {
  Connection connection = connect();
  const std::vector<std::pair<Value, std::string>> cases{
      {nullptr, "NULL"},
      {true, "true"},
      {std::int8_t{-7}, "-7"},
      {std::int16_t{-300}, "-300"},
      {2147483647, "2147483647"},
      {std::int64_t{9007199254740993}, "9007199254740993"},
      {5.1F, "5.1"},
      {1e-10, "1.0E-10"},
      {Decimal::from_string("123456789123456789.123456789123456789"),
       "123456789123456789.123456789123456789"},
      {Decimal::from_string("-0.5"), "-0.5"},
      {"it's \\ \"here\" \xF0\x9F\x98\x80", "it's \\ \"here\" \xF0\x9F\x98\x80"},
      {Date{19000}, "2022-01-08"},
      {TimestampNtz{1625118208500000}, "2021-07-01 05:43:28.5"},
      {ListValue{{1, 2, 3}}, "[1,2,3]"},
      {MapValue{{{"a", 1}, {"b", 2}}}, R"({"a":1,"b":2})"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(text_of(connection, ":v", {{"v", value}}), text);
    EXPECT_EQ(text_of(connection, "?", Parameters::positional({value})), text);
  }
}

TEST_F(ParameterTest, TimestampsAreInstantsWhateverTheSessionsZone) {
  Connection connection = connect("timezone=Asia/Tokyo");

  EXPECT_EQ(text_of(connection, ":t", {{"t", Timestamp{1625118208000000, nullptr}}}),
            "2021-07-01 14:43:28");
}

TEST_F(ParameterTest, AnExplicitTypeWins) {
  Connection connection = connect();
  Parameters parameters;
  parameters.add("d", "2024-03-14", "DATE");

  Result result = connection.query("SELECT :d", parameters);

  EXPECT_EQ(result.schema()[0].type, TypeId::Date);
}

TEST_F(ParameterTest, OneValueServesAllMarkersOfItsName) {
  Connection connection = connect();

  EXPECT_EQ(text_of(connection, ":x + :x", {{"x", 21}}), "42");
}

TEST_F(ParameterTest, MarkersInsideTextAreNotMarkers) {
  Connection connection = connect();

  EXPECT_EQ(text_of(connection, "concat('?', ':x', ?) -- ? :y", Parameters::positional({"z"})),
            "?:xz");
}

TEST_F(ParameterTest, BinaryNamesTheWayOut) {
  Connection connection = connect();

  const Error error = capture_error([&] {
    text_of(connection, ":b", {{"b", Binary{{std::byte{1}}}}});
  });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_NE(error.message().find("unhex"), std::string::npos);
}

TEST_F(ParameterTest, MixingNamesAndPositionsIsRefusedBeforeAnythingIsSent) {
  Connection connection = connect();
  warehouse().journal().clear();
  Parameters mixed;
  mixed.add("a", 1).add("", 2);

  EXPECT_EQ(capture_error([&] { connection.query("SELECT 1", mixed); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(requests("ExecuteStatement"), 0U);
}

/// Text made of the pieces with which literals are broken.
std::string hostile_text(std::mt19937_64& engine) {
  static const std::vector<std::string> kPieces{
      "'",       "\\",    "''",  "\\'", "\"", "`",  "--",     "/*",       "*/",
      ";",       "?",     ":x",  "\n",  "\r", "\t", "%",      "_",        "\\n",
      "\\u0027", "\\x27", "\\0", "{{",  "$x", "r'", "OR 1=1", "\xC3\xA9", "\xE2\x80\x99",
      "0",       "a",     " "};
  std::string text;
  const std::size_t pieces = engine() % 12;
  for (std::size_t i = 0; i < pieces; ++i) text += kPieces[engine() % kPieces.size()];
  return text;
}

TEST_F(ParameterTest, FiveThousandHostileTextsSurviveBeingQuoted) {
  constexpr std::size_t kBatch = 100;
  Connection connection = connect();
  std::mt19937_64 engine(5000);
  for (std::size_t batch = 0; batch < 50; ++batch) {
    std::vector<std::string> texts;
    std::string sql = "SELECT ";
    for (std::size_t i = 0; i < kBatch; ++i) {
      texts.push_back(hostile_text(engine));
      sql += (i == 0 ? "" : ", ") + quote_string(texts.back()) + " AS c" + std::to_string(i);
    }
    Result result = connection.query(sql);
    for (const RowRef row : result.rows()) {
      for (std::size_t i = 0; i < kBatch; ++i)
        ASSERT_EQ(row.get<std::string>(i), texts[i]) << quote_string(texts[i]);
    }
  }
}

}  // namespace
}  // namespace dbsql::test
