#include "wire/wire_test.h"

#include <string>
#include <vector>

namespace dbsql::test {
namespace {

/// The same statements against servers of every age: what arrives decides how it is read.
class ProtocolVersionTest : public WireTest, public testing::WithParamInterface<int> {
 protected:
  static std::unique_ptr<warehouse::Server> server_of(int protocol) {
    warehouse::ServerOptions options;
    options.service.max_protocol = protocol;
    return start(std::move(options));
  }
};

constexpr int kHiveV10 = 9;
constexpr int kSparkV1 = 0xA501;

TEST_P(ProtocolVersionTest, ValuesAreTheSame) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server, "maxRows=100");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"true", "true"},
      {"CAST(-7 AS TINYINT)", "-7"},
      {"CAST(9007199254740993 AS BIGINT)", "9007199254740993"},
      {"CAST(1.5 AS DOUBLE)", "1.5"},
      {"CAST(3.14 AS FLOAT)", "3.14"},
      {"CAST('1.20' AS DECIMAL(10,2))", "1.20"},
      {"'it''s'", "it's"},
      {"DATE'2021-07-01'", "2021-07-01"},
      {"TIMESTAMP_NTZ'2021-07-01 05:43:28.5'", "2021-07-01 05:43:28.5"},
      {"X'1ABF'", "1abf"},
      {"CAST(NULL AS INT)", "NULL"}};
  for (const auto& [sql, text] : cases) {
    Result result = connection.query("SELECT " + sql);
    int rows = 0;
    for (const RowRef row : result.rows()) {
      EXPECT_EQ(row.text(0), text) << sql;
      ++rows;
    }
    EXPECT_EQ(rows, 1) << sql;
  }
}

TEST_P(ProtocolVersionTest, AllRowsArrive) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server, "maxRows=100");
  std::int64_t next = 0;

  Result result = connection.query("SELECT id FROM range(1050) ORDER BY id");
  for (const auto [id] : result.rows<std::int64_t>()) {
    ASSERT_EQ(id, next);
    ++next;
  }

  EXPECT_EQ(next, 1050);
}

TEST_P(ProtocolVersionTest, ParametersWorkOrAreRefusedBeforeAnythingIsSent) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  const auto ask = [&] { return connection.query("SELECT :x", {{"x", 5}}); };

  if (GetParam() >= kSparkV1 + 7) {
    for (const auto [x] : ask().rows<std::int32_t>()) EXPECT_EQ(x, 5);
  } else {
    EXPECT_EQ(capture_error(ask).kind(), ErrorKind::NotSupported);
    EXPECT_EQ(server->journal().count("ExecuteStatement"), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, ProtocolVersionTest,
                         testing::Values(kHiveV10, kSparkV1 + 1, kSparkV1 + 3, kSparkV1 + 4,
                                         kSparkV1 + 5, kSparkV1 + 6, kSparkV1 + 7, kSparkV1 + 8),
                         [](const auto& parameter) {
                           return parameter.param < kSparkV1
                                      ? std::string("HiveV10")
                                      : "SparkV" + std::to_string(parameter.param - kSparkV1 + 1);
                         });

}  // namespace
}  // namespace dbsql::test
