#pragma once

#include "cli/history_file.h"
#include "cli/interrupts.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

struct editline;
struct history;

namespace dbsql::cli {

/// Reads lines from a terminal, with editing keys, a history and `~/.editrc`.
///
/// Ownership: one object per process and terminal; puts the terminal back when it is destroyed.
/// Threads: the main thread.
/// Errors: `std::runtime_error` when the terminal cannot be used.
class LineEditor {
 public:
  enum class Event : std::uint8_t {
    Line,
    Interrupted,  ///< Ctrl-C: the line is dropped
    EndOfInput,   ///< Ctrl-D on an empty line, or the terminal is gone
  };

  LineEditor(Interrupts& interrupts, HistoryFile history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// \param line  on `Event::Line`: what was typed, with the line end
  Event read(const std::string& prompt, std::string& line);

  /// Adds to the history what the arrow keys bring back. Nothing that begins with a space, and
  /// nothing twice in a row.
  void remember(const std::string& entry);

 private:
  struct CloseEditor {
    void operator()(editline* editor) const noexcept;
  };
  struct CloseHistory {
    void operator()(struct history* entries) const noexcept;
  };

  static char* give_prompt(editline* editor);
  static int read_character(editline* editor, wchar_t* character);
  int next_character(wchar_t& character);
  bool await_key();
  int descriptor() const noexcept;
  void add_to_list(const std::string& entry);

  Interrupts& interrupts_;
  int keys_;  ///< a non-blocking descriptor of the terminal; -1 = standard input is used
  HistoryFile history_file_;
  std::string prompt_;
  std::string last_entry_;
  bool is_interrupted_ = false;
  std::unique_ptr<struct history, CloseHistory> history_;
  std::unique_ptr<editline, CloseEditor> editor_;
};

}  // namespace dbsql::cli
