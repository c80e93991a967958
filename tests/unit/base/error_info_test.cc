#include <dbsql/error_info.h>

#include "base/error_page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {
namespace {

using Answer = ErrorKindInfo::Answer;

struct Expected {
  std::string_view name;
  std::string_view sqlstate;
  std::string_view connecting;
  std::string_view odbc;
  std::string_view adbc;
  int adbc_code;
  Answer retryable;
  Answer dead;

  friend bool operator==(const Expected&, const Expected&) = default;
};

// reference/auth-http-config.md 6.4, row by row. Beyond it three kinds may be retryable: an
// identity service that does not answer, a server that failed (HTTP 500) and a gateway that waited
// in vain (HTTP 504) may do better later.
const std::vector<Expected> kReference{
    {"InvalidArgument", "HY024", "", "HY024", "INVALID_ARGUMENT", 5, Answer::No, Answer::No},
    {"Configuration", "08001", "", "08001", "INVALID_ARGUMENT", 5, Answer::No, Answer::No},
    {"Unauthenticated", "28000", "", "28000", "UNAUTHENTICATED", 13, Answer::Depends,
     Answer::Depends},
    {"PermissionDenied", "42000", "28000", "42000", "UNAUTHORIZED", 14, Answer::No, Answer::No},
    {"NotFound", "42S02", "", "42S02", "NOT_FOUND", 3, Answer::No, Answer::No},
    {"AlreadyExists", "42S01", "", "42S01", "ALREADY_EXISTS", 4, Answer::No, Answer::No},
    {"SqlSyntax", "42000", "", "42000", "INVALID_ARGUMENT", 5, Answer::No, Answer::No},
    {"SqlData", "22000", "", "22000", "INVALID_DATA", 7, Answer::No, Answer::No},
    {"SqlConstraint", "23000", "", "23000", "INTEGRITY", 8, Answer::No, Answer::No},
    {"SqlOther", "HY000", "", "HY000", "UNKNOWN", 1, Answer::No, Answer::No},
    {"NotSupported", "HYC00", "", "HYC00", "NOT_IMPLEMENTED", 2, Answer::No, Answer::No},
    {"Network", "08S01", "08001", "08S01", "IO", 10, Answer::Depends, Answer::No},
    {"Tls", "08001", "", "08001", "IO", 10, Answer::No, Answer::No},
    {"Redirect", "08001", "", "08001", "IO", 10, Answer::No, Answer::No},
    {"Unavailable", "08S01", "08004", "08S01", "IO", 10, Answer::Yes, Answer::No},
    {"RateLimited", "HY000", "08004", "HY000", "IO", 10, Answer::Yes, Answer::No},
    {"Timeout", "HYT00", "HYT01", "HYT00", "TIMEOUT", 12, Answer::Depends, Answer::No},
    {"Cancelled", "HY008", "", "HY008", "CANCELLED", 11, Answer::No, Answer::No},
    {"SessionExpired", "08S01", "", "08S01", "INVALID_STATE", 6, Answer::Depends, Answer::Yes},
    {"StatementClosed", "HY010", "", "HY010", "INVALID_STATE", 6, Answer::No, Answer::No},
    {"InvalidState", "HY010", "", "HY010", "INVALID_STATE", 6, Answer::No, Answer::Depends},
    {"LinkExpired", "HY000", "", "HY000", "IO", 10, Answer::Depends, Answer::No},
    {"CorruptResult", "HY000", "", "HY000", "INVALID_DATA", 7, Answer::No, Answer::No},
    {"ResourceExhausted", "HY001", "", "HY001", "INTERNAL", 9, Answer::No, Answer::No},
    {"Protocol", "08P01", "", "HY000", "INTERNAL", 9, Answer::No, Answer::Yes},
    {"TransactionState", "25000", "", "25000", "INVALID_STATE", 6, Answer::No, Answer::No},
    {"TransactionConflict", "40001", "", "40001", "INVALID_STATE", 6, Answer::Depends, Answer::No},
    {"TransactionUnknown", "08007", "", "08007", "IO", 10, Answer::No, Answer::Yes},
    {"Internal", "HY000", "", "HY000", "INTERNAL", 9, Answer::Depends, Answer::No},
};

TEST(ErrorKinds, AreThoseOfTheTaxonomy) {
  ASSERT_EQ(error_kinds().size(), kReference.size());
  for (std::size_t i = 0; i < kReference.size(); ++i) {
    const ErrorKindInfo& row = error_kinds()[i];
    const Error error({.kind = row.kind});
    const Expected actual{to_string(row.kind),  row.sqlstate,       row.connecting_sqlstate,
                          odbc_sqlstate(error), row.adbc_status,    row.adbc_code,
                          row.retryable,        row.connection_dead};
    EXPECT_TRUE(actual == kReference[i]) << row.name;
  }
}

TEST(ErrorKinds, AllSayWhatTheyMeanAndWhatToDo) {
  for (const ErrorKindInfo& row : error_kinds()) {
    EXPECT_FALSE(row.meaning.empty() || row.cause.empty() || row.cure.empty()) << row.name;
    EXPECT_EQ(row.sqlstate.size(), 5U) << row.name;
    EXPECT_TRUE(row.retryable != Answer::Depends || !row.retryable_note.empty()) << row.name;
    EXPECT_TRUE(row.connection_dead != Answer::Depends || !row.connection_dead_note.empty())
        << row.name;
  }
}

TEST(OdbcSqlstate, TranslatesWhatOdbcCallsOtherwiseAndPassesTheRestOn) {
  const auto odbc = [](std::string sqlstate) {
    return std::string(odbc_sqlstate(Error({.sqlstate = std::move(sqlstate)})));
  };
  EXPECT_EQ(odbc("42P01"), "42S02");
  EXPECT_EQ(odbc("42P07"), "42S01");
  EXPECT_EQ(odbc("42703"), "42S22");
  EXPECT_EQ(odbc("42601"), "42000");
  EXPECT_EQ(odbc("42501"), "42000");
  EXPECT_EQ(odbc("0A000"), "HYC00");
  EXPECT_EQ(odbc("22012"), "22012");
}

// The page is made from the table; DBSQL_REWRITE_DOCS=1 writes it anew.
TEST(ErrorPage, IsWhatTheTableSays) {
  const std::string path = DBSQL_SOURCE_FOLDER "/docs/errors.md";
  if (std::getenv("DBSQL_REWRITE_DOCS") != nullptr) std::ofstream(path) << base::error_page();
  std::ifstream file(path);
  std::ostringstream page;
  page << file.rdbuf();

  EXPECT_EQ(page.str(), base::error_page()) << "run this test with DBSQL_REWRITE_DOCS=1";
}

}  // namespace
}  // namespace dbsql
