#pragma once

#include "warehouse/catalog_reader.h"
#include "warehouse/duckdb_catalogs.h"
#include "warehouse/duckdb_channel.h"
#include "warehouse/engine.h"
#include "warehouse/sql_confs.h"
#include "warehouse/sql_statement.h"
#include "warehouse/sql_transaction.h"

#include <memory>
#include <mutex>
#include <string>

namespace dbsql::warehouse {

/// A session on the engine: one connection of it, the current catalog and schema, and the session's
/// settings.
///
/// Ownership: its results share the connection and may be read after the session is gone.
/// Threads: see `EngineSession`; settings are guarded by one mutex, statements take turns on the
/// channel.
class DuckdbSession final : public EngineSession {
 public:
  /// \throws EngineError for an unknown catalog or schema, or a setting that does not exist
  DuckdbSession(std::shared_ptr<EngineChannel> channel, std::shared_ptr<CatalogStore> catalogs,
                std::shared_ptr<TableVersions> versions, const SessionSettings& settings);

  std::unique_ptr<EngineResult> execute(std::string_view sql,
                                        const std::vector<EngineParameter>& parameters,
                                        std::int64_t row_limit, std::stop_token stop) override;

  std::unique_ptr<EngineResult> catalogs() override;
  std::unique_ptr<EngineResult> schemas(const CatalogFilter& filter) override;
  std::unique_ptr<EngineResult> tables(const CatalogFilter& filter) override;
  std::unique_ptr<EngineResult> table_types() override;
  std::unique_ptr<EngineResult> columns(const CatalogFilter& filter) override;
  std::unique_ptr<EngineResult> type_info() override;
  std::unique_ptr<EngineResult> functions(const CatalogFilter& filter) override;
  std::unique_ptr<EngineResult> primary_keys(const CatalogFilter& filter) override;
  std::unique_ptr<EngineResult> cross_reference(const CatalogFilter& parent,
                                                const CatalogFilter& foreign) override;

  std::string current_catalog() const override;
  std::string current_schema() const override;
  std::string time_zone() const override;

 private:
  /// One execution: what the client sent, and how to run it.
  struct Call {
    std::string_view sql;
    ParameterBinder& binder;
    std::int64_t row_limit;
    std::stop_token stop;
  };

  std::unique_ptr<EngineResult> run(EngineCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(UseCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(SetCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(ResetCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(ShowCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(DescribeCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(ExplainCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(SchemaCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(TransactionCommand& command, Call& call);
  std::unique_ptr<EngineResult> run(MaintenanceCommand& command, Call& call);

  std::unique_ptr<EngineResult> run_dml(EngineCommand& command, Call& call);
  std::unique_ptr<EngineResult> run_ddl(EngineCommand& command, Call& call);
  void drop_external(const EngineCommand& command, const EngineError& error);
  void keep_notes(const EngineCommand& command);
  void keep_table_note(const EngineCommand& command, const TableEntry& table);
  void keep_column_notes(const EngineCommand& command, const TableEntry& table);
  void comment_on(std::string_view what, const std::string& object, const std::string& text);
  bool exists(const ObjectName& name);
  void enter_transaction(const Command& command);
  void refuse_metadata_in_transaction() const;
  void note_write(const ObjectName& table);
  EngineStatement statement(const SqlText& text, const Call& call) const;

  SessionNames names() const;
  CatalogReader reader() { return CatalogReader(*channel_); }
  void set_conf(const std::string& key, const std::string& value);
  void apply_time_zone(const std::string& zone);
  void use(std::string catalog, std::string schema);
  void apply_search_path();

  std::shared_ptr<EngineChannel> channel_;
  std::shared_ptr<CatalogStore> catalogs_;
  std::shared_ptr<TableVersions> versions_;
  const bool has_transactions_;

  mutable std::mutex transaction_mutex_;  // never taken by whoever has the channel
  SessionTransaction transaction_;        // guarded by transaction_mutex_

  mutable std::mutex mutex_;
  std::string catalog_;  // guarded by mutex_
  std::string schema_;   // guarded by mutex_
  SessionConfs confs_;   // guarded by mutex_
};

}  // namespace dbsql::warehouse
