#include "session/read_only.h"

#include <gtest/gtest.h>

namespace dbsql::session {
namespace {

TEST(OnlyReads, KnowsQueriesByTheirFirstWord) {
  for (const char* sql :
       {"SELECT 1", "  select*from t", "((SELECT 1))", "-- note\nSELECT 1",
        "/* a */ /* b */ VALUES 1", "\nDESCRIBE t", "SHOW TABLES", "EXPLAIN SELECT 1", "TABLE t"}) {
    EXPECT_TRUE(only_reads(sql)) << sql;
  }
}

TEST(OnlyReads, IsInDoubtAboutEverythingElse) {
  for (const char* sql :
       {"", "  ", "INSERT INTO t VALUES (1)", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "FROM x INSERT INTO t SELECT *", "CALL p()", "-- SELECT", "/* SELECT", "selection",
        "select_1", "DESC t", "'SELECT'"}) {
    EXPECT_FALSE(only_reads(sql)) << sql;
  }
}

}  // namespace
}  // namespace dbsql::session
