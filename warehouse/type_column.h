#pragma once

#include "arrow/c_data.h"
#include "warehouse/type_sql.h"

#include <cstdint>
#include <memory>

namespace dbsql::warehouse {

/// Collects chunks of one engine column into one Arrow array of the Databricks type. Chunks of a
/// few thousand rows become batches worth sending, and whatever needs converting is converted in
/// the same single copy.
///
/// Threads: one at a time. Errors: EngineError when a value does not fit the declared type.
class ColumnCopier {
 public:
  virtual ~ColumnCopier() = default;
  ColumnCopier() = default;
  ColumnCopier(const ColumnCopier&) = delete;
  ColumnCopier& operator=(const ColumnCopier&) = delete;

  /// Adds rows [first, first + count) of `rows`, counted without its own offset.
  virtual void append(const ArrowArray& rows, std::int64_t first, std::int64_t count) = 0;
  /// What was added since the last call.
  virtual arrow::UniqueArray finish() = 0;
};

/// \param engine_field  how the engine describes the column
/// \param type          from `sql_type_of` for that field, intervals settled
std::unique_ptr<ColumnCopier> make_column_copier(const ArrowSchema& engine_field,
                                                 const SqlType& type);

}  // namespace dbsql::warehouse
