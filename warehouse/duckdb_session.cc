#include "warehouse/duckdb_session.h"

#include "base/text.h"
#include "warehouse/catalog_calls.h"
#include "warehouse/catalog_show.h"
#include "warehouse/catalog_table.h"
#include "warehouse/duckdb_query.h"
#include "warehouse/duckdb_result.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_text.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace dbsql::warehouse {
namespace {

constexpr const char* kUser = "dbsql@localhost";

// What every connection of the engine is told first. Extension metadata tells JSON from text and
// sums from decimals.
constexpr std::string_view kConnectionSettings[] = {
    "SET arrow_lossless_conversion = true",
    "SET errors_as_json = true",
    "SET lambda_syntax = 'ENABLE_SINGLE_ARROW'",
};

CellRow conf_row(std::string key, std::string value) {
  return {text_cell(std::move(key)), text_cell(std::move(value))};
}

std::unique_ptr<EngineResult> conf_table(std::vector<CellRow> rows) {
  return make_table({text_column("key", false), text_column("value", false)}, std::move(rows));
}

// The catalog and schema that name the same as what exists, in the spelling of the existing one.
const std::string* find_ignoring_case(const std::vector<std::string>& names,
                                      const std::string& name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& candidate) {
    return base::equals_ignore_case(candidate, name);
  });
  return found == names.end() ? nullptr : &*found;
}

}  // namespace

DuckdbSession::DuckdbSession(std::shared_ptr<EngineChannel> channel,
                             std::shared_ptr<CatalogStore> catalogs,
                             std::shared_ptr<TableVersions> versions,
                             const SessionSettings& settings)
    : channel_(std::move(channel)),
      catalogs_(std::move(catalogs)),
      versions_(std::move(versions)),
      has_transactions_(settings.transactions),
      transaction_(*versions_, [this](const char* sql) { channel_->run(sql); }) {
  for (const auto setting : kConnectionSettings) channel_->run(std::string(setting));
  const bool spark = base::equals_ignore_case(settings.catalog, "SPARK");
  const auto catalog =
      settings.catalog.empty() || spark ? CatalogStore::kDefaultCatalog : settings.catalog;
  use(catalog, settings.schema.empty() ? CatalogStore::kDefaultSchema : settings.schema);
  apply_time_zone(*confs_.get(SessionConfs::kTimeZone));
  for (const auto& [key, value] : settings.confs) set_conf(key, value);
}

std::unique_ptr<EngineResult> DuckdbSession::execute(std::string_view sql,
                                                     const std::vector<EngineParameter>& parameters,
                                                     std::int64_t row_limit, std::stop_token stop) {
  if (stop.stop_requested()) throw make_cancelled_error();
  const auto tokens = tokenize(sql);
  ParameterBinder binder(sql, tokens, parameters);
  auto command = parse_statement(sql, tokens, binder, names());
  Call call{.sql = sql, .binder = binder, .row_limit = row_limit, .stop = std::move(stop)};
  if (!std::holds_alternative<TransactionCommand>(command)) enter_transaction(command);
  try {
    return std::visit([&](auto& c) { return run(c, call); }, command);
  } catch (const EngineError&) {
    if (!std::holds_alternative<TransactionCommand>(command)) {
      const std::lock_guard lock(transaction_mutex_);
      transaction_.fail();
    }
    throw;
  }
}

void DuckdbSession::enter_transaction(const Command& command) {
  const std::lock_guard lock(transaction_mutex_);
  transaction_.enter(command);
}

void DuckdbSession::note_write(const ObjectName& table) {
  const SessionNames now = names();
  std::string name = base::concat(table.catalog.value_or(now.catalog), ".",
                                  table.schema.value_or(now.schema), ".", table.name);
  const std::lock_guard lock(transaction_mutex_);
  transaction_.note_write(base::to_lower(name));
}

/// The transaction stays usable (reference/auth-http-config.md 7.1).
void DuckdbSession::refuse_metadata_in_transaction() const {
  const std::lock_guard lock(transaction_mutex_);
  if (transaction_.is_active())
    throw_sql_error("TRANSACTION_NOT_SUPPORTED.METADATA",
                    "Metadata operations are not supported inside multi-statement transactions.");
}

EngineStatement DuckdbSession::statement(const SqlText& text, const Call& call) const {
  return {.text = text, .sql = std::string(call.sql), .values = call.binder.values()};
}

std::unique_ptr<EngineResult> DuckdbSession::run(EngineCommand& command, Call& call) {
  if (command.kind == EngineResult::Kind::Dml) {
    auto counts = run_dml(command, call);
    if (command.target) note_write(*command.target);
    return counts;
  }
  if (command.kind == EngineResult::Kind::Ddl) return run_ddl(command, call);
  return open_rows(channel_,
                   {.statement = statement(command.text, call),
                    .items = std::move(command.items),
                    .time_zone = time_zone(),
                    .row_limit = call.row_limit},
                   call.stop);
}

std::unique_ptr<EngineResult> DuckdbSession::run_dml(EngineCommand& command, Call& call) {
  if (command.verb == Verb::Merge) {
    const auto actions = query_text(*channel_, statement(command.text, call), call.stop);
    const auto count = [&](std::string_view action) {
      return std::count_if(actions.begin(), actions.end(),
                           [&](const TextRow& row) { return row[0] == action; });
    };
    return make_dml_result({{"num_affected_rows", static_cast<std::int64_t>(actions.size())},
                            {"num_updated_rows", count("UPDATE")},
                            {"num_deleted_rows", count("DELETE")},
                            {"num_inserted_rows", count("INSERT")}});
  }
  // INSERT OVERWRITE is two statements that succeed or fail together.
  bool own_transaction = false;
  if (command.first) {
    const std::lock_guard lock(transaction_mutex_);
    own_transaction = !transaction_.is_active();
  }
  std::int64_t count = 0;
  try {
    if (own_transaction) channel_->run("BEGIN", call.stop);
    if (command.first)
      run_and_count(*channel_, {.text = *command.first, .sql = std::string(call.sql), .values = {}},
                    call.stop);
    count = run_and_count(*channel_, statement(command.text, call), call.stop);
    if (own_transaction) channel_->run("COMMIT");
  } catch (const EngineError&) {
    if (own_transaction) channel_->run("ROLLBACK");
    throw;
  }
  if (command.verb != Verb::Insert) return make_dml_result({{"num_affected_rows", count}});
  return make_dml_result({{"num_affected_rows", count}, {"num_inserted_rows", count}});
}

std::unique_ptr<EngineResult> DuckdbSession::run_ddl(EngineCommand& command, Call& call) {
  if (command.conditional && exists(*command.target)) return make_ddl_result();
  if (!command.text.empty()) {
    try {
      run_to_end(*channel_, statement(command.text, call), call.stop);
    } catch (const EngineError& error) {
      if (!command.drops) throw;
      drop_external(command, error);
    }
  }
  if (command.target && !command.drops) keep_notes(command);
  return make_ddl_result();
}

bool DuckdbSession::exists(const ObjectName& name) {
  auto catalog = reader();
  try {
    find_table(catalog, name, names());
    return true;
  } catch (const EngineError&) {
    return false;
  }
}

// A table over a file is a view of the engine, which DROP TABLE does not find.
void DuckdbSession::drop_external(const EngineCommand& command, const EngineError& error) {
  auto catalog = reader();
  try {
    const auto table = find_table(catalog, *command.target, names());
    if (!table.note.external) throw error;
  } catch (const EngineError&) {
    throw error;
  }
  channel_->run("DROP VIEW " + engine_name(*command.target));
}

void DuckdbSession::keep_notes(const EngineCommand& command) {
  const bool for_table = command.comment || command.primary_key || !command.foreign_keys.empty();
  if (!for_table && command.notes.empty()) return;
  auto catalog = reader();
  const auto table = find_table(catalog, *command.target, names());
  if (for_table) keep_table_note(command, table);
  if (!command.notes.empty()) keep_column_notes(command, table);
}

void DuckdbSession::comment_on(std::string_view what, const std::string& object,
                               const std::string& text) {
  channel_->run(base::concat("COMMENT ON ", what, " ", object, " IS ",
                             text.empty() ? "NULL" : engine_string_literal(text)));
}

void DuckdbSession::keep_table_note(const EngineCommand& command, const TableEntry& table) {
  auto note = table.note;
  if (command.comment) note.comment = *command.comment;
  if (command.primary_key) note.primary_key = command.primary_key;
  for (auto key : command.foreign_keys) {
    if (key.parent.size() < 2) key.parent.insert(key.parent.begin(), table.schema);
    if (key.parent.size() < 3) key.parent.insert(key.parent.begin(), table.catalog);
    note.foreign_keys.push_back(std::move(key));
  }
  comment_on(table.is_view ? "VIEW" : "TABLE", engine_name(*command.target), encode_note(note));
}

void DuckdbSession::keep_column_notes(const EngineCommand& command, const TableEntry& table) {
  const auto name = engine_name(*command.target);
  // A view knows its columns from the first time it is looked into.
  if (table.is_view) channel_->run("DESCRIBE " + name);
  auto catalog = reader();
  const auto columns = catalog.columns({.catalog = NamePattern::exact(table.catalog),
                                        .schema = NamePattern::exact(table.schema),
                                        .table = NamePattern::exact(table.name)});
  for (const auto& note : command.notes) {
    ColumnRemark remark{.comment = note.comment, .declared = note.declared};
    for (const auto& column : columns) {  // a new comment does not undo the declared type
      const bool same = base::equals_ignore_case(column.name, note.column);
      if (same && !remark.declared && needs_note(column.type)) remark.declared = column.type;
    }
    comment_on("COLUMN", name + "." + engine_identifier(note.column), encode_note(remark));
  }
}

std::unique_ptr<EngineResult> DuckdbSession::run(UseCommand& command, Call&) {
  const auto current = names();
  const auto catalog = command.catalog.value_or(current.catalog);
  use(catalog, command.schema.value_or(CatalogStore::kDefaultSchema));
  return make_ddl_result();
}

void DuckdbSession::use(std::string catalog, std::string schema) {
  auto read = reader();
  const auto catalog_names = read.catalogs();
  const auto* found = find_ignoring_case(catalog_names, catalog);
  if (found == nullptr) require_catalog(read, catalog);  // throws
  const auto schemas =
      read.schemas({.catalog = NamePattern::exact(*found), .schema = NamePattern::exact(schema)});
  if (schemas.empty()) require_schema(read, *found, schema);  // throws
  {
    const std::lock_guard lock(mutex_);
    catalog_ = schemas[0].catalog;
    schema_ = schemas[0].schema;
  }
  apply_search_path();
}

// Our macros stand behind the current schema, so that a user's own objects win.
void DuckdbSession::apply_search_path() {
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    path = engine_identifier(engine_catalog(catalog_)) + "." + engine_identifier(schema_);
    if (!confs_.ansi()) path += ",memory.lenient";
  }
  channel_->run("SET search_path = " + engine_string_literal(path + ",memory.main"));
}

std::unique_ptr<EngineResult> DuckdbSession::run(SetCommand& command, Call&) {
  if (command.key && command.value) set_conf(*command.key, *command.value);
  const std::lock_guard lock(mutex_);
  std::vector<CellRow> rows;
  if (command.key) {
    if (!command.value) SessionConfs::require_known(*command.key);
    rows.push_back(conf_row(*command.key, confs_.get(*command.key).value_or("<undefined>")));
  } else {
    for (const auto& [key, value] : confs_.all()) rows.push_back(conf_row(key, value));
  }
  return conf_table(std::move(rows));
}

std::unique_ptr<EngineResult> DuckdbSession::run(ResetCommand& command, Call&) {
  bool ansi_changed = false;
  {
    const std::lock_guard lock(mutex_);
    const bool ansi = confs_.ansi();
    if (command.key) {
      confs_.reset(*command.key);
    } else {
      confs_.reset_all();
    }
    ansi_changed = ansi != confs_.ansi();
  }
  apply_time_zone(time_zone());
  if (ansi_changed) apply_search_path();
  return make_ddl_result();
}

void DuckdbSession::set_conf(const std::string& key, const std::string& value) {
  const auto canonical = SessionConfs::canonical(key);
  if (canonical == SessionConfs::kTimeZone) apply_time_zone(value);
  {
    const std::lock_guard lock(mutex_);
    confs_.set(key, value);
  }
  if (canonical == SessionConfs::kAnsiMode) apply_search_path();
}

void DuckdbSession::apply_time_zone(const std::string& zone) {
  const auto name = engine_time_zone(zone);
  try {
    if (name.empty()) throw_sql_error("INVALID_CONF_VALUE.TIME_ZONE", "");
    channel_->run("SET TimeZone = " + engine_string_literal(name));
  } catch (const EngineError&) {
    throw_sql_error(
        "INVALID_CONF_VALUE.TIME_ZONE",
        base::concat("The value '", zone,
                     "' is not valid for TIMEZONE; use a region such as Europe/Berlin or a "
                     "whole number of hours such as +02:00."));
  }
}

std::unique_ptr<EngineResult> DuckdbSession::run(ShowCommand& command, Call&) {
  auto catalog = reader();
  return show_result(catalog, command, names());
}

std::unique_ptr<EngineResult> DuckdbSession::run(DescribeCommand& command, Call& call) {
  auto catalog = reader();
  if (command.kind != DescribeKind::Query) return describe_result(catalog, command, names());
  SqlText text("DESCRIBE ", 0);
  text.append(command.query);
  std::vector<std::pair<std::string, std::string>> columns;
  for (const auto& row : query_text(*channel_, statement(text, call), call.stop)) {
    columns.emplace_back(row[0].value_or(""), row[1].value_or(""));
  }
  return describe_query_result(columns);
}

std::unique_ptr<EngineResult> DuckdbSession::run(ExplainCommand& command, Call& call) {
  std::string plan = "== Physical Plan ==\n";
  for (const auto& row : query_text(*channel_, statement(command.text, call), call.stop)) {
    plan += row[1].value_or("");
  }
  return make_table({text_column("plan", false)}, {{text_cell(plan)}});
}

std::unique_ptr<EngineResult> DuckdbSession::run(SchemaCommand& command, Call& call) {
  auto read = reader();
  const auto catalog = command.name.schema.value_or(names().catalog);
  const auto& name = command.name.name;
  const auto full = engine_identifier(engine_catalog(catalog)) + "." + engine_identifier(name);
  const auto existing = read.catalogs();
  const bool catalog_exists = find_ignoring_case(existing, name) != nullptr;
  const auto run_on_schema = [&](std::string_view verb, std::string_view condition,
                                 std::string_view end) {
    require_catalog(read, catalog);
    const SqlText text(
        base::concat(verb, " SCHEMA ", command.conditional ? condition : "", full, end),
        command.name.source);
    run_to_end(*channel_, {.text = text, .sql = std::string(call.sql), .values = {}}, call.stop);
  };
  switch (command.action) {
    case SchemaAction::CreateSchema:
      run_on_schema("CREATE", "IF NOT EXISTS ", "");
      break;
    case SchemaAction::DropSchema:
      run_on_schema("DROP", "IF EXISTS ", command.cascade ? " CASCADE" : "");
      break;
    case SchemaAction::CreateCatalog:
      if (!catalog_exists) {
        catalogs_->create(*channel_, name);
      } else if (!command.conditional) {
        throw_sql_error("CATALOG_ALREADY_EXISTS",
                        base::concat("The catalog ", quote_for_message(name), " already exists."),
                        call.sql, command.name.source);
      }
      break;
    case SchemaAction::DropCatalog:
      if (catalog_exists) {
        catalogs_->drop(*channel_, name);
      } else if (!command.conditional) {
        require_catalog(read, name);
      }
  }
  return make_ddl_result();
}

std::unique_ptr<EngineResult> DuckdbSession::run(TransactionCommand& command, Call& call) {
  const bool is_setting = command.action == TransactionAction::AutocommitOn ||
                          command.action == TransactionAction::AutocommitOff ||
                          command.action == TransactionAction::AskAutocommit;
  if (!has_transactions_ && is_setting) SessionConfs::require_known("AUTOCOMMIT");
  if (!has_transactions_)
    throw_sql_error("PARSE_SYNTAX_ERROR", "Transactions are not part of the language.", call.sql,
                    0);
  const std::lock_guard lock(transaction_mutex_);
  if (command.action == TransactionAction::AskAutocommit)
    return make_table({text_column("autocommit", false)},
                      {{text_cell(transaction_.autocommit() ? "true" : "false")}});
  transaction_.run(command.action);
  return make_ddl_result();
}

std::unique_ptr<EngineResult> DuckdbSession::run(MaintenanceCommand& command, Call&) {
  auto catalog = reader();
  find_table(catalog, command.table, names());
  return make_ddl_result();
}

std::unique_ptr<EngineResult> DuckdbSession::catalogs() {
  refuse_metadata_in_transaction();
  auto catalog = reader();
  return catalogs_result(catalog);
}

std::unique_ptr<EngineResult> DuckdbSession::schemas(const CatalogFilter& filter) {
  refuse_metadata_in_transaction();
  auto catalog = reader();
  return schemas_result(catalog, filter, current_catalog());
}

std::unique_ptr<EngineResult> DuckdbSession::tables(const CatalogFilter& filter) {
  refuse_metadata_in_transaction();
  auto catalog = reader();
  return tables_result(catalog, filter, current_catalog());
}

std::unique_ptr<EngineResult> DuckdbSession::table_types() { return table_types_result(); }

std::unique_ptr<EngineResult> DuckdbSession::columns(const CatalogFilter& filter) {
  refuse_metadata_in_transaction();
  auto catalog = reader();
  return columns_result(catalog, filter, current_catalog());
}

std::unique_ptr<EngineResult> DuckdbSession::type_info() { return type_info_result(); }

std::unique_ptr<EngineResult> DuckdbSession::functions(const CatalogFilter& filter) {
  auto catalog = reader();
  return functions_result(catalog, filter, current_catalog());
}

std::unique_ptr<EngineResult> DuckdbSession::primary_keys(const CatalogFilter& filter) {
  auto catalog = reader();
  return primary_keys_result(catalog, filter, current_catalog());
}

std::unique_ptr<EngineResult> DuckdbSession::cross_reference(const CatalogFilter& parent,
                                                             const CatalogFilter& foreign) {
  auto catalog = reader();
  return cross_reference_result(catalog, parent, foreign, current_catalog());
}

SessionNames DuckdbSession::names() const {
  const std::lock_guard lock(mutex_);
  return {.catalog = catalog_, .schema = schema_, .user = kUser, .ansi = confs_.ansi()};
}

std::string DuckdbSession::current_catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

std::string DuckdbSession::current_schema() const {
  const std::lock_guard lock(mutex_);
  return schema_;
}

std::string DuckdbSession::time_zone() const {
  const std::lock_guard lock(mutex_);
  return *confs_.get(SessionConfs::kTimeZone);
}

}  // namespace dbsql::warehouse
