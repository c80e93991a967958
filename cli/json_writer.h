#pragma once

#include "cli/result_writer.h"

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::cli {

/// Rows as JSON objects, one per line: inside one array, or bare (ndjson).
///
/// Numbers are written with all their digits, DECIMAL and BIGINT too; NaN and infinities as
/// strings; nested values as JSON; BINARY as base64; everything else as the string of its text
/// form. A name that appears twice gets `_2`, `_3`: most readers keep only one of two equal names.
/// Bytes that are no UTF-8 become U+FFFD. The array is closed only when the result is complete.
class JsonWriter final : public ResultWriter {
 public:
  enum class Layout : std::uint8_t { Array, Lines };

  JsonWriter(Layout layout, std::string& out) : layout_(layout), out_(out) {}

  void begin(const Schema& schema) override;
  void row(const RowView& row) override;
  void end(bool is_complete) override;

 private:
  void append_value(const RowView& row, std::size_t column);

  Layout layout_;
  std::string& out_;
  std::vector<std::string> keys_;  // by column: `"name":`, with the comma or brace before it
  std::vector<TextKind> kinds_;
  std::string scratch_;
  bool has_rows_ = false;
};

/// Appends a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);

/// Whether `text` is one JSON value.
bool is_json(std::string_view text) noexcept;

/// Appends the standard alphabet with padding.
void append_base64(std::span<const std::byte> bytes, std::string& out);

}  // namespace dbsql::cli
