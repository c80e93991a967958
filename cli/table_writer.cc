#include "cli/table_writer.h"

#include "cli/display_text.h"

#include <algorithm>

namespace dbsql::cli {

TableWriter::TableWriter(const WriterOptions& options, std::string& out)
    : header_(options.header),
      null_text_(options.null_text.value_or("NULL")),
      cell_width_limit_(options.cell_width_limit),
      out_(out) {}

void TableWriter::begin(const Schema& schema) {
  names_.clear();
  is_right_.clear();
  widths_.clear();
  sample_.clear();
  sample_bytes_ = 0;
  is_sampling_ = true;
  for (const Column& column : schema) {
    Cell& name = names_.emplace_back();
    name.width = append_display_text(column.name, name.text);
    is_right_.push_back(text_kind(column.type) == TextKind::Number);
    widths_.push_back(header_ ? name.width : 0);
  }
}

void TableWriter::row(const RowView& row) {
  for (std::size_t column = 0; column < widths_.size(); ++column) {
    read_cell(row, column, cell_);
    if (!is_sampling_) {
      write_cell(cell_, column);
      continue;
    }
    widths_[column] = std::max(widths_[column], cell_.width);
    sample_bytes_ += cell_.text.size() + sizeof(Cell);
    sample_.push_back(cell_);
  }
  if (is_sampling_ &&
      (sample_.size() >= kSampleRows * widths_.size() || sample_bytes_ >= kSampleBytes)) {
    release_sample();
  }
}

void TableWriter::end(bool) {
  if (is_sampling_) release_sample();
}

void TableWriter::read_cell(const RowView& row, std::size_t column, Cell& cell) {
  cell.text.clear();
  if (row.is_null(column)) {
    cell.width = append_display_text(null_text_, cell.text);
  } else {
    scratch_.clear();
    row.append_text(column, scratch_);
    cell.width = append_display_text(scratch_, cell.text);
  }
  if (cell_width_limit_ > 0 && cell.width > cell_width_limit_) {
    cell.width = truncate_display_text(cell.text, cell_width_limit_);
  }
}

void TableWriter::release_sample() {
  is_sampling_ = false;
  if (header_) write_header();
  for (std::size_t at = 0; at < sample_.size(); ++at) write_cell(sample_[at], at % widths_.size());
  sample_.clear();
  sample_.shrink_to_fit();
}

void TableWriter::write_header() {
  for (std::size_t column = 0; column < names_.size(); ++column) write_cell(names_[column], column);
  for (std::size_t column = 0; column < widths_.size(); ++column) {
    if (column > 0) out_ += '+';
    out_.append(widths_[column] + 2, '-');
  }
  out_ += '\n';
}

/// Writes one cell and what stands before it; behind the last cell of a row, the end of its line.
void TableWriter::write_cell(const Cell& cell, std::size_t column) {
  const bool is_last = column + 1 == widths_.size();
  const std::size_t padding = widths_[column] - std::min(widths_[column], cell.width);
  out_ += column == 0 ? " " : " | ";
  if (is_right_[column]) out_.append(padding, ' ');
  out_ += cell.text;
  if (!is_right_[column] && !is_last) out_.append(padding, ' ');
  if (is_last) out_ += '\n';
}

}  // namespace dbsql::cli
