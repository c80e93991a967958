#pragma once

#include "arrow/ipc_writer.h"
#include "base/buffer.h"
#include "warehouse/column_page.h"
#include "warehouse/engine.h"
#include "warehouse/result_spool.h"
#include "warehouse/storage.h"
#include "warehouse/value_text.h"

#include <chrono>
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
  bool spark_columns = false;  ///< column-based pages in the form of open-source Spark
  /// Large Arrow results travel as files of this storage; null = all rows travel inside the
  /// replies.
  Storage* storage = nullptr;
  std::size_t inline_limit_bytes = 0;  ///< results up to this size stay inside the reply
  std::size_t file_bytes = 0;          ///< uncompressed size of one file
  std::size_t links_per_page = 0;
  std::chrono::milliseconds link_lifetime{0};
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

/// One file of the result, as a client is told about it.
struct FileLink {
  Storage::Link link;
  std::int64_t start_row = 0;
  std::int64_t row_count = 0;
  std::int64_t bytes = 0;  ///< uncompressed
};

/// One fetch reply's worth of rows.
struct ResultPage {
  std::int64_t start_row = 0;
  std::int64_t row_count = 0;
  bool has_more = false;
  std::vector<ArrowBatch> batches;  ///< format Arrow
  ColumnPage columns;               ///< formats Columns and Rows
  std::vector<FileLink> links;      ///< instead of batches, for results that travel as files
};

/// Reads one result page by page, in the format that was agreed with the client.
///
/// Threads: one at a time. Errors: EngineError.
class ResultCursor {
 public:
  ResultCursor(std::unique_ptr<EngineResult> result, ResultOptions options, std::string time_zone);
  ~ResultCursor();
  ResultCursor(const ResultCursor&) = delete;
  ResultCursor& operator=(const ResultCursor&) = delete;

  EngineResult::Kind kind() const { return spool_.source().kind(); }
  std::optional<std::int64_t> affected_rows() const { return spool_.source().affected_rows(); }
  bool is_staging() const { return spool_.source().is_staging(); }
  const ResultOptions& options() const noexcept { return options_; }
  const std::vector<WireColumn>& columns() const noexcept { return columns_; }
  /// One IPC Schema message. \pre format Arrow
  const std::string& arrow_schema_message() const noexcept { return schema_message_; }

  /// Whether the rows travel as files; known after `prime()`.
  bool by_links() const noexcept { return by_links_; }

  /// Pulls the first rows from the engine, and with them decides whether the result is large.
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
  bool is_large();
  /// The links from file number `first` on; with `make_more`, files are made until the page is
  /// full.
  ResultPage link_page(std::size_t first, bool make_more);
  bool make_file();
  std::size_t file_of(std::int64_t row) const;

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

  struct StoredFile {
    std::uint64_t id = 0;
    std::int64_t start_row = 0;
    std::int64_t row_count = 0;
    std::int64_t bytes = 0;
  };
  bool by_links_ = false;
  std::vector<StoredFile> files_;  // made so far
  std::size_t next_link_ = 0;      // number of the first file of the next page
};

}  // namespace dbsql::warehouse
