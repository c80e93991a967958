#pragma once

#include "warehouse/duckdb_channel.h"
#include "warehouse/engine.h"
#include "warehouse/sql_names.h"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// What `open_rows` needs to know beside the statement.
struct RowsRequest {
  EngineStatement statement;
  std::vector<SelectItem> items;  ///< of the outermost select list; empty = unknown
  std::string time_zone;          ///< of the session, for TIMESTAMP columns
  std::int64_t row_limit = 0;     ///< 0 = none
};

/// Starts a query and reads its first chunk of rows, so that errors of the first rows are errors of
/// the statement and interval columns are typed by their values. The rest is read as it is asked
/// for; a batch has at most 32,768 rows or about 8 MiB. \throws EngineError
std::unique_ptr<EngineResult> open_rows(std::shared_ptr<EngineChannel> channel, RowsRequest request,
                                        const std::stop_token& stop);

}  // namespace dbsql::warehouse
