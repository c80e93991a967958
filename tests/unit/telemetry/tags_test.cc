#include "telemetry/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dbsql::telemetry {
namespace {

TEST(TelemetryTags, HaveAUniqueNameAndSayWhatTheyMean) {
  std::set<std::string_view> names;
  std::set<std::string_view> paths;
  for (const TagRow& row : tags()) {
    EXPECT_FALSE(row.name.empty());
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.path.empty() || paths.insert(row.path).second) << row.path;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
}

TEST(TelemetryTags, LetTheFactsOfAConnectionBeExported) {
  for (const char* name : {"workspace.id", "session.id", "driver.version", "driver.os",
                           "driver.runtime", "feature.cloudfetch", "feature.lz4"}) {
    EXPECT_TRUE(is_exportable(RecordKind::Connection, name)) << name;
  }
}

TEST(TelemetryTags, KeepTheAddressOfTheServerLocal) {
  EXPECT_EQ(row_of(Tag::ServerAddress).scope, Scope::Local);
  EXPECT_FALSE(is_exportable(RecordKind::Connection, "server.address"));
}

TEST(TelemetryTags, LetTheFactsOfAStatementBeExported) {
  for (const char* name :
       {"statement.id", "session.id", "result.format", "result.chunk_count",
        "result.bytes_downloaded", "result.compression_enabled", "poll.count", "poll.latency_ms"}) {
    EXPECT_TRUE(is_exportable(RecordKind::Statement, name)) << name;
  }
}

TEST(TelemetryTags, HaveNoPlaceForWhatPeopleWrite) {
  for (const char* name : {"query.text", "user.email", "db.statement", "error.message", ""}) {
    EXPECT_FALSE(is_exportable(RecordKind::Statement, name)) << name;
  }
}

TEST(TelemetryTags, ExportNothingOfAnUnknownKindOfRecord) {
  const auto unknown = static_cast<RecordKind>(64);

  for (const TagRow& row : tags()) EXPECT_FALSE(is_exportable(unknown, row.name)) << row.name;
}

TEST(TelemetryTags, HaveScopesOfSeparateBits) {
  EXPECT_EQ(static_cast<int>(Scope::None), 0);
  EXPECT_EQ(static_cast<int>(Scope::Local) & static_cast<int>(Scope::Databricks), 0);
  EXPECT_EQ(static_cast<int>(Scope::Local) | static_cast<int>(Scope::Databricks),
            static_cast<int>(Scope::All));
  EXPECT_TRUE(includes(Scope::All, Scope::Local));
  EXPECT_FALSE(includes(Scope::Local, Scope::Databricks));
  EXPECT_FALSE(includes(Scope::None, Scope::None));
}

TEST(TelemetryTags, TellNextToNothingWhereNobodyIsKnownToHaveSentIt) {
  std::set<std::string_view> told;
  for (const TagRow& row : tags()) {
    if (includes(row.records, RecordKind::Unauthenticated)) told.insert(row.name);
  }

  EXPECT_THAT(told, testing::UnorderedElementsAre("event.id", "event.time", "client.user_agent",
                                                  "operation.type", "error.type"));
}

TEST(TelemetryTags, DescribeTheConnectionInOneRecordOnly) {
  for (const TagRow& row : tags()) {
    const bool describes = row.path.find("system_configuration") != std::string_view::npos ||
                           row.path.find("driver_connection_params") != std::string_view::npos ||
                           row.path.ends_with("auth_type");
    if (!describes) continue;
    EXPECT_TRUE(includes(row.records, RecordKind::Connection)) << row.name;
    EXPECT_FALSE(includes(row.records, RecordKind::Statement)) << row.name;
    EXPECT_FALSE(includes(row.records, RecordKind::SessionEnd)) << row.name;
  }
}

}  // namespace
}  // namespace dbsql::telemetry
