#pragma once

#include <dbsql/schema.h>

#include "cli/options.h"
#include "cli/row_view.h"

#include <cstddef>
#include <memory>
#include <string>

namespace dbsql::cli {

/// Turns the rows of one result into text.
///
/// Ownership: appends to a buffer of the caller, who writes and empties it whenever he likes.
/// Cost: no allocation per cell once the buffer has grown; `table` holds the first rows back to
/// find the widths.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  virtual void begin(const Schema& schema) = 0;
  virtual void row(const RowView& row) = 0;
  /// \param is_complete  false after an error: rows held back are written, what would make the
  /// result look whole is not
  virtual void end(bool is_complete) = 0;
};

struct WriterOptions {
  bool header = true;
  std::optional<std::string> null_text = std::nullopt;
  /// `table` only: longer cells are cut, with `…` as their last character; 0 = never.
  std::size_t cell_width_limit = 0;
};

/// A writer for any format but `arrow`, which is not text (see `Runner`).
std::unique_ptr<ResultWriter> make_writer(Format format, const WriterOptions& options,
                                          std::string& out);

}  // namespace dbsql::cli
