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

EncodedPage encode_batches(const PagesSpec& spec, std::int64_t first_row, const ArrowSchema& schema,
                           bool lz4) {
  const arrow::RecordBatchEncoder encoder(schema);
  EncodedPage page{.rows = spec.rows};
  std::int64_t row = 0;
  for (std::int64_t batch = 0; batch < spec.batches; ++batch) {
    const std::int64_t end = spec.rows * (batch + 1) / spec.batches;
    const auto rows = rows_of(spec.data, first_row + row, end - row);
    page.checksum += checksum(*rows, schema);
    add_batch(page, encoder.encode(*rows), end - row, lz4);
    row = end;
  }
  return page;
}

/// A stream in one frame, as executors write large files (reference/results.md 1.6, 1.7).
EncodedPage encode_file(const PagesSpec& spec, std::int64_t first_row, const ArrowSchema& schema) {
  EncodedPage page = encode_batches(spec, first_row, schema, false);
  page.file = arrow::write_schema(schema);
  for (const EncodedBatch& batch : page.batches) page.file += batch.bytes;
  page.file += arrow::end_of_stream();
  page.batches.clear();
  page.arrow_bytes = page.file.size();
  if (spec.lz4) page.file = arrow::compress_lz4_frame(std::as_bytes(std::span(page.file)));
  page.wire_bytes = page.file.size();
  return page;
}

/// One page is one batch, whatever the statement says: its size as an Arrow message makes the
/// figures comparable.
EncodedPage encode_columns(const PagesSpec& spec, std::int64_t first_row,
                           const ArrowSchema& schema) {
  EncodedPage page{.rows = spec.rows};
  page.columns = rows_of(spec.data, first_row, spec.rows);
  page.checksum = checksum(*page.columns, schema);
  page.arrow_bytes = arrow::RecordBatchEncoder(schema).encode(*page.columns).size();
  page.wire_bytes = page.arrow_bytes;  // nearly: the lengths of texts take as much as offsets do
  return page;
}

EncodedPage encode_page(const PagesSpec& spec, std::int64_t index, const ArrowSchema& schema) {
  const std::int64_t first_row = index * spec.rows;
  switch (spec.form) {
    case ResultForm::Files:
      return encode_file(spec, first_row, schema);
    case ResultForm::Columns:
      return encode_columns(spec, first_row, schema);
    default:
      return encode_batches(spec, first_row, schema, spec.lz4);
  }
}

}  // namespace

EncodedResult encode_pages(const PagesSpec& spec) {
  EncodedResult result{.columns = columns_of(spec.data), .form = spec.form, .lz4 = spec.lz4};
  const auto schema = schema_of(result.columns);
  result.arrow_schema = arrow::write_schema(*schema);
  for (std::int64_t page = 0; page < spec.distinct_pages(); ++page)
    result.pages.push_back(encode_page(spec, page, *schema));
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
