#pragma once

#include <string>
#include <vector>

namespace dbsql::cli {

/// Lines typed at the prompt, kept from one run to the next: `$XDG_STATE_HOME/dbsql/history`, else
/// `~/.local/state/dbsql/history`. Only its owner can read it: statements may hold anything.
///
/// Several shells may run at the same time: each adds its lines at the end, none rewrites the file
/// while others write. Errors: none. A history that cannot be kept is no reason to stop.
class HistoryFile {
 public:
  static constexpr std::size_t kLines = 2000;

  /// \param path  empty = keep nothing
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// The usual place; empty when there is no home directory.
  static std::string usual_path();

  /// The last `kLines` lines, oldest first. A file that has grown well beyond them is cut.
  std::vector<std::string> load();

  /// Adds an entry; an entry of several lines is several lines later on.
  void append(const std::string& entry);

 private:
  void rewrite(const std::vector<std::string>& lines);

  std::string path_;
};

}  // namespace dbsql::cli
