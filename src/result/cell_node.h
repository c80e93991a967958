#pragma once

#include <dbsql/row.h>

#include "result/json_tree.h"
#include "result/scalar.h"

#include <string_view>

namespace dbsql::result {

/// The cell as a view; NULL for NULL. Not for nested columns.
/// \throws Error (NotSupported) for a type whose cells cannot be read
Scalar scalar_of(const detail::ColumnRef& column, std::int64_t row);

/// The name of a nested field, as its Arrow schema has it.
std::string_view field_name(const detail::ColumnRef& field) noexcept;

/// A cell of Arrow memory as a node of `append_json_tree`: nothing is copied on the way to the
/// text.
class CellNode {
 public:
  CellNode(const detail::ColumnRef& column, std::int64_t row) : column_(column), row_(row) {}

  Shape shape() const noexcept;
  Scalar scalar() const { return scalar_of(column_, row_); }

  template <class Function>
  void each_element(const Function& function) const {
    const auto [begin, end] = entries();
    for (std::int64_t i = begin; i < end; ++i) function(CellNode(column_.children[0], i));
  }
  template <class Function>
  void each_entry(const Function& function) const {
    const auto [begin, end] = entries();
    for (std::int64_t i = begin; i < end; ++i)
      function(CellNode(column_.children[0], i), CellNode(column_.children[1], i));
  }
  template <class Function>
  void each_field(const Function& function) const {
    for (std::int32_t i = 0; i < column_.child_count; ++i) {
      const detail::ColumnRef& field = column_.children[i];
      function(field_name(field), CellNode(field, column_.offset + row_));
    }
  }

  const detail::ColumnRef& column() const noexcept { return column_; }
  std::int64_t row() const noexcept { return row_; }

 private:
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  Range entries() const noexcept;

  const detail::ColumnRef& column_;
  std::int64_t row_;
};

}  // namespace dbsql::result
