#pragma once

#include "warehouse/engine.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dbsql::test {

/// A gate that statements wait at, and what the engine saw; shared with the test.
class EngineScript {
 public:
  /// Lets all waiting statements go on.
  void open_gate();
  /// Waits at the gate. Returns false when a stop was requested first.
  bool pass_gate(const std::stop_token& stop);
  /// Blocks until `count` statements have begun to wait at the gate, twenty seconds at most.
  bool await_waiting(int count);

  void saw(const warehouse::SessionSettings& settings);
  void saw(std::string_view sql, const std::vector<warehouse::EngineParameter>& parameters,
           std::int64_t row_limit);
  warehouse::SessionSettings last_settings() const;
  std::vector<std::string> statements() const;
  std::vector<warehouse::EngineParameter> last_parameters() const;
  std::int64_t last_row_limit() const;

  std::atomic<int> open_sessions{0};
  std::atomic<int> open_results{0};
  std::atomic<int> interrupted{0};
  std::atomic<std::int64_t> rows_made{0};

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool gate_is_open_ = false;                           // guarded by mutex_
  int waiting_ = 0;                                     // guarded by mutex_
  warehouse::SessionSettings settings_;                 // guarded by mutex_
  std::vector<std::string> statements_;                 // guarded by mutex_
  std::vector<warehouse::EngineParameter> parameters_;  // guarded by mutex_
  std::int64_t row_limit_ = 0;                          // guarded by mutex_
};

/// An engine whose statements are instructions:
///   rows N [BATCH]        BIGINT id 0 .. N-1 and STRING name "row <id>" (NULL for every tenth), in
///   batches rows N fail           the same, with an error at the end gate                  waits
///   at the gate, then one row types                 one row of every type, then one of NULLs ddl,
///   dml N            what their names say fail                  an error of class
///   TABLE_OR_VIEW_NOT_FOUND
std::unique_ptr<warehouse::Engine> make_fake_engine(std::shared_ptr<EngineScript> script);

}  // namespace dbsql::test
