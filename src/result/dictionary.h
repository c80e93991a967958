#pragma once

#include "arrow/c_data.h"

#include <string_view>

namespace dbsql::result {

/// A dictionary-encoded column with its values written out.
/// \param field  its schema: `field.dictionary` is the type of the values
/// \throws Error (CorruptResult) for an index outside the dictionary; (NotSupported) for a
/// dictionary of nested values
arrow::UniqueArray decode_dictionary(const ArrowSchema& field, const ArrowArray& array,
                                     std::string_view column_name);

}  // namespace dbsql::result
