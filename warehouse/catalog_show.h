#pragma once

#include "warehouse/catalog_reader.h"
#include "warehouse/engine.h"
#include "warehouse/sql_statement.h"

#include <memory>
#include <string>

namespace dbsql::warehouse {

/// \throws EngineError when a catalog, schema or table that the statement names does not exist
std::unique_ptr<EngineResult> show_result(CatalogReader& reader, const ShowCommand& command,
                                          const SessionNames& session);

/// DESCRIBE of a table, schema or catalog. \throws EngineError when there is no such object
std::unique_ptr<EngineResult> describe_result(CatalogReader& reader, const DescribeCommand& command,
                                              const SessionNames& session);

/// The result of DESCRIBE QUERY, from names and types of the engine.
std::unique_ptr<EngineResult> describe_query_result(
    const std::vector<std::pair<std::string, std::string>>& columns);

/// The table or view a name stands for: a temporary one first, then one of the current schema.
/// \throws EngineError TABLE_OR_VIEW_NOT_FOUND
TableEntry find_table(CatalogReader& reader, const ObjectName& name, const SessionNames& session);

/// \throws EngineError NO_SUCH_CATALOG_EXCEPTION, SCHEMA_NOT_FOUND
void require_catalog(CatalogReader& reader, const std::string& catalog);
void require_schema(CatalogReader& reader, const std::string& catalog, const std::string& schema);

}  // namespace dbsql::warehouse
