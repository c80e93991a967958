#pragma once

#include <dbsql/value.h>

#include "arrow/builder.h"
#include "arrow/c_data.h"

#include <string>
#include <string_view>

/// A notation for values that says of which C++ type each is, exactly and without any of the
/// library's own text forms:
///   null true false
///   i8:-1 i16:2 i32:3 i64:4          integers by width
///   f32:1.5 f64:-0 f64:nan f64:-inf  shortest digits that give the number back
///   dec:-5/3                         unscaled value and scale: -0.005
///   str:"a\"b\\"                     bytes as they are, `"` and `\` behind a backslash
///   bin:00ff date:-1 ym:30 dt:-500 ntz:0
///   ts:0@UTC                         microseconds and the zone in which they are shown
///   [v, v] {k => v, k => v} ("name": v, "name": v)
namespace dbsql::test {

std::string typed_form(const Value& value);

/// Appends the value that the notation describes to the builder of a field of that type.
/// \throws std::runtime_error when the text is no such value
void append_typed(arrow::Builder& builder, const ArrowSchema& field, std::string_view text);

}  // namespace dbsql::test
