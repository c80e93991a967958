#pragma once

#include "warehouse/sql_statement.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace dbsql::warehouse {

/// When each table was last changed for good: two transactions that write one table cannot both be
/// committed, whichever rows they touch (reference/auth-http-config.md 7.1).
///
/// Threads: safe from any thread.
class TableVersions {
 public:
  /// The version of now, which a transaction sees.
  std::uint64_t current() const;

  /// Runs `commit`, after which those tables are changed.
  /// \throws EngineError when one of them was changed since `seen`; then nothing was run
  void commit(std::uint64_t seen, const std::set<std::string>& tables,
              const std::function<void()>& commit);

 private:
  mutable std::mutex mutex_;
  std::uint64_t current_ = 0;                    // guarded by mutex_
  std::map<std::string, std::uint64_t> tables_;  // guarded by mutex_
};

/// Where a session stands with transactions of several statements, and what it takes there
/// (reference/auth-http-config.md 7.1).
///
/// Threads: one at a time.
class SessionTransaction {
 public:
  /// \param run  runs a statement of the engine's own
  SessionTransaction(TableVersions& versions, std::function<void(const char*)> run)
      : versions_(versions), run_(std::move(run)) {}

  bool is_active() const noexcept { return is_active_; }
  bool autocommit() const noexcept { return autocommit_; }

  /// Before a statement that is no TransactionCommand: begins the transaction it belongs to.
  /// \throws EngineError when it may not run there; the transaction is then aborted
  void enter(const Command& command);
  /// The statement failed.
  void fail() noexcept { is_aborted_ = is_active_; }
  /// The statement wrote that table.
  void note_write(std::string table);

  /// \throws EngineError as servers refuse it
  void run(TransactionAction action);

 private:
  void begin(bool is_explicit);
  void commit();
  void end(const char* engine_statement);

  TableVersions& versions_;
  const std::function<void(const char*)> run_;
  bool autocommit_ = true;
  bool is_active_ = false;
  bool is_explicit_ = false;
  bool is_aborted_ = false;
  std::uint64_t seen_ = 0;
  std::set<std::string> written_;
};

}  // namespace dbsql::warehouse
