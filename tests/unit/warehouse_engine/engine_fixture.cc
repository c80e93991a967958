#include "unit/warehouse_engine/engine_fixture.h"

#include <cstdlib>

namespace dbsql::warehouse::test {

std::string engine_library() {
  const char* path = std::getenv("DBSQL_ENGINE_LIBRARY");
  return path != nullptr && *path != '\0' ? path : DBSQL_DEFAULT_ENGINE_LIBRARY;
}

EngineParameter parameter(std::string type, std::optional<std::string> value) {
  return named({}, std::move(type), std::move(value));
}

EngineParameter named(std::string name, std::string type, std::optional<std::string> value) {
  return {
      .name = std::move(name), .type = std::move(type), .value = std::move(value), .arguments = {}};
}

namespace {

/// The engine of all tests. Closed before the program ends, because the engine library uses
/// thread-local state that is gone when static objects are destroyed.
class SharedEngine final : public testing::Environment {
 public:
  Engine& get() {
    if (!engine_) engine_ = open_engine({.library = engine_library()});
    return *engine_;
  }
  void TearDown() override { engine_.reset(); }

 private:
  std::unique_ptr<Engine> engine_;
};

// GoogleTest owns it.
SharedEngine& shared_engine() {
  static auto* environment = new SharedEngine;
  return *environment;
}

[[maybe_unused]] const auto* const kRegistered =
    testing::AddGlobalTestEnvironment(&shared_engine());

}  // namespace

Engine& EngineTest::engine() { return shared_engine().get(); }

EngineTest::EngineTest() : session_(engine().open_session({})) {
  static int count = 0;
  schema_ = "test_" + std::to_string(++count);
  run("CREATE SCHEMA " + schema_);
  run("USE " + schema_);
}

EngineTest::~EngineTest() {
  new_session()->execute("DROP SCHEMA " + schema_ + " CASCADE", {}, 0, {});
}

std::string EngineTest::row(std::string_view sql, const std::vector<EngineParameter>& parameters) {
  const auto all = rows(sql, parameters);
  EXPECT_EQ(all.size(), 1U) << sql;
  return all.empty() ? std::string() : all[0];
}

}  // namespace dbsql::warehouse::test
