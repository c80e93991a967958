#include "warehouse/result_cursor.h"

#include "arrow/builder.h"
#include "arrow/lz4_frame.h"
#include "base/text.h"
#include "warehouse/shared_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::warehouse {
namespace {

constexpr std::size_t kRetainBytes = std::size_t{32} << 20;
constexpr std::int64_t kMaxBatchRows = 65'536;
constexpr std::int64_t kColumnStepRows = 1024;
constexpr std::size_t kRememberedPages = 64;
constexpr std::int32_t kStringTypeId = 7;

struct TypeRow {
  std::string_view name;
  std::int32_t type_id;
};

// reference/results.md 3.1: VARIANT and CHAR types are shown as STRING, TIMESTAMP_NTZ as TIMESTAMP.
constexpr std::array kTypes{
    TypeRow{"BOOLEAN", 0}, TypeRow{"TINYINT", 1},       TypeRow{"SMALLINT", 2},
    TypeRow{"INT", 3},     TypeRow{"BIGINT", 4},        TypeRow{"FLOAT", 5},
    TypeRow{"DOUBLE", 6},  TypeRow{"STRING", 7},        TypeRow{"TIMESTAMP", 8},
    TypeRow{"BINARY", 9},  TypeRow{"ARRAY", 10},        TypeRow{"MAP", 11},
    TypeRow{"STRUCT", 12}, TypeRow{"DECIMAL", 15},      TypeRow{"VOID", 16},
    TypeRow{"DATE", 17},   TypeRow{"TIMESTAMP_NTZ", 8},
};
constexpr std::int32_t kNullTypeId = 16;
constexpr std::int32_t kYearMonthTypeId = 20;
constexpr std::int32_t kDayTimeTypeId = 21;

std::int32_t type_id_of(std::string_view type_text) {
  const std::string_view base = base::trim(type_text.substr(0, type_text.find_first_of("(<")));
  if (base.starts_with("INTERVAL")) {
    const bool year_month = base.ends_with("YEAR") || base.ends_with("MONTH");
    return year_month ? kYearMonthTypeId : kDayTimeTypeId;
  }
  for (const TypeRow& row : kTypes) {
    if (row.name == base) return row.type_id;
  }
  return kStringTypeId;
}

bool travels_as_text(std::int32_t type_id, const ResultOptions& options) {
  switch (type_id) {
    case 8:
      return !options.native_timestamp;
    case 10:
    case 11:
    case 12:
      return !options.native_complex;
    case 15:
      return !options.native_decimal;
    case kNullTypeId:
      return !options.native_null;
    case kYearMonthTypeId:
    case kDayTimeTypeId:
      return !options.native_interval;
    default:
      return false;
  }
}

bool loses_its_type_id(std::int32_t type_id) {
  return type_id == kNullTypeId || type_id == kYearMonthTypeId || type_id == kDayTimeTypeId;
}

}  // namespace

ResultCursor::ResultCursor(std::unique_ptr<EngineResult> result, ResultOptions options,
                           std::string time_zone)
    : spool_(std::move(result), kRetainBytes),
      options_(options),
      text_(time_zone, options.spark_columns ? ValueText::Form::Spark : ValueText::Form::Json) {
  if (kind() == EngineResult::Kind::Ddl) {
    describe_ddl();
  } else {
    describe_columns(spool_.source());
  }
  if (options_.format == ResultOptions::Format::Arrow) {
    const arrow::UniqueSchema schema = wire_schema();
    schema_message_ = arrow::write_schema(*schema);
    encoder_ = std::make_unique<const arrow::RecordBatchEncoder>(*schema);
  }
}

/// A statement without rows has one column for the old interface and none for Arrow
/// (reference/observed.md 3).
void ResultCursor::describe_ddl() {
  has_rows_ = false;
  columns_.push_back({.name = "Result", .type_id = kStringTypeId, .precision = {}, .scale = {}});
}

void ResultCursor::describe_columns(const EngineResult& result) {
  const bool arrow = options_.format == ResultOptions::Format::Arrow;
  for (const ResultColumn& column : result.columns()) {
    WireColumn wire{.name = column.name,
                    .type_id = type_id_of(column.type_text),
                    .precision = column.precision,
                    .scale = column.scale};
    wire.as_text = arrow && travels_as_text(wire.type_id, options_);
    // As text these types have lost their identity (reference/results.md 3.1); column-based pages
    // send VOID as text.
    if (wire.as_text && loses_its_type_id(wire.type_id)) wire.type_id = kStringTypeId;
    any_text_ = any_text_ || wire.as_text;
    columns_.push_back(std::move(wire));
  }
}

arrow::UniqueSchema ResultCursor::wire_schema() const {
  if (!has_rows_) return arrow::struct_schema({});
  const ArrowSchema& schema = spool_.source().arrow_schema();
  std::vector<arrow::UniqueSchema> fields;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ArrowSchema& field = *schema.children[i];
    if (!columns_[i].as_text) {
      fields.push_back(arrow::copy_schema(field));
      continue;
    }
    fields.push_back(
        arrow::make_schema(arrow::SchemaParts{.format = "u",
                                              .name = field.name,
                                              .nullable = (field.flags & ARROW_FLAG_NULLABLE) != 0,
                                              .metadata = arrow::decode_metadata(field.metadata)}));
  }
  return arrow::struct_schema(std::move(fields));
}

ResultCursor::~ResultCursor() {
  for (const StoredFile& file : files_) options_.storage->remove(file.id);
}

void ResultCursor::prime() {
  if (!has_rows_) return;
  spool_.rows_at(0);
  by_links_ = options_.storage != nullptr && options_.format == ResultOptions::Format::Arrow &&
              kind() == EngineResult::Kind::Rows && is_large();
}

ResultPage ResultCursor::next_page(const PageLimits& limits) {
  if (by_links_) return link_page(next_link_, true);
  return finish_page(options_.format == ResultOptions::Format::Arrow ? arrow_page(limits)
                                                                     : column_page(limits));
}

ResultPage ResultCursor::previous_page(const PageLimits& limits) {
  if (by_links_) return link_page(0, true);
  if (page_starts_.size() > 1) page_starts_.pop_back();
  if (!page_starts_.empty()) {
    position_ = page_starts_.back();
    page_starts_.pop_back();
  }
  return next_page(limits);
}

ResultPage ResultCursor::first_page(const PageLimits& limits) {
  if (by_links_) return link_page(0, true);
  page_starts_.clear();
  return page_at(0, limits);
}

ResultPage ResultCursor::page_at(std::int64_t row, const PageLimits& limits) {
  // Links are made anew for files that exist; the position of the next page stays
  // (reference/results.md 1.9).
  if (by_links_) return link_page(file_of(row), false);
  if (row < 0 || row > read_until_) {
    throw EngineError{.sqlstate = "HY106",
                      .error_class = "",
                      .message = base::concat("Row ", row, " cannot be fetched: the rows up to ",
                                              read_until_, " have been read so far.")};
  }
  if (has_rows_ && row < read_until_) spool_.rows_at(row);  // throws before the position moves
  position_ = row;
  return next_page(limits);
}

ResultPage ResultCursor::finish_page(ResultPage page) {
  position_ = page.start_row + page.row_count;
  read_until_ = std::max(read_until_, position_);
  page.has_more = has_rows_ && spool_.rows_at(position_).has_value();
  if (page_starts_.size() == kRememberedPages) page_starts_.erase(page_starts_.begin());
  page_starts_.push_back(page.start_row);
  spool_.release_before(page.start_row);
  return page;
}

namespace {

/// How many of `rows` still fit into `room` bytes. The first rows of a page are cut to fit, later
/// ones wait for the next page as a whole.
std::int64_t rows_that_fit(const SpooledRows& rows, std::int64_t wanted, std::int64_t room,
                           bool page_is_empty) {
  const std::int64_t row_bytes =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(rows.bytes) / rows.length);
  const std::int64_t fitting = std::max<std::int64_t>(0, room) / row_bytes;
  if (fitting >= wanted) return wanted;
  return page_is_empty ? std::max<std::int64_t>(1, fitting) : 0;
}

}  // namespace

ResultPage ResultCursor::arrow_page(const PageLimits& limits) {
  ResultPage page{.start_row = position_, .batches = {}, .columns = {}};
  std::int64_t room = limits.max_bytes;
  while (has_rows_ && page.row_count < limits.max_rows) {
    const auto rows = spool_.rows_at(position_ + page.row_count);
    if (!rows) break;
    const std::int64_t wanted =
        std::min({rows->length, limits.max_rows - page.row_count, kMaxBatchRows});
    const std::int64_t length = rows_that_fit(*rows, wanted, room, page.row_count == 0);
    if (length == 0) break;
    room -= static_cast<std::int64_t>(rows->bytes) * length / rows->length;
    page.batches.push_back({encode(*rows, length), length});
    page.row_count += length;
  }
  return page;
}

base::Buffer ResultCursor::encode(const SpooledRows& rows, std::int64_t length) const {
  std::string message = any_text_ ? encode_with_text(rows, length)
                                  : encoder_->encode(**rows.batch, rows.offset, length);
  if (options_.lz4) {
    message = arrow::compress_lz4_frame(std::as_bytes(std::span(message.data(), message.size())));
  }
  return to_buffer(std::move(message));
}

std::string ResultCursor::encode_with_text(const SpooledRows& rows, std::int64_t length) const {
  std::vector<arrow::UniqueArray> columns;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns.push_back(columns_[i].as_text ? text_column(rows, i, length)
                                          : share_column(rows.batch, i, rows.offset, length));
  }
  return encoder_->encode(*arrow::make_batch(length, std::move(columns)));
}

arrow::UniqueArray ResultCursor::text_column(const SpooledRows& rows, std::size_t column,
                                             std::int64_t length) const {
  const arrow::TypeNode& type = spool_.type().children[column];
  const ArrowArray& array = *(**rows.batch).children[column];
  const std::int64_t first = (**rows.batch).offset + rows.offset;
  arrow::Utf8Builder builder;
  std::string text;
  for (std::int64_t i = first; i < first + length; ++i) {
    if (is_null(type, array, i)) {
      builder.append_null();
      continue;
    }
    text.clear();
    text_.append(text, type, array, i);
    builder.append(text);
  }
  return builder.finish();
}

ResultPage ResultCursor::column_page(const PageLimits& limits) {
  ResultPage page{.start_row = position_, .batches = {}, .columns = {}};
  page.columns.resize(columns_.size());
  if (!has_rows_) return page;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    page.columns[i].member = column_member(spool_.type().children[i]);
    page.columns[i].spark = options_.spark_columns;
  }
  while (page.row_count < limits.max_rows) {
    const auto rows = spool_.rows_at(position_ + page.row_count);
    if (!rows) break;
    const std::int64_t step =
        std::min({rows->length, limits.max_rows - page.row_count, kColumnStepRows});
    const std::int64_t added = append_columns(page, *rows, step, limits.max_bytes);
    if (added == 0) break;
    page.row_count += added;
  }
  return page;
}

/// Adds `rows` rows, fewer when the page would grow beyond `max_bytes`; at least one to an empty
/// page.
std::int64_t ResultCursor::append_columns(ResultPage& page, const SpooledRows& rows,
                                          std::int64_t count, std::int64_t max_bytes) const {
  const ArrowArray& batch = **rows.batch;
  for (std::int64_t length = count;; length /= 2) {
    std::vector<ColumnData::Mark> marks;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < page.columns.size(); ++i) {
      ColumnData& column = page.columns[i];
      marks.push_back(column.mark());
      column.append(spool_.type().children[i], *batch.children[i], batch.offset + rows.offset,
                    length, text_);
      bytes += column.values.size();
    }
    const bool fits = bytes <= static_cast<std::size_t>(std::max<std::int64_t>(0, max_bytes));
    if (fits || (page.row_count == 0 && length == 1)) return length;
    for (std::size_t i = 0; i < marks.size(); ++i) page.columns[i].cut(marks[i]);
    if (length == 1 || page.row_count != 0) return 0;
  }
}

}  // namespace dbsql::warehouse
