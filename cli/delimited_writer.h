#pragma once

#include "cli/result_writer.h"

#include <string_view>
#include <vector>

namespace dbsql::cli {

/// CSV by RFC 4180 with `\n` line ends, or TSV with backslash escapes: one header line, one line
/// per row.
///
/// NULL can be told from every string. CSV writes it unquoted (nothing, unless `--null` says
/// otherwise) and quotes a string that looks the same; TSV writes `\N`, which no escaped string can
/// be.
class DelimitedWriter final : public ResultWriter {
 public:
  enum class Dialect : std::uint8_t { Csv, Tsv };

  DelimitedWriter(Dialect dialect, const WriterOptions& options, std::string& out);

  void begin(const Schema& schema) override;
  void row(const RowView& row) override;
  void end(bool is_complete) override;

 private:
  void protect(std::size_t start, bool is_plain);

  Dialect dialect_;
  char separator_;
  bool header_;
  std::string null_text_;
  std::string& out_;
  std::vector<bool> is_plain_;  // by column: its text holds nothing that needs protection
};

}  // namespace dbsql::cli
