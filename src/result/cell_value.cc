#include <dbsql/row.h>

#include "result/cell_node.h"
#include "result/text_value.h"

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// The out-of-line readers of <dbsql/row.h>: whole values and text of any column.
namespace dbsql::detail {

namespace {

using result::CellNode;
using result::Scalar;
using result::WideDecimal;

/// Integers keep the width of their column; unsigned ones, which no SQL type has, take the next
/// wider.
Value integer_value(const ColumnRef& column, std::int64_t value) {
  switch (column.physical) {
    case Physical::Int8:
      return static_cast<std::int8_t>(value);
    case Physical::Int16:
    case Physical::UInt8:
      return static_cast<std::int16_t>(value);
    case Physical::Int32:
    case Physical::UInt16:
      return static_cast<std::int32_t>(value);
    default:
      return value;
  }
}

Decimal narrow_decimal(const ColumnRef& column, std::int64_t row, const WideDecimal& wide) {
  if (!wide.fits_128()) throw_cell_range(column, row, "a DECIMAL of at most 38 digits");
  return {static_cast<std::int64_t>(wide.words[1]), wide.words[0], wide.scale};
}

Value scalar_value(const ColumnRef& column, std::int64_t row) {
  const auto convert = [&](const auto& scalar) -> Value {
    using Held = std::decay_t<decltype(scalar)>;
    if constexpr (std::is_same_v<Held, std::monostate>) {
      return {};
    } else if constexpr (std::is_same_v<Held, std::int64_t>) {
      return integer_value(column, scalar);
    } else if constexpr (std::is_same_v<Held, std::uint64_t>) {
      if (!std::in_range<std::int64_t>(scalar)) throw_cell_range(column, row, "a BIGINT");
      return integer_value(column, static_cast<std::int64_t>(scalar));
    } else if constexpr (std::is_same_v<Held, WideDecimal>) {
      return narrow_decimal(column, row, scalar);
    } else if constexpr (std::is_same_v<Held, std::span<const std::byte>>) {
      return Binary{std::vector<std::byte>(scalar.begin(), scalar.end())};
    } else if constexpr (std::is_same_v<Held, std::string_view>) {
      if (column.declared != nullptr) return result::value_of_text(column, row, scalar);
      return scalar;
    } else if constexpr (std::is_same_v<Held, TimestampNtz>) {
      return result::value_of_wall_clock(column, scalar);
    } else {
      return scalar;
    }
  };
  return std::visit(convert, result::scalar_of(column, row));
}

Value node_value(const CellNode& node) {
  switch (node.shape()) {
    case result::Shape::Leaf:
      break;
    case result::Shape::List: {
      ListValue list;
      node.each_element(
          [&](const CellNode& element) { list.elements.push_back(node_value(element)); });
      return list;
    }
    case result::Shape::Map: {
      MapValue map;
      node.each_entry([&](const CellNode& key, const CellNode& value) {
        map.entries.emplace_back(node_value(key), node_value(value));
      });
      return map;
    }
    case result::Shape::Struct: {
      StructValue structure;
      node.each_field([&](std::string_view name, const CellNode& field) {
        structure.fields.emplace_back(std::string(name), node_value(field));
      });
      return structure;
    }
  }
  return scalar_value(node.column(), node.row());
}

/// Nested values that travel as text are written anew: a server's own text is not JSON
/// (reference/results.md 3.6.5).
bool is_nested_text(const ColumnRef& column) noexcept {
  if (column.declared == nullptr) return false;
  const TypeId type = column.declared->id;
  return type == TypeId::Array || type == TypeId::Map || type == TypeId::Struct;
}

}  // namespace

Value cell_value(const ColumnRef& column, std::int64_t row) {
  return node_value(CellNode(column, row));
}

void append_cell_text(std::string& out, const ColumnRef& column, std::int64_t row) {
  const CellNode node(column, row);
  if (node.shape() == result::Shape::Leaf && is_nested_text(column) && !is_null(column, row)) {
    out += cell_value(column, row).to_string();
  } else if (node.shape() == result::Shape::Leaf) {
    result::append_text(out, node.scalar());
  } else {
    result::append_json_tree(out, node);
  }
}

std::string cell_text(const ColumnRef& column, std::int64_t row) {
  std::string text;
  append_cell_text(text, column, row);
  return text;
}

Decimal cell_decimal(const ColumnRef& column, std::int64_t row) {
  if (column.declared != nullptr) return result::decimal_of_text(column, row);
  if (CellNode(column, row).shape() != result::Shape::Leaf) throw_cell_type(column, "a decimal");
  const Scalar scalar = result::scalar_of(column, row);
  if (const auto* wide = std::get_if<WideDecimal>(&scalar))
    return narrow_decimal(column, row, *wide);
  if (const auto* integer = std::get_if<std::int64_t>(&scalar))
    return {*integer < 0 ? -1 : 0, static_cast<std::uint64_t>(*integer), 0};
  if (const auto* natural = std::get_if<std::uint64_t>(&scalar)) return {0, *natural, 0};
  throw_cell_type(column, "a decimal");
}

}  // namespace dbsql::detail
