#pragma once

#include "warehouse/catalog_reader.h"
#include "warehouse/engine.h"

#include <memory>
#include <string>

/// The results of the Thrift metadata calls: columns, order and widths of reference/thrift.md 3.7,
/// values of reference/metadata.md 13.1. `current_catalog` is what the pseudo catalog `SPARK`
/// stands for.
namespace dbsql::warehouse {

std::unique_ptr<EngineResult> catalogs_result(CatalogReader& reader);
std::unique_ptr<EngineResult> schemas_result(CatalogReader& reader, const CatalogFilter& filter,
                                             const std::string& current_catalog);
std::unique_ptr<EngineResult> tables_result(CatalogReader& reader, const CatalogFilter& filter,
                                            const std::string& current_catalog);
std::unique_ptr<EngineResult> table_types_result();
std::unique_ptr<EngineResult> columns_result(CatalogReader& reader, const CatalogFilter& filter,
                                             const std::string& current_catalog);
std::unique_ptr<EngineResult> type_info_result();
std::unique_ptr<EngineResult> functions_result(CatalogReader& reader, const CatalogFilter& filter,
                                               const std::string& current_catalog);
std::unique_ptr<EngineResult> primary_keys_result(CatalogReader& reader,
                                                  const CatalogFilter& filter,
                                                  const std::string& current_catalog);
std::unique_ptr<EngineResult> cross_reference_result(CatalogReader& reader,
                                                     const CatalogFilter& parent,
                                                     const CatalogFilter& foreign,
                                                     const std::string& current_catalog);

/// What GetColumns says about a type.
struct TypeFacts {
  int jdbc_type = 12;  ///< java.sql.Types
  std::optional<int> size = {};
  std::optional<int> digits = {};
  std::optional<int> radix = {};
};
TypeFacts facts_of(const SqlType& type);

}  // namespace dbsql::warehouse
