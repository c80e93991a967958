#include "support/temporary_folder.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using warehouse::Fault;

constexpr const char* kVolume = "/_storage/volumes/";

/// PUT, GET and REMOVE through the public interface: the statement over Thrift, the file over HTTP.
class StagingWireTest : public WireTest {
 protected:
  void SetUp() override {
    WireTest::SetUp();
    Connection connection = connect();
    connection.execute("DROP VOLUME IF EXISTS vol");
    connection.execute("CREATE VOLUME vol");
    warehouse().journal().clear();
  }

  std::string allowed() const { return "staging.allowed_paths=" + folder_.path().string(); }
  Connection connect_allowed(const std::string& more = {}) {
    return connect(allowed() + (more.empty() ? "" : "&" + more));
  }

  static std::string put_sql(const std::string& local, const std::string& name = "a") {
    return "PUT '" + local + "' INTO '/Volumes/main/default/vol/" + name + "' OVERWRITE";
  }
  static std::string get_sql(const std::string& local, const std::string& name = "a") {
    return "GET '/Volumes/main/default/vol/" + name + "' TO '" + local + "'";
  }
  static constexpr const char* kRemove = "REMOVE '/Volumes/main/default/vol/a'";

  /// What is in the volume's file, by way of memory.
  static std::string stored(Connection& connection, const std::string& name = "a") {
    std::vector<std::byte> bytes;
    ExecuteOptions options;
    options.staging.output_bytes = &bytes;
    connection.execute(get_sql(std::string(kOutputStream), name), {}, options);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  static std::size_t transfers() { return requests(kVolume); }

  static void fault(std::string method, Fault what, std::uint64_t count = 1) {
    warehouse().faults().add(
        {.path = kVolume, .method = std::move(method), .count = count, .fault = std::move(what)});
  }

  TemporaryFolder folder_;
};

TEST_F(StagingWireTest, AFileGoesThereAndBackAndAway) {
  Connection connection = connect_allowed();
  const std::string file = folder_.write("a.csv", "1,2,3\n");

  Result put = connection.query(put_sql(file));
  EXPECT_EQ(put.column_count(), 0U);
  EXPECT_FALSE(put.next_batch().has_value());
  EXPECT_FALSE(put.affected_rows().has_value());
  ASSERT_TRUE(put.staging().has_value());
  EXPECT_EQ(put.staging()->operation, StagingOperation::Put);
  EXPECT_EQ(put.staging()->bytes, 6U);

  Result get = connection.query(get_sql(folder_ / "b.csv"));
  EXPECT_EQ(get.staging()->bytes, 6U);
  EXPECT_EQ(folder_.read("b.csv"), "1,2,3\n");

  EXPECT_EQ(connection.query(kRemove).staging()->operation, StagingOperation::Remove);
  EXPECT_EQ(connection.query(kRemove).staging()->operation, StagingOperation::Remove);
  EXPECT_EQ(capture_error([&] { connection.query(get_sql(folder_ / "c")); }).kind(),
            ErrorKind::NotFound);
  EXPECT_THAT(folder_.names(), ElementsAre("a.csv", "b.csv"));
  EXPECT_FALSE(connection.query("SELECT 1").staging().has_value());
}

TEST_F(StagingWireTest, ExecuteMovesTheFileToo) {
  Connection connection = connect_allowed();

  EXPECT_FALSE(connection.execute(put_sql(folder_.write("a", "x"))).has_value());

  EXPECT_EQ(stored(connection), "x");
}

TEST_F(StagingWireTest, ASubmittedStatementMovesTheFileWhenItsResultIsTaken) {
  Connection connection = connect_allowed();
  StatementHandle handle = connection.submit(put_sql(folder_.write("a", "x")));
  handle.wait();
  EXPECT_EQ(transfers(), 0U);

  EXPECT_EQ(handle.result().staging()->bytes, 1U);

  EXPECT_GE(requests("GetResultSetMetadata"), 1U) << "no direct results told what it is";
  EXPECT_EQ(stored(connection), "x");
}

TEST_F(StagingWireTest, AFailedTransferOfASubmittedStatementMayBeRepeated) {
  Connection connection = connect_allowed("retry.max_attempts=1");
  StatementHandle handle = connection.submit(put_sql(folder_.write("a", "x")));
  fault("PUT", Fault::answer(500));

  capture_error([&] { handle.result(); });

  EXPECT_EQ(handle.result().staging()->bytes, 1U);
}

TEST_F(StagingWireTest, TheAnswerIsUnderstoodInEveryFormat) {
  Connection as_columns = connect_allowed("result.format=columns");
  as_columns.execute(put_sql(folder_.write("a", "by columns")));
  EXPECT_EQ(stored(as_columns), "by columns");

  warehouse::ServerOptions options;
  options.service.inline_limit_bytes = 1;  // even one row travels as a file
  const auto server = start(options);
  Connection as_link = connect_to(*server, allowed());
  as_link.execute("CREATE VOLUME vol");
  as_link.execute(put_sql(folder_.write("a", "by link")));
  EXPECT_EQ(stored(as_link), "by link");
  EXPECT_TRUE(std::ranges::any_of(server->journal().entries(), [](const auto& entry) {
    return entry.path.starts_with("/_storage/") && !entry.path.starts_with(kVolume);
  }));
}

TEST_F(StagingWireTest, TheStorageSeesTheHeadersOfTheServerAndNoCredentials) {
  Connection connection = connect_allowed();
  connection.execute(put_sql(folder_.write("a", "x")));
  connection.execute(get_sql(folder_ / "b"));
  connection.execute(kRemove);

  int seen = 0;
  for (const auto& entry : warehouse().journal().entries()) {
    if (!entry.path.starts_with(kVolume)) continue;
    ++seen;
    bool has_own_header = false;
    for (const auto& header : entry.headers) {
      EXPECT_NE(header.name, "authorization");
      EXPECT_NE(header.name, "Authorization");
      EXPECT_NE(header.name, "User-Agent");
      has_own_header = has_own_header || header.name == "x-ms-blob-type";
    }
    EXPECT_EQ(has_own_header, entry.method == "PUT");
  }
  EXPECT_EQ(seen, 3);
}

TEST_F(StagingWireTest, WithoutAnAllowedPathNoFileIsTouched) {
  Connection connection = connect();
  const std::string file = folder_.write("a", "x");

  for (const std::string& sql : {put_sql(file), get_sql(file)}) {
    const Error error = capture_error([&] { connection.execute(sql); });
    EXPECT_EQ(error.kind(), ErrorKind::PermissionDenied);
    EXPECT_THAT(error.message(), HasSubstr("staging.allowed_paths"));
  }
  EXPECT_EQ(transfers(), 0U);
  connection.execute(kRemove);
  ExecuteOptions options;
  options.staging.allowed_paths = {folder_.path().string()};
  connection.execute(put_sql(file), {}, options);
  EXPECT_EQ(stored(connection), "x");
}

TEST_F(StagingWireTest, OverwritingTakesTheKeyWord) {
  Connection connection = connect_allowed();
  const std::string sql =
      "PUT '" + folder_.write("a", "new") + "' INTO '/Volumes/main/default/vol/a'";
  connection.execute(sql);

  const Error error = capture_error([&] { connection.execute(sql); });

  EXPECT_EQ(error.error_class(), "FILE_IN_STAGING_PATH_ALREADY_EXISTS");
  EXPECT_EQ(error.kind(), ErrorKind::AlreadyExists);
}

TEST_F(StagingWireTest, StreamsAndMemoryTakeThePlaceOfFiles) {
  Connection connection = connect();
  std::istringstream input("streamed");
  ExecuteOptions put;
  put.staging.input = &input;
  connection.execute(put_sql(std::string(kInputStream)), {}, put);
  std::ostringstream output;
  ExecuteOptions get;
  get.staging.output = &output;

  connection.execute(get_sql(std::string(kOutputStream)), {}, get);

  EXPECT_EQ(output.str(), "streamed");
}

TEST_F(StagingWireTest, AStreamThatNobodyReadsIsAnError) {
  Connection connection = connect();
  std::istringstream input("x");
  ExecuteOptions options;
  options.staging.input = &input;

  EXPECT_EQ(capture_error([&] { connection.query("SELECT 1", {}, options); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([&] { connection.query(put_sql(std::string(kInputStream))); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(transfers(), 0U);
}

TEST_F(StagingWireTest, MendsEveryPassingFaultOfTheStorage) {
  const Fault faults[] = {Fault::answer(503, {{"Retry-After", "0"}}), Fault::answer(500),
                          Fault::answer(429), Fault::reset_before(), Fault::reset_after()};
  Connection connection = connect_allowed("retry.wait_min=1ms");
  std::string content(200'000, 'x');
  for (const Fault& what : faults) {
    content.back() = static_cast<char>(content.back() == 'x' ? 'y' : 'x');
    warehouse().faults().clear();
    for (const char* method : {"PUT", "GET", "DELETE"}) fault(method, what);

    connection.execute(put_sql(folder_.write("a", content)));
    connection.execute(get_sql(folder_ / "b"));
    connection.execute(kRemove);

    EXPECT_TRUE(folder_.read("b") == content) << to_string(what.kind) << " " << what.status;
    EXPECT_THAT(folder_.names(), ElementsAre("a", "b"));
  }
}

TEST_F(StagingWireTest, ADownloadThatBreaksInTheMiddleIsRepeatedFromItsBeginning) {
  Connection connection = connect_allowed("retry.wait_min=1ms");
  const std::string content(2'000'000, 'x');
  connection.execute(put_sql(folder_.write("a", content)));
  for (const Fault& what : {Fault::reset_body(1'500'000), Fault::truncate_body(1'500'000)}) {
    fault("GET", what, 2);

    connection.execute(get_sql(folder_ / "b"));

    EXPECT_TRUE(folder_.read("b") == content);
    EXPECT_THAT(folder_.names(), ElementsAre("a", "b"));
    warehouse().faults().clear();
  }
}

TEST_F(StagingWireTest, AnUploadThatBreaksInTheMiddleIsSentAgainFromItsBeginning) {
  Connection connection = connect_allowed("retry.wait_min=1ms");
  const std::string content(8'000'000, 'x');
  fault("*", Fault::reset_upload(3'000'000), 2);

  connection.execute(put_sql(folder_.write("a", content)));

  EXPECT_TRUE(stored(connection) == content);
}

TEST_F(StagingWireTest, WhatTheStorageRefusesIsNotRepeated) {
  Connection connection = connect_allowed();
  fault("PUT", Fault::answer(403, {},
                             "<Error><Code>AccessDenied</Code><Resource>?X-Amz-Signature=secret"
                             "</Resource></Error>"));
  fault("GET", Fault::answer(404, {}, "<Error><Code>NoSuchKey</Code></Error>"));

  const Error put = capture_error([&] { connection.execute(put_sql(folder_.write("a", "x"))); });
  const Error get = capture_error([&] { connection.execute(get_sql(folder_ / "b")); });

  EXPECT_EQ(put.kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(put.http_status(), 403);
  EXPECT_EQ(put.error_class(), "AccessDenied");
  EXPECT_FALSE(put.statement_id().empty());
  EXPECT_THAT(put.what(), Not(HasSubstr("Signature")));
  EXPECT_EQ(get.kind(), ErrorKind::NotFound);
  EXPECT_EQ(get.error_class(), "NoSuchKey");
  EXPECT_EQ(transfers(), 2U);
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(StagingWireTest, ALinkThatWasTooOldIsReplacedByRunningTheStatementAgain) {
  Connection connection = connect_allowed();
  const Fault too_old =
      Fault::answer(403, {}, "<Code>AccessDenied</Code><Message>Request has expired</Message>");
  fault("PUT", too_old);
  std::istringstream input("from its start");
  ExecuteOptions options;
  options.staging.input = &input;

  connection.execute(put_sql(std::string(kInputStream)), {}, options);

  EXPECT_EQ(requests("ExecuteStatement"), 2U);
  EXPECT_EQ(stored(connection), "from its start");
  fault("GET", too_old, 0);
  EXPECT_EQ(capture_error([&] { connection.execute(get_sql(folder_ / "b")); }).kind(),
            ErrorKind::LinkExpired)
      << "once is enough";
}

TEST_F(StagingWireTest, AStalledTransferEndsAtTheDeadline) {
  Connection connection = connect_allowed();
  connection.execute(put_sql(folder_.write("a", "x")));
  ExecuteOptions options;
  options.timeout = 500ms;
  for (const char* method : {"PUT", "GET", "DELETE"}) fault(method, Fault::stall(), 0);

  for (const std::string& sql :
       {put_sql(folder_ / "a"), get_sql(folder_ / "b"), std::string(kRemove)}) {
    EXPECT_EQ(capture_error([&] { connection.execute(sql, {}, options); }).kind(),
              ErrorKind::Timeout);
  }
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(StagingWireTest, TheServersTimeForAStatementDoesNotBoundTheTransfer) {
  Connection connection = connect_allowed("query.timeout=1");
  fault("PUT", Fault::delayed(100ms));

  connection.execute(put_sql(folder_.write("a", "x")));

  EXPECT_EQ(stored(connection), "x");
}

TEST_F(StagingWireTest, AStatementClosedDuringItsTransferSaysSo) {
  Connection connection = connect();
  const std::string content(50'000'000, 'x');
  std::istringstream input(content);
  StatementHandle* submitted = nullptr;
  std::jthread closer;
  ExecuteOptions options;
  options.staging.input = &input;
  options.staging.on_progress = [&](const StagingProgress& progress) {
    if (progress.bytes < 1'000'000 || closer.joinable()) return;
    closer = std::jthread([&] { submitted->close(); });
    closer.join();
    closer = std::jthread([] {});
  };
  StatementHandle handle = connection.submit(put_sql(std::string(kInputStream)), {}, options);
  submitted = &handle;

  const Error error = capture_error([&] { handle.result(); });

  EXPECT_EQ(error.kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(capture_error([&] { stored(connection); }).kind(), ErrorKind::NotFound);
}

TEST_F(StagingWireTest, AStopEndsADownloadAndLeavesNothing) {
  Connection connection = connect_allowed();
  connection.execute(put_sql(folder_.write("a", std::string(20'000'000, 'x'))));
  std::stop_source stop;
  ExecuteOptions options;
  options.stop = stop.get_token();
  options.staging.on_progress = [&](const StagingProgress&) { stop.request_stop(); };

  const Error error =
      capture_error([&] { connection.execute(get_sql(folder_ / "b"), {}, options); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
  EXPECT_EQ(connection.query("SELECT 1").column_count(), 1U) << "the connection is as before";
}

/// Memory of this process that is not a file's, in KiB: the warehouse's part too, which maps files.
long anonymous_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
  }
  return 0;
}

TEST_F(StagingWireTest, ALargeFileTakesLittleMemoryBothWays) {
  constexpr std::uintmax_t kSize = 300'000'000;
  Connection connection = connect_allowed();
  folder_.write("a", "");
  std::filesystem::resize_file(folder_.path() / "a", kSize);  // a hole: no disk is needed
  long most = 0;
  ExecuteOptions options;
  options.staging.on_progress = [&, calls = 0](const StagingProgress&) mutable {
    if (++calls % 50 == 0) most = std::max(most, anonymous_kib());
  };
  const long before = anonymous_kib();

  connection.execute(put_sql(folder_ / "a"), {}, options);
  connection.execute(get_sql(folder_ / "b"), {}, options);

  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "b"), kSize);
  EXPECT_GT(most, 0);
  EXPECT_LT(most - before, 64 * 1024);
}

}  // namespace
}  // namespace dbsql::test
