#include "cli/delimited_writer.h"

#include <algorithm>

namespace dbsql::cli {
namespace {

bool needs_quotes(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; });
}

void quote(std::string& out, std::size_t start) {
  const std::string text = out.substr(start);
  out.resize(start);
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

bool needs_escapes(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || c == '\n' || c == '\r' || c == '\\'; });
}

void escape(std::string& out, std::size_t start) {
  const std::string text = out.substr(start);
  out.resize(start);
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

DelimitedWriter::DelimitedWriter(Dialect dialect, const WriterOptions& options, std::string& out)
    : dialect_(dialect),
      separator_(dialect == Dialect::Csv ? ',' : '\t'),
      header_(options.header),
      null_text_(options.null_text.value_or(dialect == Dialect::Csv ? "" : "\\N")),
      out_(out) {}

void DelimitedWriter::begin(const Schema& schema) {
  is_plain_.clear();
  for (const Column& column : schema) {
    const TextKind kind = text_kind(column.type);
    is_plain_.push_back(kind != TextKind::Text && kind != TextKind::Nested);
  }
  if (!header_) return;
  for (std::size_t column = 0; column < schema.size(); ++column) {
    if (column > 0) out_ += separator_;
    const std::size_t start = out_.size();
    out_ += schema[column].name;
    protect(start, /*is_plain=*/false);
  }
  out_ += '\n';
}

void DelimitedWriter::row(const RowView& row) {
  for (std::size_t column = 0; column < is_plain_.size(); ++column) {
    if (column > 0) out_ += separator_;
    if (row.is_null(column)) {
      out_ += null_text_;
      continue;
    }
    const std::size_t start = out_.size();
    row.append_text(column, out_);
    protect(start, is_plain_[column]);
  }
  out_ += '\n';
}

void DelimitedWriter::end(bool) {}

/// Quotes or escapes what was appended since `start`, where that is needed.
void DelimitedWriter::protect(std::size_t start, bool is_plain) {
  const auto text = std::string_view(out_).substr(start);
  if (dialect_ == Dialect::Csv) {
    if (text == null_text_ || (!is_plain && needs_quotes(text))) quote(out_, start);
  } else if (!is_plain && needs_escapes(text)) {
    escape(out_, start);
  }
}

}  // namespace dbsql::cli
