#pragma once

#include <dbsql/schema.h>

#include "arrow/c_data.h"
#include "protocol/backend.h"

namespace dbsql::result {

/// The columns as users see them, out of the protocol's description and the Arrow schema
/// (reference/results.md 1.11).
///
/// Names and order come from the description, the type text from `Spark:DataType:SqlName`, else
/// from the protocol's type name, else from the Arrow type; text that is no type makes the Arrow
/// type decide. Precision and scale: description, Arrow type, type text, (10,0). When the two sides
/// count different columns, as DDL answers do, the smaller count holds: a page with rows then fails
/// when it is bound. \param arrow  the struct of all columns; null when the server sent none
/// (`ResultMetadata::arrow_schema` empty)
Schema build_schema(const protocol::ResultMetadata& metadata, const ArrowSchema* arrow);

/// Whether some TIMESTAMP, nested or not, travels as the wall clock of a zone that the schema does
/// not name: as text, or in column-based pages.
bool lacks_time_zone(const Schema& schema) noexcept;

/// The schema with that zone in all those places.
Schema with_time_zone(const Schema& schema, const std::string& zone);

/// Which pages an Arrow schema is made up for.
enum class PageForm : std::uint8_t {
  Arrow,    ///< record batches of a server that sends no schema: exact, decimals, timestamps,
            ///< intervals are text
  Columns,  ///< column-based pages, which `to_record_batch` turns into native types
};

/// The Arrow schema that a result without one has, by the protocol's type names.
arrow::UniqueSchema derive_arrow_schema(const protocol::ResultMetadata& metadata, PageForm form);

}  // namespace dbsql::result
