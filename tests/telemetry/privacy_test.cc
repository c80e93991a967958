#include "base/base64.h"
#include "support/canaries.h"
#include "support/captured_log.h"
#include "support/scoped_environment.h"
#include "support/scripted_server.h"
#include "support/temporary_folder.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dbsql::test {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using warehouse::Fault;

constexpr const char* kExports = "/telemetry-ext";
constexpr const char* kServerError = "error of the server";

TEST(CanaryNames, AreFoundInPartsAndInEveryForm) {
  Canaries canaries;
  const std::string name = canaries.make_name("x");
  const std::string part = name.substr(5, 10);
  std::string large = part;
  std::ranges::transform(large, large.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const std::string& text :
       {name, part, large, base::base64_encode("a" + name), base::base64_encode("ab" + name + "c"),
        base::base64_encode(name), std::string("%") + name}) {
    EXPECT_THAT(canaries.traces_in("before " + text + " behind"), Not(IsEmpty())) << text;
  }
  EXPECT_THAT(canaries.traces_in(name.substr(0, 9)), IsEmpty());
}

/// Everything that a program has of its own is marked: what it runs, where, who it is. All of it is
/// done with telemetry on, and everything that leaves is searched for the marks.
class TelemetryPrivacy : public WireTest {
 protected:
  void SetUp() override {
    warehouse::ServerOptions options;
    options.token = token_;
    options.service.direct_results_wait = 20ms;
    options.service.long_poll_wait = 50ms;
    options.service.inline_limit_bytes = 1000;  // larger results travel as files
    options.service.file_bytes = 50'000;
    server_ = start(std::move(options));
  }

  std::string name(std::string_view purpose) { return canaries_.make_name(purpose); }

  std::string sink_path() const { return (folder_.path() / sink_ / "sent.ndjson").string(); }
  Connector connector(const std::string& path, const std::string& token) const {
    const std::string address = "http://127.0.0.1:" + std::to_string(server_->port()) + "/sql";
    return Connector(ConnectorOptions::from_text(address)
                         .with_http_path(path)
                         .with_access_token(token)
                         .set("telemetry.forced", "true")
                         .set("telemetry.sink", "file:" + sink_path())
                         .set("telemetry.batch_size", "5")
                         .set("retry.max_attempts", "2")
                         .set("retry.wait_min", "5ms")
                         .set("retry.wait_max", "10ms")
                         .set("query.tags", tags_ + ":" + tags_)
                         .set("http.header.X-Mine", header_)
                         .set("staging.allowed_paths", folder_.path().string()));
  }
  Connector connector() const { return connector(server_->http_path() + "?o=7&" + query_, token_); }

  static void read(Result result) { WireTest::count_rows(result); }
  template <class Call>
  static void fails(Call call) {
    capture_error(call);
  }
  /// What may go on in another way.
  template <class Call>
  static void may_fail(Call call) {
    try {
      call();
    } catch (const Error&) {
      return;
    }
  }

  void make_and_query(Connection& connection);
  void fail_queries(Connection& connection);
  void list(Connection& connection);
  void read_files(Connection& connection);
  void cancel(Connection& connection);
  void move_files(Connection& connection);
  void fail_to_connect();
  void expect_no_mark_in_records() const;
  void expect_no_mark_in_log() const;

  /// What the sink has written, with everything that the texts in it are texts of.
  std::string written() const {
    std::stringstream text;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() / sink_))
      text << std::ifstream(file.path()).rdbuf();
    return text.str();
  }

  const TemporaryFolder folder_;
  Canaries canaries_;
  const std::string token_ = name("token");
  const std::string sink_ = name("folder of the sink");
  const std::string tags_ = name("query tag");
  const std::string header_ = name("header");
  const std::string query_ = name("query of the path");
  const std::string table_ = name("table");
  const std::string column_ = name("column");
  const std::string value_ = name("value");
  const std::string parameter_ = name("parameter");
  const std::string text_ = name("text of SQL");
  const std::string schema_ = name("schema");
  const std::string catalog_ = name("catalog");
  const std::string missing_ = name(kServerError);
  const std::string local_ = name("local path");
  const std::string volume_ = name("volume");
  const std::string file_ = name("file of the volume");
  const ScopedEnvironment environment_{{{"USER", name("user")},
                                        {"LOGNAME", name("login")},
                                        {"HOSTNAME", name("host of the program")},
                                        {"MY_OWN", name("variable")}}};
  CapturedLog log_;
  std::unique_ptr<warehouse::Server> server_;
};

void TelemetryPrivacy::make_and_query(Connection& connection) {
  connection.execute("CREATE SCHEMA " + schema_);
  connection.execute("CREATE TABLE " + table_ + " (" + column_ + " STRING)");
  connection.execute("INSERT INTO " + table_ + " VALUES (:p), ('" + value_ + "')",
                     {{"p", parameter_}});
  read(connection.query("SELECT " + column_ + ", '" + text_ + "' /* " + text_ + " */ FROM " +
                            table_ + " WHERE " + column_ + " <> ?",
                        Parameters::positional({parameter_})));
}

void TelemetryPrivacy::fail_queries(Connection& connection) {
  fails([&] { connection.query("SELECT * FROM " + missing_); });
  fails([&] { connection.query("SELEC " + text_); });
  fails([&] { read(connection.query("SELECT CAST('" + value_ + "' AS INT)")); });
  fails([&] { connection.query("SELECT ?, ?", Parameters::positional({parameter_})); });
  for (const Fault& fault :
       {Fault::answer(400, {{"x-databricks-error-or-redirect-message", missing_}}, missing_),
        Fault::answer(503, {{"Retry-After", missing_}}, "{\"message\":\"" + missing_ + "\"}"),
        Fault::reset_after()}) {
    server_->faults().add({.method = "ExecuteStatement", .fault = fault});
    may_fail([&] { read(connection.query("SELECT '" + text_ + "'")); });
  }
}

void TelemetryPrivacy::list(Connection& connection) {
  read(connection.catalogs());
  read(connection.schemas({.catalog = "main", .schema_pattern = schema_ + "%"}));
  read(connection.tables({.table_pattern = table_}));
  read(connection.columns({.table_pattern = table_, .column_pattern = column_}));
  read(connection.tables({.catalog = catalog_, .table_pattern = table_}));
  may_fail(
      [&] { read(connection.primary_keys({.catalog = catalog_, .schema = "", .table = ""})); });
}

void TelemetryPrivacy::read_files(Connection& connection) {
  const std::string rows = "SELECT id, repeat('" + value_ + "', 3) FROM range(5000)";
  read(connection.query(rows));
  EXPECT_GT(server_->journal().count("/_storage/"), 0U);
  server_->faults().add(
      {.path = "/_storage/", .count = 20, .fault = Fault::answer(403, {}, missing_)});
  may_fail([&] { read(connection.query(rows)); });
  server_->faults().clear();
}

void TelemetryPrivacy::cancel(Connection& connection) {
  StatementHandle handle =
      connection.submit("SELECT count(*), '" + text_ + "' FROM range(20000000000)");
  handle.cancel();
  fails([&] { handle.result(); });
  ExecuteOptions options;
  options.timeout = 30ms;
  fails([&] {
    read(connection.query("SELECT count(*), '" + text_ + "' FROM range(20000000000)", {}, options));
  });
}

void TelemetryPrivacy::move_files(Connection& connection) {
  const std::string local = folder_.write(local_, value_);
  const std::string remote = "/Volumes/main/default/" + volume_ + "/" + file_;
  connection.execute("CREATE VOLUME " + volume_);
  connection.execute("PUT '" + local + "' INTO '" + remote + "'");
  connection.execute("GET '" + remote + "' TO '" + local + ".2'");
  server_->faults().add(
      {.path = "/_storage/volumes/", .fault = Fault::answer(403, {}, "<Code>" + missing_)});
  fails([&] { connection.execute("PUT '" + local + "' INTO '" + remote + "' OVERWRITE"); });
  fails([&] { connection.execute("PUT '" + local + ".none' INTO '" + remote + "' OVERWRITE"); });
  connection.execute("REMOVE '" + remote + "'");
}

void TelemetryPrivacy::fail_to_connect() {
  fails([&] { connector(server_->http_path(), name("wrong token")).connect(); });
  fails([&] { connector("/" + name("path"), token_).connect(); });
  server_->faults().add({.method = "OpenSession", .fault = Fault::answer(400, {}, missing_)});
  fails([&] { connector().connect(); });
}

void TelemetryPrivacy::expect_no_mark_in_records() const {
  EXPECT_THAT(server_->telemetry().problems(), IsEmpty());
  const auto records = server_->telemetry().records();
  EXPECT_THAT(records, SizeIs(testing::Gt(25U)));
  for (const std::string& record : records) EXPECT_THAT(canaries_.traces_in(record), IsEmpty());
  EXPECT_GT(written().size(), 10'000U);
  EXPECT_THAT(canaries_.traces_in(written()), IsEmpty());
}

/// It is the program's own; all the same it says no more than what explains a delay, and which
/// statement was sent (docs/logging.md): never its parameters, nor a secret.
void TelemetryPrivacy::expect_no_mark_in_log() const {
  for (const auto& [level, line] : log_.lines()) {
    const bool tells_of_repeat = line.find("next one in") != std::string::npos;
    const bool shows_statement =
        level == LogLevel::Debug && line.find("submitting ") != std::string::npos;
    for (const std::string& trace : canaries_.traces_in(line)) {
      const bool is_of_statement = !trace.starts_with("parameter") && !trace.starts_with("token") &&
                                   !trace.starts_with("header") && !trace.starts_with("query");
      EXPECT_TRUE((tells_of_repeat && trace.starts_with(kServerError)) ||
                  (shows_statement && is_of_statement))
          << trace << ": " << line;
    }
  }
}

TEST_F(TelemetryPrivacy, HasNoMarkOfTheProgramInAnythingThatLeaves) {
  std::filesystem::create_directory(folder_.path() / sink_);
  {
    Connection connection = connector().connect();
    make_and_query(connection);
    fail_queries(connection);
    list(connection);
    read_files(connection);
    cancel(connection);
    move_files(connection);
  }
  fail_to_connect();

  expect_no_mark_in_records();
  expect_no_mark_in_log();
  for (const auto& entry : server_->journal().entries())  // nothing went to the open endpoint
    EXPECT_TRUE(entry.path == kExports || !entry.path.starts_with("/telemetry")) << entry.path;
}

}  // namespace
}  // namespace dbsql::test
