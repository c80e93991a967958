// links: dbsql_result
#include <dbsql/error.h>
#include <dbsql/row.h>

#include "result/columnar.h"
#include "result/row_cursor.h"
#include "result/schema_builder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using dbsql::protocol::WireColumn;

/// Takes the input apart from its front; zeros when it is used up.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : rest_(bytes) {}
  std::uint8_t byte() {
    return rest_.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(take(1)[0]);
  }
  std::span<const std::byte> take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
};

constexpr std::array<std::string_view, 24> kTypes{"BOOLEAN",
                                                  "TINYINT",
                                                  "SMALLINT",
                                                  "INT",
                                                  "BIGINT",
                                                  "FLOAT",
                                                  "DOUBLE",
                                                  "STRING",
                                                  "BINARY",
                                                  "DATE",
                                                  "TIMESTAMP",
                                                  "DECIMAL",
                                                  "NULL",
                                                  "ARRAY",
                                                  "VARCHAR",
                                                  "",
                                                  "INTERVAL_YEAR_MONTH",
                                                  "INTERVAL_DAY_TIME",
                                                  "ARRAY<INT>",
                                                  "MAP<STRING,DATE>",
                                                  "STRUCT<a:INT,b:DECIMAL(5,2)>",
                                                  "DECIMAL(20,4)",
                                                  "TIMESTAMP_NTZ",
                                                  "VARIANT"};

/// A page as the fuzzer likes: any kind of list under any declared type, with any lengths.
struct Page {
  dbsql::protocol::ResultMetadata metadata;
  dbsql::protocol::ColumnarRows rows;
};

Page make_page(Input& input) {
  Page page;
  const std::size_t columns = input.byte() % 4;
  const auto count = static_cast<std::int8_t>(input.byte());
  for (std::size_t i = 0; i < columns; ++i) {
    dbsql::protocol::ColumnDescription description{.name = "c"};
    description.type_name = kTypes[input.byte() % kTypes.size()];
    if (description.type_name == "DECIMAL" && input.byte() % 2 == 0) {
      description.precision = static_cast<std::int8_t>(input.byte());
      description.scale = static_cast<std::int8_t>(input.byte());
    }
    page.metadata.columns.push_back(description);
    WireColumn column;
    column.kind = static_cast<WireColumn::Kind>(input.byte() % 8);
    column.count = count;
    column.nulls = input.take(input.byte() % 8);
    column.values = input.take(input.byte());
    page.rows.columns.push_back(column);
  }
  return page;
}

void read_every_cell(const Page& page) {
  const auto arrow_schema =
      dbsql::result::derive_arrow_schema(page.metadata, dbsql::result::PageForm::Columns);
  const auto schema = dbsql::result::build_schema(page.metadata, arrow_schema.get());
  const auto batch = dbsql::result::to_record_batch(page.rows, *arrow_schema, schema);
  std::vector<dbsql::detail::ColumnRef> columns;
  dbsql::result::bind_columns(*arrow_schema, *batch, schema, columns);
  for (const auto& column : columns) {
    for (std::int64_t row = 0; row < batch->length; ++row) {
      static_cast<void>(dbsql::detail::cell_text(column, row));
      try {
        static_cast<void>(dbsql::detail::cell_value(column, row).to_string());
      } catch (const dbsql::Error&) {
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::as_bytes(std::span(data, size)));
  try {
    read_every_cell(make_page(input));
  } catch (const dbsql::Error&) {
  }
  return 0;
}
