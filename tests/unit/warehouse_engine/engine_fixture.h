#pragma once

#include "unit/warehouse_engine/result_text.h"
#include "warehouse/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse::test {

using Rows = std::vector<std::string>;

/// Path of the engine library: $DBSQL_ENGINE_LIBRARY, else where tools/bootstrap puts it.
std::string engine_library();

/// A parameter as a client sends it; no value = NULL.
EngineParameter parameter(std::string type, std::optional<std::string> value = {});
EngineParameter named(std::string name, std::string type, std::optional<std::string> value = {});

/// The error an action throws; a failure of the test when it throws none.
template <class Action>
EngineError engine_error(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const EngineError& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

/// A session of an engine in memory that all tests share; every test works in a schema of its own.
class EngineTest : public testing::Test {
 protected:
  EngineTest();
  ~EngineTest() override;
  EngineTest(const EngineTest&) = delete;
  EngineTest& operator=(const EngineTest&) = delete;

  static Engine& engine();
  EngineSession& session() { return *session_; }
  const std::string& schema() const { return schema_; }
  static std::unique_ptr<EngineSession> new_session(const SessionSettings& settings = {}) {
    return engine().open_session(settings);
  }

  std::unique_ptr<EngineResult> execute(std::string_view sql,
                                        const std::vector<EngineParameter>& parameters = {}) {
    return session_->execute(sql, parameters, 0, {});
  }
  /// All rows of a statement, see `rows_text`.
  Rows rows(std::string_view sql, const std::vector<EngineParameter>& parameters = {}) {
    return rows_text(*execute(sql, parameters));
  }
  /// The single row of a statement.
  std::string row(std::string_view sql, const std::vector<EngineParameter>& parameters = {});
  static std::string only_row(EngineSession& session, std::string_view sql) {
    const auto rows = rows_text(*session.execute(sql, {}, 0, {}));
    return rows.size() == 1 ? rows[0] : "rows: " + std::to_string(rows.size());
  }
  Rows columns(std::string_view sql) { return columns_text(*execute(sql)); }
  void run(std::string_view sql) { execute(sql); }
  EngineError error_of(std::string_view sql, const std::vector<EngineParameter>& parameters = {}) {
    return engine_error([&] { rows(sql, parameters); });
  }

 private:
  std::unique_ptr<EngineSession> session_;
  std::string schema_;
};

}  // namespace dbsql::warehouse::test
