#pragma once

#include <dbsql/row.h>
#include <dbsql/schema.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace dbsql::cli {

/// One row as a writer needs it: text appended to a buffer that exists already, so that a cell
/// costs no allocation.
class RowView {
 public:
  virtual ~RowView() = default;
  virtual bool is_null(std::size_t column) const = 0;
  /// The text form of reference/results.md 3.6. Not for NULL.
  virtual void append_text(std::size_t column, std::string& out) const = 0;
  /// The bytes of a BINARY cell; valid until the next row. Not for NULL.
  virtual std::span<const std::byte> bytes(std::size_t column) const = 0;
};

/// A row of a result.
class ResultRow final : public RowView {
 public:
  /// Shows the row that `row` stands on; `row` must outlive the look.
  void look_at(const RowRef& row) noexcept { row_ = &row; }

  bool is_null(std::size_t column) const override { return row_->is_null(column); }
  void append_text(std::size_t column, std::string& out) const override {
    row_->append_text(out, column);
  }
  std::span<const std::byte> bytes(std::size_t column) const override {
    return row_->get<std::span<const std::byte>>(column);
  }

 private:
  const RowRef* row_ = nullptr;
};

/// How a column's values look in text: decides alignment and quoting.
enum class TextKind : std::uint8_t {
  Number,  ///< digits, or NaN and the like
  Boolean,
  Plain,   ///< date, timestamp, interval: no character of them needs quoting anywhere
  Text,    ///< anything
  Nested,  ///< JSON text
  Binary,
};
TextKind text_kind(TypeId type) noexcept;

}  // namespace dbsql::cli
