#pragma once

#include "cli/options.h"
#include "cli/sql_splitter.h"

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbsql::cli {

/// A script cannot be opened or read: exit code 2.
class ScriptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A statement and where it came from.
struct ScriptStatement {
  SqlStatement sql;
  std::string origin;  ///< "-e", "standard input" or the file's name
};

/// The statements of `-e`, `-f` and standard input, in the order of the command line, read as they
/// are needed: a script may be larger than memory, and a pipe may still be growing.
///
/// Ownership: opens all files at once, so that a wrong name is found before anything runs; closes
/// them. Errors: `ScriptError` names the file.
class ScriptReader {
 public:
  /// \param wake_descriptor  see `Interrupts`: ends a wait for input; -1 = none
  ScriptReader(const std::vector<SqlSource>& sources, int wake_descriptor);
  ~ScriptReader();
  ScriptReader(const ScriptReader&) = delete;
  ScriptReader& operator=(const ScriptReader&) = delete;

  /// Empty at the end, and when the wait for input was interrupted.
  std::optional<ScriptStatement> next();

 private:
  struct Input {
    std::string name;
    std::string text;     // -e
    int descriptor = -1;  // -f
    bool at_start = true;
    bool at_end = false;
  };

  bool read_more(Input& input);
  bool await_input(int descriptor) const;

  int wake_descriptor_;
  std::deque<Input> inputs_;
  SqlSplitter splitter_;
};

}  // namespace dbsql::cli
