#include "warehouse/duckdb_result.h"

#include "warehouse/catalog_table.h"
#include "warehouse/sql_error.h"
#include "warehouse/type_arrow.h"
#include "warehouse/type_column.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace dbsql::warehouse {
namespace {

constexpr std::int64_t kBatchRows = 32'768;
constexpr std::int64_t kBatchBytes = std::int64_t{8} << 20;

// A rough size: what the variable-width columns hold, which is what can make a batch too large.
std::int64_t text_bytes(const ArrowSchema& field, const ArrowArray& rows) {
  const std::string_view format = field.format;
  if (rows.length == 0) return 0;
  if (format == "u" || format == "z") {
    const auto* offsets = static_cast<const std::int32_t*>(rows.buffers[1]) + rows.offset;
    return offsets[rows.length] - offsets[0];
  }
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < field.n_children; ++i) {
    bytes += text_bytes(*field.children[i], *rows.children[i]);
  }
  return bytes;
}

/// Rows of the engine on their way to the client.
class StreamedResult final : public EngineResult {
 public:
  StreamedResult(std::shared_ptr<EngineChannel> channel, RowsRequest request,
                 const std::stop_token& stop)
      : channel_(std::move(channel)),
        statement_(std::move(request.statement)),
        stop_(stop),
        rows_left_(request.row_limit > 0 ? request.row_limit
                                         : std::numeric_limits<std::int64_t>::max()) {
    stream_ = channel_->query(statement_, stop_);
    try {
      open(request);
    } catch (...) {
      channel_->release(stream_);
      throw;
    }
  }

  ~StreamedResult() override {
    if (!stream_.empty()) channel_->release(stream_);
  }
  StreamedResult(const StreamedResult&) = delete;
  StreamedResult& operator=(const StreamedResult&) = delete;

  Kind kind() const override { return Kind::Rows; }
  const std::vector<ResultColumn>& columns() const override { return columns_; }
  const ArrowSchema& arrow_schema() const override { return *schema_; }
  std::optional<std::int64_t> affected_rows() const override { return std::nullopt; }

  // A failed result stays failed: its rows end with an error, however often one asks.
  std::optional<arrow::UniqueArray> next() override {
    if (failure_) throw *failure_;
    try {
      return next_batch();
    } catch (const EngineError& error) {
      failure_ = error;
      throw;
    }
  }

 private:
  std::optional<arrow::UniqueArray> next_batch() {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    while (rows < kBatchRows && bytes < kBatchBytes && rows_left_ > 0 && !chunk_.empty()) {
      const auto count = std::min(chunk_->length, rows_left_);
      bytes += text_bytes(*engine_schema_, *chunk_);
      for (std::size_t i = 0; i < copiers_.size(); ++i) {
        copiers_[i]->append(*chunk_->children[i], 0, count);
      }
      rows += count;
      rows_left_ -= count;
      chunk_.release();
      if (rows_left_ > 0) chunk_ = channel_->next(stream_, statement_, stop_);
    }
    if (rows == 0) {
      finish();
      return std::nullopt;
    }
    std::vector<arrow::UniqueArray> columns;
    for (const auto& copier : copiers_) columns.push_back(copier->finish());
    return arrow::make_batch(rows, std::move(columns));
  }

  void open(const RowsRequest& request) {
    engine_schema_ = channel_->schema(stream_, statement_);
    chunk_ = channel_->next(stream_, statement_, stop_);
    const auto columns = result_columns(request.items);
    columns_ = describe_columns(columns);
    schema_ = result_schema(columns, request.time_zone);
  }

  std::vector<TableColumn> result_columns(const std::vector<SelectItem>& items) {
    std::vector<TableColumn> columns;
    const auto count = static_cast<std::size_t>(engine_schema_->n_children);
    const bool items_known = items.size() == count;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& field = *engine_schema_->children[i];
      TableColumn column{.name = field.name, .type = sql_type_of(field)};
      const bool interval = std::string_view(field.format) == "tin";
      if (items_known && items[i].interval && interval) {
        column.type = *items[i].interval;
      } else if (!chunk_.empty()) {
        settle_intervals(column.type, field, *chunk_->children[i]);
      }
      column.nullable = !items_known || items[i].form != SelectItem::Form::Literal;
      copiers_.push_back(make_column_copier(field, column.type));
      columns.push_back(std::move(column));
    }
    return columns;
  }

  // The engine may free what the statement held as soon as the last row was read.
  void finish() {
    chunk_.release();
    if (!stream_.empty()) channel_->release(stream_);
  }

  std::shared_ptr<EngineChannel> channel_;
  EngineStatement statement_;
  std::stop_token stop_;
  arrow::UniqueStream stream_;
  arrow::UniqueSchema engine_schema_;
  arrow::UniqueArray chunk_;  // read, but not yet given to the copiers
  std::vector<std::unique_ptr<ColumnCopier>> copiers_;
  std::vector<ResultColumn> columns_;
  arrow::UniqueSchema schema_;
  std::int64_t rows_left_;
  std::optional<EngineError> failure_;
};

}  // namespace

std::unique_ptr<EngineResult> open_rows(std::shared_ptr<EngineChannel> channel, RowsRequest request,
                                        const std::stop_token& stop) {
  return std::make_unique<StreamedResult>(std::move(channel), std::move(request), stop);
}

}  // namespace dbsql::warehouse
