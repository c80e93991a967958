#include "support/temporary_folder.h"
#include "tests/warehouse/thrift_client.h"
#include "warehouse/faults.h"
#include "warehouse/server.h"
#include "warehouse/volumes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using warehouse::Fault;

/// Volumes on the wire: statements over Thrift, files over the storage host.
class VolumeTest : public testing::Test {
 protected:
  using Row = std::map<std::string, std::string>;

  void start(warehouse::ServerOptions options = {}) {
    options.service.direct_results_wait = 20s;
    server_.emplace(std::move(options));
    client_.emplace(server_->port());
    client_->open();
  }

  void SetUp() override {
    start();
    run("CREATE VOLUME vol");
  }

  tcli::TExecuteStatementResp execute(const std::string& sql) {
    auto request = client_->usual_request(sql);
    request.__set_canReadArrowResult(false);  // rows come as columns of texts
    request.__set_canDownloadResult(false);
    return client_->execute(request);
  }

  /// The rows of a statement as texts; the metadata say whether it is staging.
  std::vector<Row> run(const std::string& sql) {
    const auto reply = execute(sql);
    const auto& direct = reply.directResults;
    EXPECT_FALSE(direct.operationStatus.__isset.errorMessage)
        << direct.operationStatus.displayMessage;
    is_staging_ = direct.resultSetMetadata.isStagingOperation;
    const auto& described = direct.resultSetMetadata.schema.columns;
    std::vector<Row> rows;
    for (std::size_t i = 0; i < described.size(); ++i) {
      if (i >= direct.resultSet.results.columns.size()) break;
      const auto& column = direct.resultSet.results.columns[i];
      const bool is_text = column.__isset.stringVal;
      const std::size_t count =
          is_text ? column.stringVal.values.size() : column.i64Val.values.size();
      rows.resize(count);
      for (std::size_t row = 0; row < count; ++row) {
        rows[row][described[i].columnName] =
            is_text ? column.stringVal.values[row] : std::to_string(column.i64Val.values[row]);
      }
    }
    return rows;
  }

  std::string failure(const std::string& sql) {
    return execute(sql).directResults.operationStatus.displayMessage;
  }

  /// The link that a staging statement answers with, without scheme and host.
  std::string link(const std::string& sql) {
    const auto rows = run(sql);
    if (rows.size() != 1) {
      ADD_FAILURE() << sql;
      return {};
    }
    const std::string& url = rows[0].at("presignedUrl");
    return url.substr(url.find("/_storage/"));
  }

  HttpResult http(const std::string& method, const std::string& target, std::string_view body = {},
                  const HttpClient::Headers& headers = {}) {
    HttpClient client(server_->port());
    return client.send(method, target, body, headers);
  }

  int put(const std::string& path, std::string_view content) {
    return http("PUT", link("PUT '/local' INTO '" + path + "' OVERWRITE"), content, kPutHeaders)
        .status;
  }

  std::string get(const std::string& path) {
    return http("GET", link("GET '" + path + "' TO '/local'")).body;
  }

  const HttpClient::Headers kPutHeaders{{"x-ms-blob-type", "BlockBlob"}};
  std::optional<warehouse::Server> server_;
  std::optional<ThriftClient> client_;
  bool is_staging_ = false;
};

TEST_F(VolumeTest, AnswersPutGetAndRemoveWithOneRowEach) {
  const auto put = run("PUT '/tmp/a.csv' INTO '/Volumes/main/default/vol/a.csv' OVERWRITE");
  EXPECT_TRUE(is_staging_);
  ASSERT_EQ(put.size(), 1U);
  EXPECT_EQ(put[0].at("operation"), "PUT");
  EXPECT_EQ(put[0].at("headers"), R"({"x-ms-blob-type":"BlockBlob"})");
  EXPECT_EQ(put[0].at("localFile"), "/tmp/a.csv");
  EXPECT_THAT(put[0].at("presignedUrl"),
              HasSubstr("/_storage/volumes/main/default/vol/a.csv?X-Amz-Expires="));

  const auto get = run("-- a comment\nget '/Volumes/main/default/vol/a.csv' to '/tmp/b';");
  EXPECT_TRUE(is_staging_);
  EXPECT_EQ(get.at(0).at("operation"), "GET");
  EXPECT_EQ(get.at(0).at("headers"), "{}");
  EXPECT_EQ(get.at(0).at("localFile"), "/tmp/b");

  const auto remove = run("/* x */ REMOVE '/Volumes/main/default/vol/a.csv'");
  EXPECT_TRUE(is_staging_);
  EXPECT_EQ(remove.at(0).at("operation"), "REMOVE");
  EXPECT_EQ(remove.at(0).count("localFile"), 0U);

  run("SELECT 'PUT' AS operation");
  EXPECT_FALSE(is_staging_);
}

TEST_F(VolumeTest, KeepsFiles) {
  EXPECT_EQ(put("/Volumes/main/default/vol/dir/a.csv", "1,2,3"), 201);
  EXPECT_EQ(get("/Volumes/main/default/vol/dir/a.csv"), "1,2,3");
  EXPECT_EQ(get("/Volumes/MAIN/Default/VOL/dir/a.csv"), "1,2,3") << "names ignore case";
  EXPECT_EQ(put("/Volumes/main/default/vol/dir/a.csv", ""), 201);
  EXPECT_EQ(get("/Volumes/main/default/vol/dir/a.csv"), "");

  const std::string remove = link("REMOVE '/Volumes/main/default/vol/dir/a.csv'");
  EXPECT_EQ(http("DELETE", remove).status, 204);
  EXPECT_EQ(http("DELETE", remove).status, 404);
  EXPECT_EQ(http("GET", link("GET '/Volumes/main/default/vol/dir/a.csv' TO 'x'")).status, 404);
}

TEST_F(VolumeTest, KeepsNamesWithEveryCharacter) {
  const std::string path = "/Volumes/main/default/vol/a b%2F+ü?&=#.csv";
  EXPECT_EQ(put(path, "x"), 201);
  EXPECT_EQ(get(path), "x");
}

TEST_F(VolumeTest, ALargeFileGoesThroughUnchanged) {
  std::string content(9'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 4096) content[i] = static_cast<char>(i / 4096);
  EXPECT_EQ(put("/Volumes/main/default/vol/large", content), 201);
  EXPECT_TRUE(get("/Volumes/main/default/vol/large") == content);
}

TEST_F(VolumeTest, PutWithoutOverwriteIsRefusedForAFileThatIsThere) {
  const std::string sql = "PUT '/local' INTO '/Volumes/main/default/vol/a'";
  EXPECT_EQ(http("PUT", link(sql), "old", kPutHeaders).status, 201);

  EXPECT_THAT(failure(sql), HasSubstr("[FILE_IN_STAGING_PATH_ALREADY_EXISTS]"));
  EXPECT_EQ(put("/Volumes/main/default/vol/a", "new"), 201);
}

TEST_F(VolumeTest, RefusesWhatIsNoFileOfAVolume) {
  EXPECT_THAT(failure("PUT '/l' INTO '/Volumes/main/default/nope/a'"),
              HasSubstr("[UC_VOLUME_NOT_FOUND] Volume `main`.`default`.`nope` does not exist."));
  for (const char* path :
       {"/Volumes/main/default/vol", "/Volumes/main/default/vol/../x", "/Volumes/main", "/etc/x",
        "/Volumes/main/default/vol/a//b", "/Volumes/main/default/vol/./a", ""}) {
    EXPECT_THAT(failure("GET '" + std::string(path) + "' TO '/l'"),
                HasSubstr("INVALID_STAGING_PATH"))
        << path;
  }
  EXPECT_THAT(failure("PUT '' INTO '/Volumes/main/default/vol/a'"),
              HasSubstr("EMPTY_LOCAL_FILE_IN_STAGING"));
  EXPECT_THAT(failure("PUT '/l' '/Volumes/main/default/vol/a'"), HasSubstr("PARSE_SYNTAX_ERROR"));
}

TEST_F(VolumeTest, ALinkIsGoodForOneMethodOneFileAndSomeTime) {
  const std::string get = link("GET '/Volumes/main/default/vol/a' TO '/l'");
  std::string other_file = get;
  other_file.replace(other_file.find("/a?"), 3, "/b?");
  std::string later = get;
  later.replace(later.find("Expires=") + 8, 1, "9");

  EXPECT_EQ(http("DELETE", get).status, 403);
  EXPECT_EQ(http("PUT", get, "x", kPutHeaders).status, 403);
  EXPECT_EQ(http("GET", other_file).status, 403);
  EXPECT_EQ(http("GET", later).status, 403);
  EXPECT_EQ(http("GET", get, {}, {{"authorization", "Bearer local"}}).status, 400);
  warehouse::ServerOptions brief;
  brief.service.link_lifetime = 0ms;
  start(brief);
  run("CREATE VOLUME vol");
  EXPECT_THAT(http("GET", link("GET '/Volumes/main/default/vol/a' TO '/l'")).body,
              HasSubstr("Request has expired"));
}

TEST_F(VolumeTest, APutNeedsItsHeaderAndItsLength) {
  const std::string target = link("PUT '/l' INTO '/Volumes/main/default/vol/a'");
  EXPECT_EQ(http("PUT", target, "x").status, 400);
  HttpClient client(server_->port());
  client.send_raw("PUT " + target +
                  " HTTP/1.1\r\nhost: x\r\nx-ms-blob-type: BlockBlob\r\n"
                  "transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 411);
}

TEST_F(VolumeTest, ListsVolumesAndFiles) {
  put("/Volumes/main/default/vol/b", "123");
  put("/Volumes/main/default/vol/a/x", "1");
  run("CREATE VOLUME IF NOT EXISTS main.default.another COMMENT 'text'");

  const auto files = run("LIST '/Volumes/main/default/vol'");
  EXPECT_FALSE(is_staging_);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].at("path"), "/Volumes/main/default/vol/a/");
  EXPECT_EQ(files[0].at("name"), "a/");
  EXPECT_EQ(files[1].at("name"), "b");
  EXPECT_EQ(files[1].at("size"), "3");
  const auto volumes = run("SHOW VOLUMES IN main.default");
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(volumes[0].at("volume_name"), "another");
  EXPECT_EQ(volumes[1].at("volume_name"), "vol");
  EXPECT_THAT(failure("LIST '/Volumes/main/default/vol/missing'"), HasSubstr("PATH_NOT_FOUND"));
}

TEST_F(VolumeTest, VolumesAreMadeAndDropped) {
  EXPECT_THAT(failure("CREATE VOLUME vol"), HasSubstr("VOLUME_ALREADY_EXISTS"));
  EXPECT_THAT(failure("CREATE VOLUME nowhere.vol"), HasSubstr("SCHEMA_NOT_FOUND"));
  put("/Volumes/main/default/vol/a", "1");
  run("DROP VOLUME vol");
  EXPECT_THAT(failure("LIST '/Volumes/main/default/vol'"), HasSubstr("UC_VOLUME_NOT_FOUND"));
  EXPECT_THAT(failure("DROP VOLUME vol"), HasSubstr("UC_VOLUME_NOT_FOUND"));
  run("DROP VOLUME IF EXISTS vol");
  run("CREATE TABLE still_the_engines (i INT)");
}

TEST_F(VolumeTest, FilesOutliveTheProgramInADataDirectory) {
  const TemporaryFolder data;
  warehouse::ServerOptions options;
  options.engine.directory = data.path().string();
  start(options);
  run("CREATE VOLUME vol");
  put("/Volumes/main/default/vol/a", "kept");
  client_.reset();
  server_.reset();
  start(options);

  EXPECT_EQ(get("/Volumes/main/default/vol/a"), "kept");
}

TEST_F(VolumeTest, FaultsHitTransfersToo) {
  put("/Volumes/main/default/vol/a", std::string(100'000, 'x'));
  const std::string get = link("GET '/Volumes/main/default/vol/a' TO '/l'");
  auto& faults = server_->faults();
  faults.add({.path = "/_storage/volumes/", .method = "GET", .fault = Fault::answer(503)});
  faults.add({.path = "/_storage/volumes/", .method = "GET", .fault = Fault::reset_body(1000)});

  EXPECT_EQ(http("GET", get).status, 503);
  EXPECT_EQ(http("GET", get).body.size(), 1000U);
  EXPECT_EQ(http("GET", get).body.size(), 100'000U);
}

TEST_F(VolumeTest, AnUploadCanBeResetInTheMiddle) {
  const std::string target = link("PUT '/l' INTO '/Volumes/main/default/vol/a'");
  server_->faults().add_script(R"({"path": "/_storage/volumes/", "reset_upload": 300000})");

  EXPECT_EQ(http("PUT", target, std::string(5'000'000, 'x'), kPutHeaders).status, 0);
  EXPECT_THAT(failure("LIST '/Volumes/main/default/vol/a'"), HasSubstr("PATH_NOT_FOUND"))
      << "nothing of it was kept";
  EXPECT_EQ(http("PUT", target, "whole", kPutHeaders).status, 201);
  const auto entries = server_->journal().entries();
  EXPECT_TRUE(std::ranges::any_of(entries,
                                  [](const auto& entry) { return entry.fault == "reset_upload"; }));
}

TEST(VolumePath, ReadsPathsAndRefusesWaysOut) {
  using warehouse::VolumePath;
  const auto path = VolumePath::parse("/Volumes/Cat/Sch/Vol/dir/File.csv");
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(path->volume.quoted(), "`cat`.`sch`.`vol`");
  EXPECT_EQ(path->file, "dir/File.csv");
  EXPECT_EQ(path->to_string(), "/Volumes/cat/sch/vol/dir/File.csv");
  EXPECT_TRUE(VolumePath::parse("dbfs:/Volumes/a/b/c/d").has_value());
  for (const char* text : {"", "/", "/Volumes", "/Volumes/", "/Volumes/a/b", "/Volumes/../b/c",
                           "/Volumes/.uploads/b/c/d", "/Volumes/a/b/c/..", "/volumes/a/b/c"})
    EXPECT_FALSE(VolumePath::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace dbsql::test
