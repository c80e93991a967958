#pragma once

#include <dbsql/value.h>

#include "result/type_text.h"

#include <optional>
#include <string_view>

namespace dbsql::result {

/// Reads the text of an ARRAY, MAP or STRUCT, led by its declared type. The text is JSON or nearly
/// so: servers leave dates, timestamps, decimals and even keys bare, as in
/// `{"a":77,"b":2020-12-31}` (reference/results.md 3.3, 3.6.5). Bare scalars end at the next `,`,
/// `]` or `}`. Fields that a struct's text leaves out are NULL. \param zone  as for
/// `parse_value` \return nothing when the text does not fit the type, or the type does not say what
/// it is made of
std::optional<Value> parse_nested(const DeclaredType& type, std::string_view text,
                                  const TimeZone* zone = nullptr);

}  // namespace dbsql::result
