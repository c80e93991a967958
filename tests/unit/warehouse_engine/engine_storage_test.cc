#include "unit/warehouse_engine/engine_fixture.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dbsql::warehouse::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A directory of this test alone, removed at its end.
class Storage : public testing::Test {
 protected:
  Storage() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 ("dbsql_storage_" + std::to_string(::getpid()) + "_" + info->name());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~Storage() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Engine> open() const {
    return open_engine({.library = engine_library(), .directory = (directory_ / "data").string()});
  }
  std::string file(const std::string& name, std::string_view content) const {
    const auto path = directory_ / name;
    std::ofstream(path) << content;
    return path.string();
  }
  static Rows rows(Engine& engine, std::string_view sql) {
    return rows_text(*engine.open_session({})->execute(sql, {}, 0, {}));
  }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

TEST_F(Storage, KeepsCatalogsTablesAndNotesInADirectory) {
  {
    const auto engine = open();
    const auto session = engine->open_session({});
    for (const auto* sql :
         {"CREATE TABLE t (id INT, name VARCHAR(20) COMMENT 'n', i INTERVAL YEAR TO MONTH)",
          "INSERT INTO t VALUES (1, 'a', INTERVAL '1' YEAR)", "CREATE CATALOG second",
          "CREATE TABLE second.default.u AS SELECT 7 AS x"}) {
      session->execute(sql, {}, 0, {});
    }
  }

  const auto engine = open();

  EXPECT_THAT(rows(*engine, "SELECT * FROM t"), ElementsAre("1 | a | 12 months"));
  EXPECT_THAT(rows(*engine, "DESCRIBE t"), ElementsAre("id | int | NULL", "name | varchar(20) | n",
                                                       "i | interval year to month | NULL"));
  EXPECT_THAT(rows(*engine, "SELECT x FROM second.default.u"), ElementsAre("7"));
  EXPECT_THAT(rows(*engine, "SHOW CATALOGS"), ElementsAre("main", "second"));
}

TEST_F(Storage, RemovesTheFileOfADroppedCatalog) {
  const auto engine = open();
  rows(*engine, "CREATE CATALOG gone");
  EXPECT_TRUE(std::filesystem::exists(directory() / "data" / "gone.duckdb"));
  rows(*engine, "DROP CATALOG gone");
  EXPECT_FALSE(std::filesystem::exists(directory() / "data" / "gone.duckdb"));
}

TEST_F(Storage, RefusesCatalogNamesThatLeaveTheDirectory) {
  const auto engine = open();
  const auto error = engine_error([&] { rows(*engine, "CREATE CATALOG `../outside`"); });
  EXPECT_EQ(error.sqlstate, "22023");
  EXPECT_FALSE(std::filesystem::exists(directory() / "outside.duckdb"));
}

TEST_F(Storage, ReadsCsvAndJsonFiles) {
  const auto engine = open_engine({.library = engine_library()});
  engine->load_table("people", file("people.csv", "id,name\n1,Ann\n2,\"Bo, B\"\n"));
  engine->load_table(
      "events", file("events.json", R"([{"a": 1, "tags": ["x", "y"]}, {"a": 2, "tags": null}])"));
  engine->load_table("lines", file("lines.ndjson", "{\"a\": 1}\n{\"a\": 2}\n"));

  EXPECT_THAT(rows(*engine, "SELECT * FROM people ORDER BY id"),
              ElementsAre("1 | Ann", "2 | Bo, B"));
  EXPECT_THAT(rows(*engine, "SELECT * FROM events ORDER BY a"),
              ElementsAre("1 | [x, y]", "2 | NULL"));
  EXPECT_THAT(rows(*engine, "SELECT sum(a) FROM lines"), ElementsAre("3"));
}

TEST_F(Storage, RefusesFilesItCannotRead) {
  const auto engine = open_engine({.library = engine_library()});
  EXPECT_THAT(engine_error([&] { engine->load_table("t", file("notes.txt", "x")); }).message,
              HasSubstr("notes.txt"));
  EXPECT_THAT(engine_error([&] { engine->load_table("t", "/nonexistent/x.csv"); }).message,
              HasSubstr("/nonexistent/x.csv"));
}

TEST_F(Storage, RefusesADirectoryThatIsAFile) {
  file("data", "not a directory");
  EXPECT_ANY_THROW(open());
}

}  // namespace
}  // namespace dbsql::warehouse::test
