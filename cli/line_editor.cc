#include "cli/line_editor.h"

#include "cli/terminal.h"

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cwchar>
#include <stdexcept>

namespace dbsql::cli {
namespace {

std::atomic<bool> window_changed{false};

extern "C" void note_window_change(int) { window_changed.store(true); }

/// The terminal of standard input, opened once more so that reading it never blocks: a Ctrl-C
/// throws away the keys that `poll` has just announced. On standard input itself the flag would
/// also hold for every other process on this terminal. -1 when the terminal has no name here.
int open_keys() {
  std::array<char, 256> name{};
  if (ttyname_r(STDIN_FILENO, name.data(), name.size()) != 0) return -1;
  return open(name.data(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

void LineEditor::CloseEditor::operator()(editline* editor) const noexcept { el_end(editor); }
void LineEditor::CloseHistory::operator()(struct history* entries) const noexcept {
  history_end(entries);
}

LineEditor::LineEditor(Interrupts& interrupts, HistoryFile history_file)
    : interrupts_(interrupts),
      keys_(open_keys()),
      history_file_(std::move(history_file)),
      history_(history_init()),
      // Prompts must not get into results: they go to standard error when standard output is no
      // terminal.
      editor_(el_init("dbsql", stdin, isatty(STDOUT_FILENO) == 1 ? stdout : stderr, stderr)) {
  if (!editor_ || !history_) throw std::runtime_error("the terminal cannot be used for editing");
  HistEvent event{};
  ::history(history_.get(), &event, H_SETSIZE, static_cast<int>(HistoryFile::kLines));
  for (const std::string& line : history_file_.load()) add_to_list(line);

  EditLine* editor = editor_.get();
  el_set(editor, EL_CLIENTDATA, this);
  el_set(editor, EL_PROMPT, &LineEditor::give_prompt);
  el_set(editor, EL_GETCFN, &LineEditor::read_character);
  el_set(editor, EL_SIGNAL, 0);  // Ctrl-C is ours, see Interrupts
  el_set(editor, EL_HIST, ::history, history_.get());
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(editor, nullptr);

  struct sigaction action {};
  action.sa_handler = note_window_change;
  sigaction(SIGWINCH, &action, nullptr);
}

LineEditor::~LineEditor() {
  if (keys_ >= 0) close(keys_);
}

LineEditor::Event LineEditor::read(const std::string& prompt, std::string& line) {
  prompt_ = prompt;
  is_interrupted_ = false;
  interrupts_.begin();
  // Before the prompt is shown: a Ctrl-D that comes in between would be swallowed by the terminal's
  // line mode.
  el_set(editor_.get(), EL_PREP_TERM, 1);
  int count = 0;
  const char* text = el_gets(editor_.get(), &count);
  if (is_interrupted_) {
    write_text(STDERR_FILENO, "^C\n");
    return interrupts_.is_terminating() ? Event::EndOfInput : Event::Interrupted;
  }
  if (text == nullptr || count <= 0) return Event::EndOfInput;
  line.assign(text, static_cast<std::size_t>(count));
  return Event::Line;
}

void LineEditor::remember(const std::string& entry) {
  if (entry.empty() || entry.front() == ' ' || entry == last_entry_) return;
  add_to_list(entry);
  history_file_.append(entry);
}

void LineEditor::add_to_list(const std::string& entry) {
  HistEvent event{};
  ::history(history_.get(), &event, H_ENTER, entry.c_str());
  last_entry_ = entry;
}

char* LineEditor::give_prompt(editline* editor) {
  LineEditor* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return self->prompt_.data();
}

int LineEditor::read_character(editline* editor, wchar_t* character) {
  LineEditor* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return self->next_character(*character);
}

/// One character in the locale's encoding: 1, or 0 at the end of input and on Ctrl-C.
int LineEditor::next_character(wchar_t& character) {
  std::mbstate_t state{};
  while (true) {
    if (!await_key()) return 0;
    char byte = 0;
    const ssize_t count = ::read(descriptor(), &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count != 1) return 0;
    switch (std::mbrtowc(&character, &byte, 1, &state)) {
      case static_cast<std::size_t>(-2):  // more bytes belong to it
        continue;
      case static_cast<std::size_t>(-1):  // not of this encoding: dropped
        state = {};
        continue;
      default:
        return 1;
    }
  }
}

int LineEditor::descriptor() const noexcept { return keys_ >= 0 ? keys_ : STDIN_FILENO; }

/// Waits for a key; false on Ctrl-C.
bool LineEditor::await_key() {
  std::array<pollfd, 2> waiting{
      {{descriptor(), POLLIN, 0}, {interrupts_.wake_descriptor(), POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) return false;
    if (window_changed.exchange(false)) el_resize(editor_.get());
  }
  is_interrupted_ = waiting[1].revents != 0;
  return !is_interrupted_;
}

}  // namespace dbsql::cli
