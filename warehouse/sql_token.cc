#include "warehouse/sql_token.h"

#include "base/text.h"
#include "warehouse/sql_error.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Bytes above 0x7f are parts of UTF-8 letters.
bool starts_word(char c) { return is_letter(c) || c == '_' || static_cast<signed char>(c) < 0; }
bool continues_word(char c) { return starts_word(c) || is_digit(c); }

// Longest first. `>>` is left out on purpose: it closes two nested types, and printed as two tokens
// it stays `>>`.
constexpr std::array<std::string_view, 13> kLongOperators{"<=>", "==", "<>", "!=", "<=", ">=", "||",
                                                          "::",  "->", "=>", ":=", "<<", "|>"};

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view sql) : sql_(sql) {}

  std::vector<Token> run() {
    while (skip_space_and_comments()) next();
    emit(TokenKind::End, 0);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }
  bool at_end() const { return at_ >= sql_.size(); }

  void emit(TokenKind kind, std::size_t size) {
    tokens_.push_back(
        {.kind = kind, .text = sql_.substr(at_, size), .offset = at_, .spaced = spaced_});
    at_ += size;
    spaced_ = false;
  }

  // Returns false at the end of the statement.
  bool skip_space_and_comments() {
    while (!at_end()) {
      if (is_space(peek())) {
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (peek() == '/' && peek(1) == '*') {
        skip_bracketed_comment();
      } else {
        return true;
      }
      spaced_ = true;
    }
    return false;
  }

  void skip_bracketed_comment() {
    const auto start = at_;
    int depth = 0;
    do {
      if (at_end()) {
        throw_sql_error("UNCLOSED_BRACKETED_COMMENT",
                        "A bracketed comment is not closed; append */ to it.", sql_, start);
      }
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0);
  }

  void next() {
    const char c = peek();
    const char ahead = peek(1);
    const bool quote_ahead = ahead == '\'' || ahead == '"';
    if (c == '\'' || c == '"') return emit(TokenKind::String, string_size(0, false));
    if ((c == 'r' || c == 'R') && quote_ahead) return emit(TokenKind::String, string_size(1, true));
    if ((c == 'x' || c == 'X') && quote_ahead) return emit(TokenKind::Binary, string_size(1, true));
    if (c == '`') return emit(TokenKind::QuotedIdentifier, quoted_size());
    if (is_digit(c) || (c == '.' && is_digit(ahead) && !follows_operand())) {
      return emit(TokenKind::Number, number_size());
    }
    if (starts_word(c)) return emit(TokenKind::Word, word_size(at_));
    if (c == '?') return emit(TokenKind::Parameter, 1);
    if (c == ':' && starts_word(ahead) && !(follows_operand() && !spaced_)) {
      return emit(TokenKind::Parameter, 1 + word_size(at_ + 1));
    }
    emit(TokenKind::Operator, operator_size());
  }

  // Whether the last token can be the left side of `.` or `:`.
  bool follows_operand() const {
    if (tokens_.empty()) return false;
    const auto& last = tokens_.back();
    return last.is_identifier() || last.kind == TokenKind::String || last.is_operator(")") ||
           last.is_operator("]");
  }

  std::size_t string_size(std::size_t prefix, bool raw) const {
    const char quote = peek(prefix);
    for (auto end = at_ + prefix + 1; end < sql_.size(); ++end) {
      if (sql_[end] == '\\' && !raw) {
        ++end;
      } else if (sql_[end] == quote) {
        if (raw || end + 1 >= sql_.size() || sql_[end + 1] != quote) return end + 1 - at_;
        ++end;
      }
    }
    throw_sql_error("PARSE_SYNTAX_ERROR",
                    base::concat("Syntax error at or near '", sql_.substr(at_, 1),
                                 "': a string is not closed."),
                    sql_, at_);
  }

  std::size_t quoted_size() const {
    for (auto end = at_ + 1; end < sql_.size(); ++end) {
      if (sql_[end] != '`') continue;
      if (end + 1 >= sql_.size() || sql_[end + 1] != '`') return end + 1 - at_;
      ++end;
    }
    throw_sql_error("PARSE_SYNTAX_ERROR",
                    "Syntax error at or near '`': a quoted identifier is not closed.", sql_, at_);
  }

  std::size_t word_size(std::size_t from) const {
    auto end = from;
    while (end < sql_.size() && continues_word(sql_[end])) ++end;
    return end - from;
  }

  // Digits, a fraction, an exponent and a type suffix such as L or BD.
  std::size_t number_size() const {
    auto end = at_;
    const auto digits = [&] {
      while (end < sql_.size() && is_digit(sql_[end])) ++end;
    };
    digits();
    if (end < sql_.size() && sql_[end] == '.') {
      ++end;
      digits();
    }
    if (end < sql_.size() && (sql_[end] == 'e' || sql_[end] == 'E')) {
      const auto sign = end + 1 < sql_.size() && (sql_[end + 1] == '+' || sql_[end + 1] == '-');
      const auto first = end + (sign ? 2 : 1);
      if (first < sql_.size() && is_digit(sql_[first])) {
        end = first;
        digits();
      }
    }
    return end + word_size(end) - at_;
  }

  std::size_t operator_size() const {
    const auto rest = sql_.substr(at_);
    for (const auto candidate : kLongOperators) {
      if (rest.starts_with(candidate)) return candidate.size();
    }
    return 1;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool spaced_ = false;
  std::vector<Token> tokens_;
};

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The code point of `digits` hex digits at `from`; empty when they are not all there.
std::optional<std::uint32_t> hex_code(std::string_view text, std::size_t from, std::size_t digits) {
  if (from + digits > text.size()) return std::nullopt;
  std::uint32_t code = 0;
  for (const char c : text.substr(from, digits)) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return code;
}

std::optional<char> simple_escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'Z':
      return '\x1a';
    default:
      return std::nullopt;
  }
}

bool is_octal_triple(std::string_view text, std::size_t from) {
  const auto octal = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '7'; };
  return from + 3 <= text.size() && text[from] <= '3' && octal(from) && octal(from + 1) &&
         octal(from + 2);
}

// Appends what the escape at `from` (just behind the backslash) stands for; returns its size.
std::size_t append_escape(std::string& out, std::string_view text, std::size_t from) {
  const char c = text[from];
  if (const auto simple = simple_escape(c)) {
    out += *simple;
    return 1;
  }
  if (c == '%' || c == '_') {
    out += '\\';
    out += c;
    return 1;
  }
  if (is_octal_triple(text, from)) {
    out += static_cast<char>((text[from] - '0') * 64 + (text[from + 1] - '0') * 8 +
                             (text[from + 2] - '0'));
    return 3;
  }
  const std::size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits > 0) {
    if (const auto code = hex_code(text, from + 1, digits)) {
      base::append_utf8(out, *code);
      return 1 + digits;
    }
  }
  out += c == '0' ? '\0' : c;
  return 1;
}

std::string undouble(std::string_view text, char quote) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == quote && i + 1 < text.size() && text[i + 1] == quote) ++i;
  }
  return out;
}

}  // namespace

bool Token::is_word(std::string_view word) const noexcept {
  return kind == TokenKind::Word && base::equals_ignore_case(text, word);
}

std::vector<Token> tokenize(std::string_view sql) { return Tokenizer(sql).run(); }

std::string string_value(const Token& token) {
  auto text = token.text;
  const bool raw = text.front() != '\'' && text.front() != '"';
  if (raw) text.remove_prefix(1);
  const char quote = text.front();
  text = text.substr(1, text.size() - 2);
  if (raw) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      i += append_escape(out, text, i + 1);
      continue;
    }
    out += text[i];
    if (text[i] == quote) ++i;  // only doubled quotes stand inside
  }
  return out;
}

std::optional<std::string> binary_value(const Token& token) {
  std::string digits(token.text.substr(2, token.text.size() - 3));
  if (digits.size() % 2 != 0) digits.insert(0, 1, '0');
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = hex_code(digits, i, 2);
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

std::string identifier_value(const Token& token) {
  if (token.kind != TokenKind::QuotedIdentifier) return std::string(token.text);
  return undouble(token.text.substr(1, token.text.size() - 2), '`');
}

}  // namespace dbsql::warehouse
