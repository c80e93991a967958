#pragma once

#include "warehouse/duckdb_channel.h"

#include <optional>
#include <string>
#include <vector>

namespace dbsql::warehouse {

using TextRow = std::vector<std::optional<std::string>>;

/// Runs engine text of our own making whose columns are all VARCHAR, and returns all rows.
/// \throws EngineError
std::vector<TextRow> query_text(EngineChannel& channel, const std::string& engine_sql,
                                std::vector<std::optional<std::string>> values = {});

/// Runs a statement and adds up the single integer column of its rows: what the engine reports for
/// DML.
std::int64_t run_and_count(EngineChannel& channel, const EngineStatement& statement,
                           const std::stop_token& stop);

/// Runs a statement for its effect; whatever rows it returns are dropped.
void run_to_end(EngineChannel& channel, const EngineStatement& statement,
                const std::stop_token& stop);

/// Runs a statement whose columns are all VARCHAR, and returns all rows.
std::vector<TextRow> query_text(EngineChannel& channel, const EngineStatement& statement,
                                const std::stop_token& stop);

}  // namespace dbsql::warehouse
