#pragma once

#include <dbsql/row.h>
#include <dbsql/schema.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

/// The rows of a result.
class ResultRow final : public RowView {
 public:
  explicit ResultRow(const Schema& schema);

  /// Shows the row that `row` stands on; `row` must outlive the look.
  void look_at(const RowRef& row) noexcept { row_ = &row; }

  bool is_null(std::size_t column) const override { return row_->is_null(column); }
  void append_text(std::size_t column, std::string& out) const override;
  std::span<const std::byte> bytes(std::size_t column) const override {
    return row_->get<std::span<const std::byte>>(column);
  }

 private:
  enum class Reader : std::uint8_t { Integer, Text, Any };

  const RowRef* row_ = nullptr;
  std::vector<Reader> readers_;  // by column: the quickest way that its type allows
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
