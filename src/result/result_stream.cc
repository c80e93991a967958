#include "result/result_stream.h"

#include <dbsql/error.h>

#include "arrow/lz4_frame.h"
#include "base/log.h"
#include "observe/observer.h"
#include "result/columnar.h"
#include "result/schema_builder.h"

#include <algorithm>
#include <utility>

namespace dbsql::result {

namespace {

/// Rows in the page itself, not in files that it links to.
std::int64_t row_count(const protocol::Page& page) {
  if (const auto* columns = std::get_if<protocol::ColumnarRows>(&page.rows))
    return columns->columns.empty() ? 0 : columns->columns.front().count;
  std::int64_t rows = 0;
  if (const auto* batches = std::get_if<std::vector<protocol::ArrowBatch>>(&page.rows)) {
    for (const protocol::ArrowBatch& batch : *batches) rows += batch.row_count;
  }
  return rows;
}

bool is_empty(const protocol::Page& page) {
  if (std::holds_alternative<protocol::ColumnarRows>(page.rows)) return row_count(page) == 0;
  return std::holds_alternative<std::monostate>(page.rows);
}

/// The answer to a statement that returns no rows: interfaces older than Arrow's give it one column
/// that is nobody's (reference/thrift.md 3.2, 5.3).
bool is_no_result(const protocol::ResultMetadata& metadata,
                  const std::optional<protocol::Page>& first_page) {
  return metadata.columns.size() == 1 && metadata.columns.front().name == "Result" &&
         metadata.columns.front().type_name == "STRING" && (!first_page || is_empty(*first_page));
}

arrow::UniqueSchema read_arrow_schema(const base::Buffer& message) {
  try {
    return arrow::read_schema(message);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::CorruptResult) throw;
    ErrorFields fields = error.fields();
    fields.error_class = "CORRUPT_SCHEMA";
    throw_error(std::move(fields));
  }
}

}  // namespace

ResultStream::ResultStream(std::shared_ptr<protocol::Operation> operation,
                           CloudFetchEnvironment files, std::int64_t row_limit)
    : operation_(std::move(operation)), environment_(std::move(files)) {
  if (row_limit > 0) rows_left_ = row_limit;
}

ResultStream::ResultStream(std::shared_ptr<protocol::Operation> operation, std::int64_t row_limit,
                           const base::CallContext& call, CloudFetchEnvironment files)
    : ResultStream(std::move(operation), std::move(files), row_limit) {
  open(call);
}

void ResultStream::open(const base::CallContext& call, const AskTimeZone& ask_zone) {
  try {
    if (!arrow_schema_) read_schema(call);
    if (ask_zone && lacks_time_zone(schema_)) {
      if (const auto zone = ask_zone(call)) schema_ = with_time_zone(schema_, *zone);
    }
  } catch (const Error& error) {
    const bool may_come_back =
        error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Cancelled;
    if (!may_come_back) close();
    throw;
  } catch (...) {
    close();
    throw;
  }
}

void ResultStream::read_schema(const base::CallContext& call) {
  const protocol::ResultMetadata& metadata = operation_->metadata(call);
  truncated_by_server_ = metadata.truncated_by_server;
  claims_lz4_ = metadata.lz4_compressed;
  if (!metadata.arrow_schema.empty()) {
    arrow_schema_ = read_arrow_schema(metadata.arrow_schema);
    schema_ = build_schema(metadata, arrow_schema_.get());
  } else {
    // Without an Arrow schema one is made up, and how depends on the form the rows come in.
    peeked_ = next_page(call);
    if (is_no_result(metadata, peeked_)) {
      arrow_schema_ = arrow::struct_schema({});
      return;
    }
    const bool is_arrow =
        peeked_ && std::holds_alternative<std::vector<protocol::ArrowBatch>>(peeked_->rows);
    arrow_schema_ = derive_arrow_schema(metadata, is_arrow ? PageForm::Arrow : PageForm::Columns);
    schema_ = build_schema(metadata, arrow_schema_.get());
  }
}

std::optional<protocol::Page> ResultStream::next_page(const base::CallContext& call) {
  if (peeked_) return std::exchange(peeked_, std::nullopt);
  if (pages_done_) return std::nullopt;
  auto page = operation_->next_page(call);
  pages_done_ = !page;
  return page;
}

void ResultStream::note_compression(const std::vector<protocol::ArrowBatch>& batches) {
  if (!claims_lz4_ || batches.empty() || arrow::is_lz4_frame(batches.front().bytes.bytes())) return;
  claims_lz4_ = false;
  base::log(LogLevel::Warn, "result",
            "the server calls its batches LZ4-compressed, but they are not; they are read as they "
            "are");
}

/// Asks for the page after this one while this one is being read. Not yet at the first page: many
/// readers want no more than that.
void ResultStream::read_ahead(const protocol::Page& page) {
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(page.wire_bytes, 0));
  page_memory_ = std::exchange(ahead_memory_, {});
  if (page_memory_.size() == 0) page_memory_ = environment_.budget->force_reserve(size);
  page_memory_.resize(size);
  const bool is_wanted =
      page.start_row > 0 && page.has_more && (!rows_left_ || row_count(page) < *rows_left_);
  if (!is_wanted) return;
  ahead_memory_ = environment_.budget->try_reserve(size);  // pages are about as large as each other
  if (ahead_memory_.size() != 0) operation_->ask_ahead();
}

BatchSource ResultStream::choose_source(protocol::Page page) {
  read_ahead(page);
  page_bytes_ = page.wire_bytes;
  if (auto* batches = std::get_if<std::vector<protocol::ArrowBatch>>(&page.rows)) {
    if (!decoder_) decoder_.emplace(*arrow_schema_);
    note_compression(*batches);
    return InlineSource(std::move(*batches), *decoder_, last_batch_size_, *environment_.clock);
  }
  if (auto* columns = std::get_if<protocol::ColumnarRows>(&page.rows)) return std::move(*columns);
  return std::monostate{};
}

std::optional<arrow::UniqueArray> ResultStream::next_of_page(const base::CallContext& call) {
  if (auto* batches = std::get_if<InlineSource>(&source_)) {
    auto batch = batches->next();
    if (batch) tell_of_decoding(batches->work(), call);
    return batch;
  }
  if (auto* columns = std::get_if<protocol::ColumnarRows>(&source_)) {
    const auto began = environment_.clock->now();
    auto batch = to_record_batch(*columns, *arrow_schema_, schema_);
    source_ = std::monostate{};
    tell_of_decoding({.decode = environment_.clock->now() - began, .bytes = page_bytes_}, call);
    return batch;
  }
  return std::nullopt;
}

void ResultStream::tell_of_decoding(const DecodeWork& work, const base::CallContext& call) {
  if (call.observer == nullptr) return;
  call.observer->on(observe::PageDecoded{
      .bytes = work.bytes, .decompress = work.decompress, .decode = work.decode});
}

void ResultStream::add_files(std::vector<protocol::ResultLink> links) {
  if (!files_)
    files_ = std::make_unique<CloudFetchPipeline>(
        *arrow_schema_, environment_,
        [this](std::int64_t start_row, const base::CallContext& call) {
          return operation_->refresh_links(start_row, call);
        });
  files_->add(std::move(links));
}

/// A page that cannot be had is reported after the rows before it, which are there or on their way.
std::optional<protocol::Page> ResultStream::next_page_ahead(const base::CallContext& call) {
  try {
    return next_page(call);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Cancelled) throw;
    page_failure_ = std::current_exception();
    return std::nullopt;
  }
}

/// Reads pages ahead as long as they bring links that the pipeline has use for; another page waits
/// for its turn.
void ResultStream::look_ahead(const base::CallContext& call) {
  while (!peeked_ && !pages_done_ && !page_failure_ && files_->wants_links()) {
    auto page = next_page_ahead(call);
    if (!page) return;
    if (auto* links = std::get_if<std::vector<protocol::ResultLink>>(&page->rows)) {
      add_files(std::move(*links));
    } else if (!std::holds_alternative<std::monostate>(page->rows)) {
      peeked_ = std::move(page);
    }
  }
}

std::optional<arrow::UniqueArray> ResultStream::next_of_files(const base::CallContext& call) {
  if (!files_) return std::nullopt;
  for (;;) {
    look_ahead(call);
    if (auto batch = files_->next(call)) return batch;
    if (page_failure_) std::rethrow_exception(page_failure_);
    if (peeked_ || pages_done_) break;
  }
  files_.reset();
  return std::nullopt;
}

std::optional<arrow::UniqueArray> ResultStream::next_batch(const base::CallContext& call) {
  for (;;) {
    if (auto batch = next_of_files(call)) return batch;
    if (auto batch = next_of_page(call)) return batch;
    auto page = next_page(call);
    if (!page) return std::nullopt;
    if (auto* links = std::get_if<std::vector<protocol::ResultLink>>(&page->rows)) {
      add_files(std::move(*links));
    } else {
      source_ = choose_source(*std::move(page));
    }
  }
}

std::optional<arrow::UniqueArray> ResultStream::next(const base::CallContext& call) {
  if (rows_left_ == 0) {
    close();
    return std::nullopt;
  }
  auto batch = next_batch(call);
  if (batch) {
    count_against_limit(*batch);
    return batch;
  }
  require_complete();
  close();
  return std::nullopt;
}

void ResultStream::discard() {
  close();
  files_.reset();
  peeked_.reset();
  pages_done_ = true;
  source_ = std::monostate{};
  decoder_.reset();
  arrow_schema_ = arrow::struct_schema({});
  schema_ = {};
}

void ResultStream::close() noexcept {
  // Downloads first: closing the statement would make their links useless
  // (reference/results.md 6.5).
  if (files_) files_->close();
  operation_->close();
  source_ = std::monostate{};
  peeked_.reset();
  page_memory_.release();
  ahead_memory_.release();
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
