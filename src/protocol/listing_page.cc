#include "protocol/listing_page.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <memory>
#include <utility>

namespace dbsql::protocol {

namespace {

constexpr std::string_view kTable = "TABLE";

std::uint32_t read_big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  return value;
}

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// What a page's columns point to once some of them have been written anew.
struct PageMemory {
  base::Buffer received;
  std::deque<std::string> written;  // its elements stay where they are
};

/// A page in whose columns some are replaced.
class PageWriter {
 public:
  explicit PageWriter(ColumnarRows rows)
      : rows_(std::move(rows)), memory_(std::make_shared<PageMemory>()) {
    memory_->received = std::exchange(rows_.owner, {});
  }

  const std::vector<WireColumn>& columns() const { return rows_.columns; }

  void replace(std::size_t index, const CellBytes& cells) {
    WireColumn& column = rows_.columns[index];
    std::string& values = memory_->written.emplace_back();
    std::string& nulls = memory_->written.emplace_back((cells.size() + 7) / 8, '\0');
    const std::size_t width = wire_width(column.kind);
    for (std::size_t row = 0; row < cells.size(); ++row) {
      const std::string_view cell = cells[row].value_or(std::string_view());
      if (!cells[row]) nulls[row / 8] = static_cast<char>(nulls[row / 8] | (1 << (row % 8)));
      if (width == 0) append_big_endian(values, static_cast<std::uint32_t>(cell.size()));
      values += cell;
      if (cell.size() < width) values.append(width - cell.size(), '\0');  // a NULL's filler
    }
    column.count = static_cast<std::int64_t>(cells.size());
    column.values = bytes_of(values);
    column.nulls = bytes_of(nulls);
  }

  /// Leaves out the rows that are not marked.
  void keep_rows(const std::vector<bool>& marks) {
    for (std::size_t i = 0; i < rows_.columns.size(); ++i) {
      const CellBytes cells = cells_of(rows_.columns[i]);
      CellBytes kept;
      for (std::size_t row = 0; row < cells.size(); ++row) {
        if (marks[row]) kept.push_back(cells[row]);
      }
      replace(i, kept);
    }
  }

  ColumnarRows finish() && {
    rows_.owner = base::Buffer(memory_, memory_->received.bytes());
    return std::move(rows_);
  }

 private:
  ColumnarRows rows_;
  std::shared_ptr<PageMemory> memory_;
};

std::optional<std::size_t> find_column(const std::vector<ColumnDescription>& columns,
                                       std::string_view name, const ColumnarRows& rows,
                                       WireColumn::Kind kind) {
  const std::size_t count = std::min(columns.size(), rows.columns.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (columns[i].name == name && rows.columns[i].kind == kind) return i;
  }
  return std::nullopt;
}

}  // namespace

CellBytes cells_of(const WireColumn& column) {
  const std::string_view nulls = text_of(column.nulls);
  const std::size_t width = wire_width(column.kind);
  std::string_view rest = text_of(column.values);
  CellBytes cells(static_cast<std::size_t>(column.count));
  for (std::size_t row = 0; row < cells.size(); ++row) {
    std::size_t size = width;
    if (width == 0) {
      size = read_big_endian(rest.substr(0, 4));
      rest.remove_prefix(4);
    }
    const bool is_null = row / 8 < nulls.size() &&
                         (static_cast<unsigned char>(nulls[row / 8]) >> (row % 8) & 1U) != 0;
    if (!is_null) cells[row] = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  return cells;
}

/// The catalog of GetTables is a pattern to some servers: `_` in a name matches more than the name.
std::vector<bool> ListingShaper::rows_to_keep(const WireColumn& catalogs) const {
  std::vector<bool> marks;
  for (const auto& cell : cells_of(catalogs)) {
    const bool has_name = cell && !cell->empty();
    marks.push_back(!has_name || base::equals_ignore_case(*cell, *request_.scope.catalog));
  }
  return marks;
}

std::int32_t ListingShaper::next_ordinal(std::optional<std::int32_t> sent, bool is_new_table) {
  // Databricks and Spark count from 0, Hive from 1; the first column of a whole listing tells. What
  // is not sent is counted here (reference/metadata.md 7, reference/thrift.md 5.3).
  const bool is_whole = !request_.scope.column.has_value();
  if (!base_) base_ = is_whole && sent == 1 ? 1 : 0;
  if (sent) return *sent < std::numeric_limits<std::int32_t>::max() ? *sent + 1 - *base_ : *sent;
  return is_new_table ? 1 : last_ordinal_ + 1;
}

CellBytes ListingShaper::number(const std::vector<WireColumn>& columns, std::size_t ordinals,
                                std::deque<std::string>& memory) {
  CellBytes numbers = cells_of(columns[ordinals]);
  std::vector<CellBytes> names;
  for (std::size_t i = 0; i < 3 && i < columns.size(); ++i) names.push_back(cells_of(columns[i]));
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    std::string table;
    for (const CellBytes& name : names) table += base::concat(name[row].value_or(""), '\0');
    std::optional<std::int32_t> sent;
    if (numbers[row]) sent = static_cast<std::int32_t>(read_big_endian(*numbers[row]));
    // With a filter on columns nobody knows how many were left out.
    if (!sent && request_.scope.column) continue;
    last_ordinal_ = next_ordinal(sent, table != table_);
    table_ = std::move(table);
    append_big_endian(memory.emplace_back(), static_cast<std::uint32_t>(last_ordinal_));
    numbers[row] = memory.back();
  }
  return numbers;
}

ColumnarRows ListingShaper::shape(ColumnarRows rows,
                                  const std::vector<ColumnDescription>& columns) {
  using Kind = WireColumn::Kind;
  if (rows.columns.empty() || rows.columns.front().count == 0) return rows;
  const bool tables = request_.kind == ListingRequest::Kind::Tables;
  const bool members = request_.kind == ListingRequest::Kind::Columns;
  if (!tables && !members) return rows;
  const auto catalogs = find_column(columns, "TABLE_CAT", rows, Kind::String);
  const auto types = find_column(columns, "TABLE_TYPE", rows, Kind::String);
  const auto ordinals = find_column(columns, "ORDINAL_POSITION", rows, Kind::Int32);
  PageWriter page(std::move(rows));
  if (tables && catalogs && request_.scope.catalog) {
    const auto marks = rows_to_keep(page.columns()[*catalogs]);
    if (std::ranges::find(marks, false) != marks.end()) page.keep_rows(marks);
  }
  if (tables && types) {
    CellBytes cells = cells_of(page.columns()[*types]);
    for (auto& cell : cells) {
      if (!cell || cell->empty()) cell = kTable;  // as hive_metastore leaves it
    }
    page.replace(*types, cells);
  }
  std::deque<std::string> memory;
  if (members && ordinals) page.replace(*ordinals, number(page.columns(), *ordinals, memory));
  return std::move(page).finish();
}

}  // namespace dbsql::protocol
