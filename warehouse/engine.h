#pragma once

#include "arrow/c_data.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// The SQL engine behind the local warehouse, as the protocol handlers see it.
namespace dbsql::warehouse {

/// A statement or a handle was refused. Carries what a Databricks server would put into its status.
struct EngineError {
  std::string sqlstate;     ///< five characters, for instance 42P01
  std::string error_class;  ///< for instance TABLE_OR_VIEW_NOT_FOUND
  std::string message;      ///< user text: "[TABLE_OR_VIEW_NOT_FOUND] ... SQLSTATE: 42P01"
};

/// One statement parameter as it came over the wire (reference/thrift.md 3.2).
struct EngineParameter {
  std::string name;                        ///< empty = positional
  std::string type;                        ///< SQL type text, may be empty
  std::optional<std::string> value;        ///< empty = NULL
  std::vector<EngineParameter> arguments;  ///< elements of ARRAY, alternating key and value of MAP
};

/// A column as a Databricks server describes it.
struct ResultColumn {
  std::string name;
  std::string type_text;  ///< `DECIMAL(10,2)`, `ARRAY<INT>`, ...
  std::optional<int> precision;
  std::optional<int> scale;
};

/// The rows of one statement, in Databricks' shape: native Arrow types of reference/results.md 3.1
/// and `Spark:DataType:SqlName` / `Spark:DataType:JsonType` metadata on every top-level field.
class EngineResult {
 public:
  enum class Kind { Rows, Dml, Ddl };
  virtual ~EngineResult() = default;
  virtual Kind kind() const = 0;
  virtual const std::vector<ResultColumn>& columns() const = 0;
  virtual const ArrowSchema& arrow_schema() const = 0;
  /// The next batch; empty at the end. \throws EngineError
  virtual std::optional<arrow::UniqueArray> next() = 0;
  /// DML only.
  virtual std::optional<std::int64_t> affected_rows() const = 0;
  /// Whether the row tells the client to move a volume's file.
  virtual bool is_staging() const { return false; }
};

/// Arguments of the Thrift metadata calls; empty optional = no filter (reference/thrift.md 3.7).
struct CatalogFilter {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
  std::optional<std::string> table_pattern;
  std::optional<std::string> column_pattern;
  std::vector<std::string> table_types;
  bool nameless_catalog = false;  ///< rows do not name the catalog: a server that has only one
};

/// One session's view of the engine: current catalog and schema, session confs, temporary objects.
///
/// Threads: statements of one session may come from several threads; they run one after the other.
class EngineSession {
 public:
  virtual ~EngineSession() = default;

  /// Runs one statement. Returns when the first batch can be produced. \throws EngineError
  /// A requested stop interrupts the engine, also in the middle of a statement.
  virtual std::unique_ptr<EngineResult> execute(std::string_view sql,
                                                const std::vector<EngineParameter>& parameters,
                                                std::int64_t row_limit, std::stop_token stop) = 0;

  virtual std::unique_ptr<EngineResult> catalogs() = 0;
  virtual std::unique_ptr<EngineResult> schemas(const CatalogFilter& filter) = 0;
  virtual std::unique_ptr<EngineResult> tables(const CatalogFilter& filter) = 0;
  virtual std::unique_ptr<EngineResult> table_types() = 0;
  virtual std::unique_ptr<EngineResult> columns(const CatalogFilter& filter) = 0;
  virtual std::unique_ptr<EngineResult> type_info() = 0;
  virtual std::unique_ptr<EngineResult> functions(const CatalogFilter& filter) = 0;
  virtual std::unique_ptr<EngineResult> primary_keys(const CatalogFilter& filter) = 0;
  virtual std::unique_ptr<EngineResult> cross_reference(const CatalogFilter& parent,
                                                        const CatalogFilter& foreign) = 0;

  virtual std::string current_catalog() const = 0;
  virtual std::string current_schema() const = 0;
  virtual std::string time_zone() const = 0;
};

struct EngineOptions {
  std::string library;  ///< path of the ADBC engine library (libduckdb.so)
  std::string entry_point = "duckdb_adbc_init";
  std::string directory;  ///< where databases live; empty = in memory
};

struct SessionSettings {
  std::string catalog;  ///< empty = default
  std::string schema;   ///< empty = default
  std::map<std::string, std::string> confs;
  bool transactions = true;  ///< of several statements; false = a server that knows none
};

/// One database shared by all sessions.
class Engine {
 public:
  virtual ~Engine() = default;
  /// \throws EngineError for an unknown catalog or schema or a bad conf
  virtual std::unique_ptr<EngineSession> open_session(const SessionSettings& settings) = 0;
  /// Makes a Parquet, CSV or JSON file queryable as a table of the default schema. \throws
  /// EngineError
  virtual void load_table(const std::string& name, const std::string& file) = 0;
};

/// \throws std::runtime_error when the library cannot be loaded, with what to install
std::unique_ptr<Engine> open_engine(const EngineOptions& options);

}  // namespace dbsql::warehouse
