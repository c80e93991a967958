#include "wire/own_warehouse_test.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>

namespace dbsql::test {
namespace {

using warehouse::Fault;

/// Where the time of a statement went, as its own result says.
class ProfileWireTest : public OwnWarehouseTest {
 protected:
  /// What holds for every profile.
  static void expect_consistent(const StatementProfile& profile) {
    EXPECT_EQ(profile.total,
              profile.submit + profile.execute + profile.open + profile.read + profile.consume);
    for (const auto part : {profile.submit, profile.execute, profile.open, profile.read,
                            profile.consume, profile.polling, profile.fetch})
      EXPECT_GE(part, 0ns);
    EXPECT_GT(profile.submit, 0ns);
    EXPECT_LE(profile.polling, profile.execute);
    EXPECT_LE(profile.fetch, profile.open + profile.read);
    EXPECT_LE(profile.slowest_download, profile.download);
    EXPECT_LE(profile.first_row.value_or(0ns), profile.total);
  }
};

TEST_F(ProfileWireTest, TellsOfAResultThatCameAtOnce) {
  Connection connection = connect_here();
  Result result = connection.query("SELECT id FROM range(1000)");
  EXPECT_EQ(count_rows(result), 1000);

  const StatementProfile profile = result.profile();
  expect_consistent(profile);
  EXPECT_TRUE(profile.is_complete);
  EXPECT_FALSE(profile.error);
  EXPECT_EQ(profile.rows, 1000);
  EXPECT_GE(profile.pages, 1);
  EXPECT_GT(profile.page_bytes, 0);
  EXPECT_GT(profile.decoded_bytes, 8'000 - 1);
  EXPECT_GT(profile.read, 0ns);
  EXPECT_TRUE(profile.first_row);
  EXPECT_EQ(profile.files, 0);
  EXPECT_EQ(profile.retries, 0);
}

TEST_F(ProfileWireTest, TellsOfTheFilesOfAResult) {
  Connection connection = connect_here();
  Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
  EXPECT_EQ(count_rows(result), 60'000);

  const StatementProfile profile = result.profile();
  expect_consistent(profile);
  EXPECT_EQ(profile.rows, 60'000);
  EXPECT_GT(profile.files, 2);
  EXPECT_EQ(static_cast<std::size_t>(profile.files), server_->journal().count("/_storage/"));
  EXPECT_GT(profile.file_bytes, 0);
  EXPECT_GT(profile.decoded_bytes, profile.file_bytes);  // they come compressed
  EXPECT_GT(profile.download, 0ns);
  EXPECT_GT(profile.decompress, 0ns);
  EXPECT_GT(profile.decode, 0ns);
  EXPECT_EQ(profile.file_retries, 0);
}

TEST_F(ProfileWireTest, CountsPollsAndWhatTheyTook) {
  Connection connection = connect_here();
  StatementHandle statement = connection.submit("SELECT count(*) FROM range(100000)");
  EXPECT_TRUE(statement.wait());
  EXPECT_FALSE(statement.profile().is_complete);
  Result result = statement.result();
  EXPECT_EQ(count_rows(result), 1);

  const StatementProfile profile = result.profile();
  expect_consistent(profile);
  EXPECT_GE(profile.polls, 1);
  EXPECT_EQ(static_cast<std::size_t>(profile.polls),
            server_->journal().count("GetOperationStatus"));
  EXPECT_GT(profile.polling, 0ns);
  EXPECT_EQ(statement.profile().total, profile.total);  // it is over
}

TEST_F(ProfileWireTest, CountsWhatWasRepeated) {
  server_->faults().once("ExecuteStatement", Fault::answer(429, {{"Retry-After", "0"}}));
  server_->faults().add({.path = "/_storage/", .skip = 1, .fault = Fault::answer(500)});
  Connection connection = connect_here();
  Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
  EXPECT_EQ(count_rows(result), 60'000);

  expect_consistent(result.profile());
  EXPECT_EQ(result.profile().retries, 1);
  EXPECT_EQ(result.profile().file_retries, 1);
}

TEST_F(ProfileWireTest, TellsTheReadersTimeFromThatOfTheDriver) {
  Connection connection = connect_here();
  Result result = connection.query("SELECT id FROM range(10)");
  const StatementProfile before = result.profile();
  std::this_thread::sleep_for(20ms);  // the reader is busy

  const StatementProfile after = result.profile();
  EXPECT_GE(after.consume - before.consume, 20ms);
  EXPECT_EQ(after.read, before.read);
  EXPECT_EQ(after.submit, before.submit);
}

TEST_F(ProfileWireTest, TellsThatAStatementFailed) {
  Connection connection = connect_here();
  StatementHandle statement = connection.submit("SELECT error('no')");
  const Error error = capture_error([&] { statement.wait(); });

  expect_consistent(statement.profile());
  EXPECT_EQ(statement.profile().error, error.kind());
  EXPECT_EQ(statement.profile().rows, 0);
}

TEST_F(ProfileWireTest, TellsThatAStatementWasCancelled) {
  Connection connection = connect_here();
  StatementHandle statement =
      connection.submit("SELECT sum(a.id * b.id) FROM range(100000000) a, range(1000000) b");
  statement.cancel();
  capture_error([&] { statement.wait(); });
  statement.close();

  expect_consistent(statement.profile());
  EXPECT_EQ(statement.profile().error, ErrorKind::Cancelled);
  EXPECT_TRUE(statement.profile().is_complete);
}

TEST_F(ProfileWireTest, EndsWhenTheResultIsClosed) {
  Connection connection = connect_here();
  Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
  EXPECT_TRUE(skip_batch(result));
  result.close();

  const StatementProfile profile = result.profile();
  expect_consistent(profile);
  EXPECT_TRUE(profile.is_complete);
  EXPECT_LT(profile.rows, 60'000);
  EXPECT_EQ(result.profile().total, profile.total);
}

}  // namespace
}  // namespace dbsql::test
