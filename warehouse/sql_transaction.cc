#include "warehouse/sql_transaction.h"

#include "base/text.h"
#include "warehouse/sql_error.h"

#include <utility>
#include <variant>

namespace dbsql::warehouse {
namespace {

constexpr const char* kNoTransaction = "MULTI_STATEMENT_TRANSACTION_NO_ACTIVE_TRANSACTION";
constexpr const char* kRollbackFirst = "MULTI_STATEMENT_TRANSACTION_ROLLBACK_REQUIRED_AFTER_ABORT";

/// Whether a statement may be part of a transaction.
bool is_allowed(const Command& command) {
  if (const auto* engine = std::get_if<EngineCommand>(&command))
    return engine->kind != EngineResult::Kind::Ddl;
  if (const auto* show = std::get_if<ShowCommand>(&command)) return show->kind == ShowKind::Columns;
  if (const auto* describe = std::get_if<DescribeCommand>(&command)) {
    const bool is_table = describe->kind == DescribeKind::Table && !describe->extended;
    return is_table || describe->kind == DescribeKind::Query;
  }
  return !std::holds_alternative<SchemaCommand>(command) &&
         !std::holds_alternative<MaintenanceCommand>(command);
}

/// What the session answers by itself is no part of a transaction.
bool touches_data(const Command& command) {
  return !std::holds_alternative<UseCommand>(command) &&
         !std::holds_alternative<SetCommand>(command) &&
         !std::holds_alternative<ResetCommand>(command);
}

}  // namespace

std::uint64_t TableVersions::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void TableVersions::commit(std::uint64_t seen, const std::set<std::string>& tables,
                           const std::function<void()>& commit) {
  const std::lock_guard lock(mutex_);
  for (const std::string& table : tables) {
    const auto changed = tables_.find(table);
    if (changed != tables_.end() && changed->second > seen)
      throw_sql_error(
          "DELTA_CONCURRENT_APPEND",
          base::concat("ConcurrentAppendException: Files were added to the table ", table,
                       " by a concurrent update. Please try the operation again."));
  }
  commit();
  ++current_;
  for (const std::string& table : tables) tables_[table] = current_;
}

void SessionTransaction::enter(const Command& command) {
  if (is_aborted_)
    throw_sql_error(kRollbackFirst,
                    "The transaction was aborted by an earlier failure; a ROLLBACK is required "
                    "before any other statement.");
  if (!touches_data(command)) return;
  if (!autocommit_ && !is_active_) begin(false);
  if (!is_active_ || is_allowed(command)) return;
  fail();
  throw_sql_error("TRANSACTION_NOT_SUPPORTED.COMMAND",
                  "The statement is not supported inside a multi-statement transaction.");
}

void SessionTransaction::note_write(std::string table) {
  if (is_active_) {
    written_.insert(std::move(table));
  } else {
    versions_.commit(versions_.current(), {std::move(table)}, [] {});
  }
}

void SessionTransaction::begin(bool is_explicit) {
  seen_ = versions_.current();
  run_("BEGIN");
  is_active_ = true;
  is_explicit_ = is_explicit;
}

void SessionTransaction::end(const char* engine_statement) {
  is_active_ = is_explicit_ = is_aborted_ = false;
  written_.clear();
  run_(engine_statement);
}

void SessionTransaction::commit() {
  if (!is_active_) throw_sql_error(kNoTransaction, "There is no active transaction to commit.");
  if (is_aborted_)
    throw_sql_error(kRollbackFirst, "The transaction was aborted; it can only be rolled back.");
  try {
    versions_.commit(seen_, written_, [this] { run_("COMMIT"); });
  } catch (const EngineError&) {
    fail();
    throw;
  }
  is_active_ = is_explicit_ = false;
  written_.clear();
}

void SessionTransaction::run(TransactionAction action) {
  switch (action) {
    case TransactionAction::Begin:
      if (is_active_ || !autocommit_)
        throw_sql_error("MULTI_STATEMENT_TRANSACTION_ALREADY_ACTIVE",
                        is_active_ ? "A transaction is already active."
                                   : "Transactions begin by themselves while AUTOCOMMIT is off.");
      return begin(true);
    case TransactionAction::Commit:
      return commit();
    case TransactionAction::Rollback:
      if (is_active_) end("ROLLBACK");
      return;
    case TransactionAction::AutocommitOn:
    case TransactionAction::AutocommitOff:
      if (is_active_)
        throw_sql_error("AUTOCOMMIT_SET_DURING_ACTIVE_TRANSACTION",
                        "AUTOCOMMIT cannot be set while a transaction is active.");
      autocommit_ = action == TransactionAction::AutocommitOn;
      return;
    case TransactionAction::AskAutocommit:
      return;
  }
}

}  // namespace dbsql::warehouse
