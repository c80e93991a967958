#pragma once

#include "warehouse/catalog_note.h"
#include "warehouse/engine.h"
#include "warehouse/sql_rewrite.h"
#include "warehouse/type_sql.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Statements of Databricks SQL: which of them the session answers itself, and the engine's form of
/// all others.
namespace dbsql::warehouse {

/// An object's name as written; the session fills in what is missing.
struct ObjectName {
  std::optional<std::string> catalog = {};
  std::optional<std::string> schema = {};
  std::string name = {};
  std::size_t source = 0;

  /// `catalog`.`schema`.`name` with the parts that are there.
  std::string quoted_for_message() const;
};

enum class Verb : std::uint8_t { None, Insert, Update, Delete, Merge };

/// What the client declared about a column beyond what the engine keeps.
struct ColumnNote {
  std::string column;
  std::optional<SqlType> declared = {};  ///< CHAR(n), VARCHAR(n), interval kinds
  std::string comment = {};
};

/// Runs in the engine.
struct EngineCommand {
  EngineResult::Kind kind = EngineResult::Kind::Rows;
  Verb verb = Verb::None;
  SqlText text = {};
  std::vector<SelectItem> items = {};       ///< of the outermost select list
  std::optional<SqlText> first = {};        ///< runs before `text`, in the same transaction
  std::optional<ObjectName> target = {};    ///< the table or view it creates, changes or writes
  std::vector<ColumnNote> notes = {};       ///< to be kept with `target`
  std::optional<std::string> comment = {};  ///< of `target`
  std::optional<KeyNote> primary_key = {};  ///< of `target`
  std::vector<KeyNote> foreign_keys = {};   ///< of `target`; parents as written
  bool conditional = false;                 ///< nothing happens when `target` exists
  bool drops = false;                       ///< `target` is dropped
};

struct UseCommand {
  std::optional<std::string> catalog = {};
  std::optional<std::string> schema = {};
};

/// SET: everything, one key, or one assignment.
struct SetCommand {
  std::optional<std::string> key = {};
  std::optional<std::string> value = {};
};
struct ResetCommand {
  std::optional<std::string> key = {};
};

enum class ShowKind : std::uint8_t {
  Catalogs,
  Schemas,
  Tables,
  Views,
  Columns,           ///< of one table: column names
  ColumnsOfCatalog,  ///< the wide form that metadata calls use (reference/metadata.md 5)
  TablesOfCatalog,
  Functions,
  FunctionsOfCatalog,
  Keys,
  ForeignKeys,
  CreateTable,
};

struct ShowCommand {
  ShowKind kind = ShowKind::Catalogs;
  std::optional<std::string> catalog = {};
  std::optional<std::string> schema = {};
  bool all_catalogs = false;
  std::optional<ObjectName> table = {};
  // Patterns in the language of SHOW: * and |, and . for one character in the wide forms.
  std::optional<std::string> pattern = {};
  std::optional<std::string> schema_pattern = {};
  std::optional<std::string> table_pattern = {};
};

enum class DescribeKind : std::uint8_t { Table, Schema, Catalog, Query };
struct DescribeCommand {
  DescribeKind kind = DescribeKind::Table;
  bool extended = false;
  ObjectName name = {};
  std::optional<std::string> column = {};
  SqlText query = {};  ///< for Query
};

struct ExplainCommand {
  SqlText text;
};

enum class SchemaAction : std::uint8_t { CreateCatalog, DropCatalog, CreateSchema, DropSchema };
struct SchemaCommand {
  SchemaAction action = SchemaAction::CreateSchema;
  ObjectName name = {};      ///< for catalogs only `name` is set
  bool conditional = false;  ///< IF [NOT] EXISTS
  bool cascade = false;
  std::string comment = {};
};

enum class TransactionAction : std::uint8_t {
  Begin,
  Commit,
  Rollback,
  AutocommitOn,
  AutocommitOff,
  AskAutocommit
};
struct TransactionCommand {
  TransactionAction action = TransactionAction::Begin;
};

/// Maintenance of table storage that this warehouse does not have: succeeds when the table exists.
struct MaintenanceCommand {
  ObjectName table;
};

using Command =
    std::variant<EngineCommand, UseCommand, SetCommand, ResetCommand, ShowCommand, DescribeCommand,
                 ExplainCommand, SchemaCommand, TransactionCommand, MaintenanceCommand>;

/// \param tokens  of `sql`, from `tokenize`
/// \throws EngineError PARSE_EMPTY_STATEMENT, PARSE_SYNTAX_ERROR (also for more than one
/// statement), ...
Command parse_statement(std::string_view sql, const std::vector<Token>& tokens,
                        ParameterBinder& parameters, const SessionNames& session);

}  // namespace dbsql::warehouse
