#include "result/result_stream.h"

#include <dbsql/error.h>

#include "result/columnar.h"
#include "result/schema_builder.h"

#include <utility>

namespace dbsql::result {

ResultStream::ResultStream(std::unique_ptr<protocol::Operation> operation, std::int64_t row_limit,
                           const base::CallContext& call)
    : operation_(std::move(operation)) {
  if (row_limit > 0) rows_left_ = row_limit;
  try {
    read_schema(call);
  } catch (...) {
    close();
    throw;
  }
}

void ResultStream::read_schema(const base::CallContext& call) {
  const protocol::ResultMetadata& metadata = operation_->metadata(call);
  truncated_by_server_ = metadata.truncated_by_server;
  if (!metadata.arrow_schema.empty()) {
    arrow_schema_ = arrow::read_schema(metadata.arrow_schema);
    schema_ = build_schema(metadata, arrow_schema_.get());
  } else {
    // Without an Arrow schema one is made up, and how depends on the form the rows come in.
    peeked_ = operation_->next_page(call);
    const bool is_arrow =
        peeked_ && std::holds_alternative<std::vector<protocol::ArrowBatch>>(peeked_->rows);
    arrow_schema_ = derive_arrow_schema(metadata, is_arrow ? PageForm::Arrow : PageForm::Columns);
    schema_ = build_schema(metadata, arrow_schema_.get());
  }
}

std::optional<protocol::Page> ResultStream::next_page(const base::CallContext& call) {
  if (peeked_) return std::exchange(peeked_, std::nullopt);
  return operation_->next_page(call);
}

BatchSource ResultStream::choose_source(protocol::Page page) {
  if (auto* batches = std::get_if<std::vector<protocol::ArrowBatch>>(&page.rows)) {
    if (!decoder_) decoder_.emplace(*arrow_schema_);
    return InlineSource(std::move(*batches), *decoder_);
  }
  if (auto* columns = std::get_if<protocol::ColumnarRows>(&page.rows)) return std::move(*columns);
  return std::monostate{};
}

std::optional<arrow::UniqueArray> ResultStream::next_of_page() {
  if (auto* batches = std::get_if<InlineSource>(&source_)) return batches->next();
  if (auto* columns = std::get_if<protocol::ColumnarRows>(&source_)) {
    auto batch = to_record_batch(*columns, *arrow_schema_, schema_);
    source_ = std::monostate{};
    return batch;
  }
  return std::nullopt;
}

std::optional<arrow::UniqueArray> ResultStream::next(const base::CallContext& call) {
  for (;;) {
    if (rows_left_ == 0) {
      close();
      return std::nullopt;
    }
    if (auto batch = next_of_page()) {
      count_against_limit(*batch);
      return batch;
    }
    auto page = next_page(call);
    if (!page) {
      require_complete();
      close();
      return std::nullopt;
    }
    source_ = choose_source(*std::move(page));
  }
}

void ResultStream::count_against_limit(arrow::UniqueArray& batch) {
  if (!rows_left_) return;
  if (batch->length > *rows_left_) batch = arrow::slice(std::move(batch), *rows_left_);
  *rows_left_ -= batch->length;
}

void ResultStream::require_complete() const {
  if (!truncated_by_server_) return;
  throw_error({.kind = ErrorKind::CorruptResult,
               .message =
                   "the server cut this result at its size limit: rows are missing after the ones "
                   "read; select fewer rows or columns, or set a row limit"});
}

}  // namespace dbsql::result
