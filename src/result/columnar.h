#pragma once

#include <dbsql/schema.h>

#include "arrow/c_data.h"
#include "protocol/backend.h"

namespace dbsql::result {

/// Turns a column-based page into a record batch of `arrow_schema` (reference/results.md 1.4, 3.3).
///
/// The list that arrived is authoritative, the declared type says what becomes of it: numbers stay
/// numbers, FLOAT is narrowed from the double it travels in, and the text of DATE, DECIMAL and the
/// intervals becomes their native types, because their text can be made again exactly as it was.
/// The text of a TIMESTAMP is the wall clock of a session zone that such servers do not name: it
/// becomes a timestamp without zone, which shows the very text the server sent and cannot be
/// mistaken for an instant. Nested values stay the server's text.
///
/// \param arrow_schema  from `derive_arrow_schema(..., PageForm::Columns)` or the server
/// \param schema        of the same columns, for messages
/// \throws Error (CorruptResult) naming the column when lengths do not add up, a text is not of the
/// declared type, or
///   the columns have different lengths
arrow::UniqueArray to_record_batch(const protocol::ColumnarRows& rows,
                                   const ArrowSchema& arrow_schema, const Schema& schema);

}  // namespace dbsql::result
