#pragma once

#include "cli/result_writer.h"

#include <string>
#include <vector>

namespace dbsql::cli {

/// Aligned columns for people:
/// ```
///  origin | flights
/// --------+---------
///  ATL    |  174110
/// ```
/// Numbers stand right, everything else left. Widths are those of the first rows (`kSampleRows`, or
/// fewer large ones), which are held back until they are known; later rows are written as they
/// come, and a longer cell pushes its line. Control characters are escaped, so a row is always one
/// line.
class TableWriter final : public ResultWriter {
 public:
  static constexpr std::size_t kSampleRows = 1000;
  static constexpr std::size_t kSampleBytes = 1 << 20;

  TableWriter(const WriterOptions& options, std::string& out);

  void begin(const Schema& schema) override;
  void row(const RowView& row) override;
  void end(bool is_complete) override;

 private:
  struct Cell {
    std::string text;
    std::size_t width = 0;
  };

  void read_cell(const RowView& row, std::size_t column, Cell& cell);
  void release_sample();
  void write_header();
  void write_cell(const Cell& cell, std::size_t column);

  bool header_;
  std::string null_text_;
  std::size_t cell_width_limit_;
  std::string& out_;
  std::vector<Cell> names_;
  std::vector<bool> is_right_;
  std::vector<std::size_t> widths_;
  std::vector<Cell> sample_;  // rows held back, one after the other
  std::size_t sample_bytes_ = 0;
  bool is_sampling_ = true;
  Cell cell_;
  std::string scratch_;
};

}  // namespace dbsql::cli
