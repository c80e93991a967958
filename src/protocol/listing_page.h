#pragma once

#include "protocol/backend.h"
#include "protocol/listing.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::protocol {

/// One column's cells, as the bytes that the wire has for them; empty = NULL.
using CellBytes = std::vector<std::optional<std::string_view>>;
CellBytes cells_of(const WireColumn& column);

/// Puts the pages of one listing into the shape that `normalise_listing` promises.
///
/// Threads: one thread at a time; pages in their order.
class ListingShaper {
 public:
  explicit ListingShaper(const ListingRequest& request) : request_(request) {}

  ColumnarRows shape(ColumnarRows rows, const std::vector<ColumnDescription>& columns);

 private:
  std::vector<bool> rows_to_keep(const WireColumn& catalogs) const;
  std::int32_t next_ordinal(std::optional<std::int32_t> sent, bool is_new_table);
  CellBytes number(const std::vector<WireColumn>& columns, std::size_t ordinals,
                   std::deque<std::string>& memory);

  ListingRequest request_;
  std::string table_;                 // of the last row: catalog, schema and name
  std::int32_t last_ordinal_ = 0;     // of the last row
  std::optional<std::int32_t> base_;  // what the server counts from
};

}  // namespace dbsql::protocol
