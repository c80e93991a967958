#pragma once

#include "arrow/ipc_writer.h"
#include "base/buffer.h"
#include "warehouse/column_page.h"
#include "warehouse/engine.h"
#include "warehouse/result_spool.h"
#include "warehouse/value_text.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// How a result travels: what the client can read and what it asked for (reference/results.md 1.1).
struct ResultOptions {
  enum class Format : std::uint8_t { Arrow, Columns, Rows };
  Format format = Format::Arrow;
  bool lz4 = false;
  // Which types travel as themselves; the others as text. Arrow only.
  bool native_timestamp = true;
  bool native_decimal = true;
  bool native_complex = true;
  bool native_interval = true;
  bool native_null = true;
};

/// A column as the client is told about it.
struct WireColumn {
  std::string name;
  std::int32_t type_id = 7;  ///< a TTypeId
  std::optional<int> precision;
  std::optional<int> scale;
  bool as_text = false;  ///< Arrow: the engine's value is rendered as text
};

/// The smaller bound ends a page; at least one row is in it while there are rows.
struct PageLimits {
  std::int64_t max_rows = 100'000;
  std::int64_t max_bytes = std::int64_t{32} << 20;
};

struct ArrowBatch {
  base::Buffer bytes;  ///< one RecordBatch message, inside one LZ4 frame if so agreed
  std::int64_t row_count = 0;
};

/// One fetch reply's worth of rows.
struct ResultPage {
  std::int64_t start_row = 0;
  std::int64_t row_count = 0;
  bool has_more = false;
  std::vector<ArrowBatch> batches;  ///< format Arrow
  ColumnPage columns;               ///< formats Columns and Rows
};

/// Reads one result page by page, in the format that was agreed with the client.
///
/// Threads: one at a time. Errors: EngineError.
class ResultCursor {
 public:
  ResultCursor(std::unique_ptr<EngineResult> result, ResultOptions options, std::string time_zone);

  EngineResult::Kind kind() const { return spool_.source().kind(); }
  std::optional<std::int64_t> affected_rows() const { return spool_.source().affected_rows(); }
  const ResultOptions& options() const noexcept { return options_; }
  const std::vector<WireColumn>& columns() const noexcept { return columns_; }
  /// One IPC Schema message. \pre format Arrow
  const std::string& arrow_schema_message() const noexcept { return schema_message_; }

  /// Pulls the first rows from the engine.
  void prime();

  ResultPage next_page(const PageLimits& limits);
  /// The page before the one that was read last (or that page again, when it was the first).
  ResultPage previous_page(const PageLimits& limits);
  ResultPage first_page(const PageLimits& limits);
  /// \throws EngineError when that row is not at hand any more or lies ahead of what was read
  ResultPage page_at(std::int64_t row, const PageLimits& limits);

 private:
  void describe_columns(const EngineResult& result);
  void describe_ddl();
  arrow::UniqueSchema wire_schema() const;
  ResultPage arrow_page(const PageLimits& limits);
  ResultPage column_page(const PageLimits& limits);
  std::int64_t append_columns(ResultPage& page, const SpooledRows& rows, std::int64_t count,
                              std::int64_t max_bytes) const;
  base::Buffer encode(const SpooledRows& rows, std::int64_t length) const;
  std::string encode_with_text(const SpooledRows& rows, std::int64_t length) const;
  arrow::UniqueArray text_column(const SpooledRows& rows, std::size_t column,
                                 std::int64_t length) const;
  ResultPage finish_page(ResultPage page);

  ResultSpool spool_;
  const ResultOptions options_;
  const ValueText text_;
  std::vector<WireColumn> columns_;
  bool any_text_ = false;                                     ///< some column travels as text
  std::unique_ptr<const arrow::RecordBatchEncoder> encoder_;  // format Arrow
  std::string schema_message_;                                // format Arrow
  bool has_rows_ = true;                   ///< false: DDL, whose one column is made up
  std::int64_t position_ = 0;              // of the next page
  std::int64_t read_until_ = 0;            // rows that some page has held
  std::vector<std::int64_t> page_starts_;  ///< of the last pages read, oldest first
};

}  // namespace dbsql::warehouse
