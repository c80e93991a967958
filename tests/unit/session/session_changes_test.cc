#include "session/session_changes.h"

#include <gmock/gmock.h>

#include <string_view>

namespace dbsql::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using What = SessionChange::What;

What what_of(std::string_view sql) { return change_of(sql, false).what; }

void run(SessionChanges& changes, std::string_view sql) {
  changes.note(change_of(sql, false), sql);
}

TEST(SessionChange, ReadsWhereASessionIsSentTo) {
  EXPECT_EQ(what_of("USE CATALOG main"), What::Catalog);
  EXPECT_EQ(what_of("set catalog main;"), What::Catalog);
  EXPECT_EQ(what_of("USE sales"), What::Schema);
  EXPECT_EQ(what_of(" /* x */ use schema `odd name`"), What::Schema);
  EXPECT_EQ(what_of("USE DATABASE sales"), What::Schema);
  EXPECT_EQ(what_of("USE main.sales"), What::Namespace);
  EXPECT_EQ(what_of("USE SCHEMA `main`.`sales` ;"), What::Namespace);
}

TEST(SessionChange, DoesNotGuessWhatItCannotRead) {
  for (const char* sql :
       {"USE IDENTIFIER('a' || 'b')", "USE a.b.c", "USE `a", "USE", "DECLARE x INT",
        "SET VAR x = 1", "SET (a, b) = (SELECT 1, 2)", "RESET", "EXECUTE IMMEDIATE 'USE x'",
        "BEGIN DECLARE x INT; END", "ADD JAR 'x.jar'", "CREATE TEMPORARY VIEW v AS SELECT 1",
        "create or replace global temp view v as select 1"})
    EXPECT_EQ(what_of(sql), What::Lasting) << sql;
  EXPECT_EQ(change_of("USE IDENTIFIER(:name)", true).what, What::Lasting);
  EXPECT_EQ(change_of("SET x = ?", true).what, What::Lasting);
}

TEST(SessionChange, SeesNoneInOtherStatements) {
  for (const char* sql : {"SELECT 1", "SET", "SET timezone", "SET -v", "BEGIN", "BEGIN TRANSACTION",
                          "SET AUTOCOMMIT = FALSE", "CREATE TABLE t (x INT)", "user", ""})
    EXPECT_EQ(what_of(sql), What::Nothing) << sql;
}

TEST(SessionChange, NamesSettingsInOneWay) {
  EXPECT_EQ(change_of("SET ANSI_MODE = true", false).key, "ansi_mode");
  EXPECT_EQ(change_of("set `ansi_mode`=false", false).key, "ansi_mode");
  EXPECT_EQ(change_of("RESET ansi_mode;", false).key, "ansi_mode");
  EXPECT_EQ(change_of("SET TIME ZONE LOCAL", false).key, "timezone");
}

TEST(SessionChanges, AreRepeatedInTheOrderThatCounts) {
  SessionChanges changes;
  for (const char* sql : {"USE old", "SET ansi_mode = true", "USE CATALOG main", "USE sales",
                          "SET ansi_mode = false", "SET TIME ZONE 'UTC'"})
    run(changes, sql);

  EXPECT_THAT(changes.restoring(), ElementsAre("SET ansi_mode = false", "SET TIME ZONE 'UTC'",
                                               "USE CATALOG main", "USE sales"));
  EXPECT_THAT(changes.lasting(), IsEmpty());
}

TEST(SessionChanges, ANewCatalogHasAnotherSchema) {
  SessionChanges changes;
  run(changes, "USE main.sales");
  run(changes, "USE CATALOG other");

  EXPECT_THAT(changes.restoring(), ElementsAre("USE CATALOG other"));

  run(changes, "USE main.sales");
  EXPECT_THAT(changes.restoring(), ElementsAre("USE main.sales"));
  EXPECT_TRUE(changes.summary().is_catalog_changed);
}

TEST(SessionChanges, ThatNobodyKnowsOfAreSaidToBeSo) {
  SessionChanges changes;
  run(changes, "DECLARE x INT");
  EXPECT_THAT(changes.lasting(), HasSubstr("variable"));
  EXPECT_TRUE(changes.summary().is_lasting);

  changes.forget();
  EXPECT_THAT(changes.lasting(), IsEmpty());
  changes.lose_track();
  EXPECT_THAT(changes.lasting(), HasSubstr("nobody knows"));
}

TEST(SessionChanges, TakeABoundedPlaceInMemory) {
  SessionChanges changes;
  for (int i = 0; i < 10'000; ++i) {
    const std::string sql = "SET key_" + std::to_string(i) + " = 1";
    run(changes, sql);
  }
  EXPECT_LE(changes.restoring().size(), 200U);
  EXPECT_TRUE(changes.summary().is_lasting);
}

}  // namespace
}  // namespace dbsql::session
