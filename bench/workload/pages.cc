#include "workload/pages.h"

#include "arrow/builder.h"
#include "arrow/ipc_writer.h"
#include "arrow/lz4_frame.h"

#include <span>

namespace dbsql::bench {

namespace {

void add_batch(EncodedPage& page, std::string message, std::int64_t rows, bool lz4) {
  page.arrow_bytes += message.size();
  if (lz4) message = arrow::compress_lz4_frame(std::as_bytes(std::span(message)));
  page.wire_bytes += message.size();
  page.batches.push_back({.bytes = std::move(message), .rows = rows});
}

EncodedPage encode_page(const PagesSpec& spec, std::int64_t index, const ArrowSchema& schema,
                        const arrow::RecordBatchEncoder& encoder) {
  EncodedPage page{.rows = spec.rows};
  std::int64_t row = 0;
  for (std::int64_t batch = 0; batch < spec.batches; ++batch) {
    const std::int64_t end = spec.rows * (batch + 1) / spec.batches;
    const auto rows = rows_of(spec.data, index * spec.rows + row, end - row);
    page.checksum += checksum(*rows, schema);
    add_batch(page, encoder.encode(*rows), end - row, spec.lz4);
    row = end;
  }
  return page;
}

}  // namespace

EncodedResult encode_pages(const PagesSpec& spec) {
  EncodedResult result{.columns = columns_of(spec.data), .lz4 = spec.lz4};
  const auto schema = schema_of(result.columns);
  result.arrow_schema = arrow::write_schema(*schema);
  const arrow::RecordBatchEncoder encoder(*schema);
  for (std::int64_t page = 0; page < spec.distinct_pages(); ++page)
    result.pages.push_back(encode_page(spec, page, *schema, encoder));
  return result;
}

EncodedResult encode_select_one(bool lz4) {
  EncodedResult result{.columns = {{"1", "INT", "integer", "i"}}, .lz4 = lz4};
  const auto schema = schema_of(result.columns);
  result.arrow_schema = arrow::write_schema(*schema);

  arrow::Int32Builder builder;
  builder.append(1);
  std::vector<arrow::UniqueArray> columns;
  columns.push_back(builder.finish());
  const auto rows = arrow::make_batch(1, std::move(columns));

  EncodedPage page{.rows = 1, .checksum = checksum(*rows, *schema)};
  add_batch(page, arrow::RecordBatchEncoder(*schema).encode(*rows), 1, lz4);
  result.pages.push_back(std::move(page));
  return result;
}

}  // namespace dbsql::bench
