#pragma once

#include <dbsql/schema.h>

#include "cli/result_writer.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::cli::test {

/// A row of texts; an empty optional is NULL. BINARY cells give the bytes of their text.
class FakeRow final : public RowView {
 public:
  explicit FakeRow(std::vector<std::optional<std::string>> cells) : cells_(std::move(cells)) {}

  bool is_null(std::size_t column) const override { return !cells_[column]; }
  void append_text(std::size_t column, std::string& out) const override { out += *cells_[column]; }
  std::span<const std::byte> bytes(std::size_t column) const override {
    return std::as_bytes(std::span(cells_[column]->data(), cells_[column]->size()));
  }

 private:
  std::vector<std::optional<std::string>> cells_;
};

inline Column column(std::string name, TypeId type = TypeId::String) {
  Column made;
  made.name = std::move(name);
  made.type = type;
  return made;
}

/// What a format makes of a whole result.
inline std::string written(Format format, std::vector<Column> columns,
                           const std::vector<FakeRow>& rows, const WriterOptions& options = {},
                           bool is_complete = true) {
  std::string out;
  const auto writer = make_writer(format, options, out);
  writer->begin(Schema(std::move(columns)));
  for (const FakeRow& row : rows) writer->row(row);
  writer->end(is_complete);
  return out;
}

}  // namespace dbsql::cli::test
