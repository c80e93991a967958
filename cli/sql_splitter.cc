#include "cli/sql_splitter.h"

#include <algorithm>
#include <array>

namespace dbsql::cli {
namespace {

// The server's own rules for ASCII; std::isspace and friends would ask the locale.
bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// What stands behind the white space and comments at the beginning; comments may be nested.
std::string_view skip_comments(std::string_view text) noexcept {
  while (true) {
    text = trim(text);
    std::size_t end = 0;
    if (text.starts_with("--")) {
      end = std::min(text.find('\n'), text.size());
    } else if (text.starts_with("/*")) {
      int depth = 0;
      do {
        const auto here = text.substr(end);
        if (here.starts_with("/*") || here.starts_with("*/")) {
          depth += here.front() == '/' ? 1 : -1;
          ++end;
        }
        ++end;
      } while (depth > 0 && end < text.size());
    } else {
      return text;
    }
    text.remove_prefix(end);
  }
}

}  // namespace

void SqlSplitter::feed(std::string_view text) {
  constexpr std::size_t kWorthMoving = 1U << 16;
  if (start_ > kWorthMoving) {
    text_.erase(0, start_);
    position_ -= start_;
    start_ = 0;
  }
  text_ += text;
}

std::optional<SqlStatement> SqlSplitter::next() {
  while (scan(/*at_end=*/false)) {
    if (auto statement = take(position_ - 1)) return statement;
  }
  return std::nullopt;
}

std::optional<SqlStatement> SqlSplitter::finish() {
  std::optional<SqlStatement> statement;
  while (!statement && scan(/*at_end=*/true)) statement = take(position_ - 1);
  if (!statement) {
    statement = take(text_.size());
    clear();
  }
  return statement;
}

bool SqlSplitter::is_empty() const noexcept {
  return !has_words_ && state_ != State::BlockComment &&
         trim(std::string_view(text_).substr(position_)).empty();
}

void SqlSplitter::clear() { *this = SqlSplitter(); }

/// Reads on to just behind the next `;` that ends a statement; false when the text does not reach
/// that far.
bool SqlSplitter::scan(bool at_end) {
  while (position_ < text_.size()) {
    const std::size_t before = position_;
    const bool ended = step(at_end);
    for (std::size_t at = before; at < position_; ++at) line_ += text_[at] == '\n' ? 1 : 0;
    if (ended) return true;
    if (position_ == before) return false;  // the next characters decide what this one means
  }
  return false;
}

/// Reads one token, or nothing when more text is needed to tell what it is. True behind a `;`.
bool SqlSplitter::step(bool at_end) {
  const char c = text_[position_];
  const bool last = position_ + 1 == text_.size() && !at_end;
  switch (state_) {
    case State::Sql:
      return step_sql(at_end);
    case State::Quoted:
      if (c == '\\' && last) return false;
      if (c == quote_) state_ = State::Sql;
      position_ += c == '\\' && quote_ != '`' && !(position_ + 1 == text_.size()) ? 2 : 1;
      return false;
    case State::RawQuoted:
      if (c == quote_) state_ = State::Sql;
      ++position_;
      return false;
    case State::LineComment:
      if (c == '\\' && last) return false;
      // A backslash at the end of the line carries the comment on, as on the server.
      if (c == '\n') state_ = State::Sql;
      position_ += c == '\\' && peek(1) == '\n' ? 2 : 1;
      return false;
    case State::BlockComment:
      if ((c == '*' || c == '/') && last) return false;
      step_block_comment();
      return false;
    case State::Dollar:
      if (c == '$' && text_.size() - position_ < dollar_tag_.size() && !at_end) return false;
      if (text_.compare(position_, dollar_tag_.size(), dollar_tag_) == 0) {
        position_ += dollar_tag_.size();
        state_ = State::Sql;
      } else {
        ++position_;
      }
      return false;
  }
  return false;
}

bool SqlSplitter::step_sql(bool at_end) {
  const char c = text_[position_];
  const bool last = position_ + 1 == text_.size() && !at_end;
  if (c == ';') {
    ++position_;
    return true;
  }
  if (is_space(c)) {
    ++position_;
    return false;
  }
  if (c == '-' || c == '/' || c == 'r' || c == 'R') {
    if (last) return false;
    const char following = peek(1);
    if ((c == '-' && following == '-') || (c == '/' && following == '*')) {
      state_ = c == '-' ? State::LineComment : State::BlockComment;
      depth_ = 1;
      position_ += 2;
      return false;
    }
  }
  if (c == '$' && !after_word()) return step_dollar_tag(at_end);
  if (!has_words_) {
    has_words_ = true;
    statement_line_ = line_;
  }
  if ((c == 'r' || c == 'R') && !after_word() && (peek(1) == '\'' || peek(1) == '"')) {
    state_ = State::RawQuoted;
    quote_ = peek(1);
    position_ += 2;
    return false;
  }
  if (c == '\'' || c == '"' || c == '`') {
    // A doubled quote needs no rule of its own: the second one opens the string again.
    state_ = State::Quoted;
    quote_ = c;
  }
  ++position_;
  return false;
}

/// At a `$` that may open a function body: `$$` or `$name$`.
bool SqlSplitter::step_dollar_tag(bool at_end) {
  std::size_t end = position_ + 1;
  while (end < text_.size() && is_word(text_[end])) ++end;
  if (end == text_.size() && !at_end) return false;
  if (!has_words_) {
    has_words_ = true;
    statement_line_ = line_;
  }
  if (end < text_.size() && text_[end] == '$') {
    dollar_tag_ = text_.substr(position_, end + 1 - position_);
    state_ = State::Dollar;
    position_ = end + 1;
  } else {
    ++position_;
  }
  return false;
}

void SqlSplitter::step_block_comment() {
  const char c = text_[position_];
  if (c == '*' && peek(1) == '/') {
    if (--depth_ == 0) state_ = State::Sql;
    position_ += 2;
  } else if (c == '/' && peek(1) == '*') {
    ++depth_;
    position_ += 2;
  } else {
    ++position_;
  }
}

/// The statement that ends before `end`; empty when it holds no words. The scan goes on behind it.
std::optional<SqlStatement> SqlSplitter::take(std::size_t end) {
  std::optional<SqlStatement> statement;
  if (has_words_) {
    const auto text = std::string_view(text_).substr(start_, end - start_);
    statement = SqlStatement{std::string(trim(text)), statement_line_};
  }
  start_ = position_;
  has_words_ = false;
  return statement;
}

char SqlSplitter::peek(std::size_t distance) const noexcept {
  return position_ + distance < text_.size() ? text_[position_ + distance] : '\0';
}

bool SqlSplitter::after_word() const noexcept {
  return position_ > start_ && is_word(text_[position_ - 1]);
}

bool only_reads(std::string_view statement) {
  statement = skip_comments(statement);
  std::string word;
  for (const char c : statement) {
    if (!is_word(c)) break;
    word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  constexpr std::array<std::string_view, 6> kReading{"SELECT", "SHOW",    "DESCRIBE",
                                                     "DESC",   "EXPLAIN", "VALUES"};
  return std::find(kReading.begin(), kReading.end(), word) != kReading.end();
}

std::optional<std::string> on_one_line(std::string_view statement) {
  if (statement.find('\n') == std::string_view::npos) return std::string(statement);
  // Escapes, comments and function bodies make it hard to say which line ends may go: those
  // statements stay as they are.
  if (statement.find('\\') != std::string_view::npos) return std::nullopt;
  if (statement.find('$') != std::string_view::npos) return std::nullopt;
  if (statement.find("--") != std::string_view::npos) return std::nullopt;
  std::string line;
  char quote = '\0';
  for (const char c : statement) {
    if (quote != '\0' && c == '\n') return std::nullopt;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"' || c == '`')) {
      quote = c;
    }
    line += c == '\n' || c == '\r' ? ' ' : c;
  }
  return line;
}

}  // namespace dbsql::cli
