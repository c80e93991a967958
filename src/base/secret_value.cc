#include "base/secret_value.h"

#include "base/secret_name.h"
#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::base {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
bool is_space(char c) noexcept { return is_blank(c) || c == '\r' || c == '\n'; }

char char_in(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? text[at] : '\0';
}

/// Where the bracket at `open` is closed; the end where it is not.
std::size_t closing_bracket(std::string_view text, std::size_t open) noexcept {
  std::size_t depth = 0;
  for (std::size_t at = open; at < text.size(); ++at) {
    if (text[at] == '\'' || text[at] == '"') {
      at = closing_quote(text, at + 1, text[at], 0);
    } else if (text[at] == '(' || text[at] == '[') {
      ++depth;
    } else if (text[at] == ')' || text[at] == ']') {
      if (--depth == 0) return at;
    }
  }
  return text.size();
}

/// Reads on from the end of a name.
class ValueReader {
 public:
  ValueReader(std::string_view text, TextRange name, Secrecy secrecy, bool is_strict) noexcept
      : text_(text), name_(name), at_(name.end), secrecy_(secrecy), is_strict_(is_strict) {}

  std::optional<TextRange> read() noexcept {
    skip_name_end();
    const std::size_t after_name = at_;
    skip(is_space);
    if (take_separator()) return value_behind_separator();
    at_ = after_name;
    if (is_quoted_ && char_at(at_) == ',') return argument();
    return value_behind_space();
  }

 private:
  char char_at(std::size_t at) const noexcept { return char_in(text_, at); }
  std::string_view rest() const noexcept { return text_.substr(std::min(at_, text_.size())); }

  template <class Predicate>
  void skip(Predicate predicate) noexcept {
    while (at_ < text_.size() && predicate(text_[at_])) ++at_;
  }

  /// The quote that ends the name, of whatever depth, and the bracket of `conf["name"]`.
  void skip_name_end() noexcept {
    std::size_t quote = at_;
    while (char_at(quote) == '\\') ++quote;
    if (!is_quote(char_at(quote))) return;
    const bool opens = name_.begin == 0 || text_[name_.begin - 1] != text_[quote];
    if (opens) return;
    is_quoted_ = true;
    at_ = quote + 1;
    if (char_at(at_) == ']') ++at_;
  }

  /// What says that a value follows; casts and other operators do not.
  bool take_separator() noexcept {
    constexpr std::array<std::string_view, 12> kSeparators = {
        "<=>", "==", "=>", "->", ":=", "!=", "<>", "%3d", "%3a", "=", ":", ">"};
    if (rest().starts_with("::")) return false;
    for (const std::string_view each : kSeparators) {
      if (!starts_with_ignore_case(rest(), each)) continue;
      separator_ = each;
      at_ += each.size();
      return true;
    }
    return false;
  }

  /// Whether the name stands in a sentence: behind a word.
  bool follows_a_word() const noexcept {
    return !is_quoted_ && name_.begin >= 2 && text_[name_.begin - 1] == ' ' &&
           is_letter(text_[name_.begin - 2]);
  }

  std::optional<TextRange> value_behind_separator() noexcept {
    if (separator_ == ">") return element();
    const bool is_assigned = separator_ != ":" && separator_ != "%3a";
    const bool is_doubtful = secrecy_ == Secrecy::Doubtful && !is_strict_ && !is_assigned;
    if (is_doubtful && follows_a_word()) return std::nullopt;
    const std::size_t start = at_;
    skip(is_space);
    if (const auto quoted = quoted_value()) return quoted;
    at_ = start;
    skip(is_blank);
    if (is_doubtful) return std::nullopt;
    if (const auto enclosed = enclosed_value(is_assigned)) return enclosed;
    if (char_at(at_) == '{') return std::nullopt;  // of an object the members have names
    if (const auto rest_of_line = value_of_set()) return rest_of_line;
    const TextRange plain = plain_value();
    if (plain.begin == plain.end || says_nothing(plain)) return std::nullopt;
    const bool may_be_prose = separator_ == ":" && secrecy_ != Secrecy::Chosen && !is_strict_;
    if (may_be_prose && is_prose(plain)) return std::nullopt;
    return plain;
  }

  /// `<name>x</name>`.
  std::optional<TextRange> element() noexcept {
    const std::size_t end = text_.find('<', at_);
    const bool is_element = name_.begin > 0 && text_[name_.begin - 1] == '<' && end != kNone &&
                            char_at(end + 1) == '/' && end > at_;
    return is_element ? std::optional(TextRange{at_, end}) : std::nullopt;
  }

  /// `option("name", "x")`, `map('name', 'x')`.
  std::optional<TextRange> argument() noexcept {
    std::size_t open = name_.begin;
    while (open > 0 && (is_quote(text_[open - 1]) || text_[open - 1] == '\\')) --open;
    if (open == 0 || text_[open - 1] != '(') return std::nullopt;
    ++at_;
    skip(is_space);
    return quoted_value();
  }

  /// `name 'x'`, `IDENTIFIED BY 'x'`, `--name x`.
  std::optional<TextRange> value_behind_space() noexcept {
    if (!is_space(char_at(at_))) return std::nullopt;
    skip(is_space);
    const std::size_t start = at_;
    for (const std::string_view filler : {"by", "to", "like"}) {
      if (!starts_with_ignore_case(rest(), filler) || !is_space(char_at(at_ + filler.size())))
        continue;
      at_ += filler.size();
      skip(is_space);
      break;
    }
    if (secrecy_ != Secrecy::Doubtful || is_in_list()) {
      if (const auto quoted = quoted_value()) return quoted;
    }
    at_ = start;
    if (text_.substr(name_.begin, 2) != "--" || char_at(at_) == '-') return std::nullopt;
    const TextRange plain = plain_value();
    return plain.begin == plain.end || is_prose(plain) ? std::nullopt : std::optional(plain);
  }

  /// Whether the name begins an entry of `OPTIONS (a 'x', b 'y')`.
  bool is_in_list() const noexcept {
    constexpr std::size_t kFarthest = 64;
    std::size_t at = name_.begin;
    const std::size_t first = at - std::min(at, kFarthest);
    while (at > first && (is_space(text_[at - 1]) || is_quote(text_[at - 1]))) --at;
    return at > 0 && (text_[at - 1] == '(' || text_[at - 1] == ',');
  }

  /// Behind the quote that opens; the quote that closes it is the next of the same depth of
  /// escapes. Where literals stand side by side they are one value.
  std::optional<TextRange> quoted_value() noexcept {
    std::size_t open = at_;
    if (std::string_view("rRbBeExXnN").find(char_at(open)) != kNone) ++open;  // r'x'
    const std::size_t escapes_from = open;
    while (char_at(open) == '\\') ++open;
    const char quote = char_at(open);
    if (quote != '"' && quote != '\'') return std::nullopt;
    const std::size_t depth = open - escapes_from;
    const std::size_t begin = open + 1;
    std::size_t end = closing_quote(text_, begin, quote, depth);
    if (end == begin) return std::nullopt;
    while (end < text_.size()) {
      at_ = end;
      while (char_at(at_) == '\\') ++at_;
      ++at_;
      skip(is_space);
      if (rest().starts_with("||")) {
        at_ += 2;
        skip(is_space);
      }
      if (depth > 0 || char_at(at_) != quote) break;
      end = closing_quote(text_, at_ + 1, quote, 0);
    }
    return TextRange{begin, end};
  }

  /// `{x}` of ODBC, where `}}` stands for one; `["x"]`; and calls: `unhex('x')`.
  std::optional<TextRange> enclosed_value(bool is_assigned) noexcept {
    if (char_at(at_) == '{' && is_assigned) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && (text_[end] != '}' || char_at(end + 1) == '}'))
        end += text_[end] == '}' ? 2 : 1;
      end = std::min(end, text_.size());
      return end > at_ + 1 ? std::optional(TextRange{at_ + 1, end}) : std::nullopt;
    }
    std::size_t open = at_;
    while (is_letter(char_at(open)) || char_at(open) == '_' ||
           (char_at(open) >= '0' && char_at(open) <= '9'))
      ++open;
    if (char_at(open) != '(' && (char_at(open) != '[' || open != at_)) return std::nullopt;
    return TextRange{at_, std::min(closing_bracket(text_, open) + 1, text_.size())};
  }

  /// `SET spark.x.password=a b c`: Spark takes everything up to the end.
  std::optional<TextRange> value_of_set() const noexcept {
    constexpr std::string_view kSet = "set ";
    const std::string_view name = text_.substr(name_.begin, name_.end - name_.begin);
    const bool is_set = name.find('.') != kNone && separator_ == "=" &&
                        name_.begin >= kSet.size() &&
                        starts_with_ignore_case(text_.substr(name_.begin - kSet.size()), kSet);
    if (!is_set) return std::nullopt;
    const std::size_t end = std::min(text_.find_first_of(";\r\n", at_), text_.size());
    return end > at_ ? std::optional(TextRange{at_, end}) : std::nullopt;
  }

  /// Up to what ends a value in a form, a URL or a sentence.
  TextRange plain_value() const noexcept {
    const bool is_angled = char_at(at_) == '<';
    if (is_angled && is_placeholder()) return {at_, at_};
    const std::size_t end = text_.find_first_of("& \t\r\n\"'<>,;)}]", at_ + (is_angled ? 1 : 0));
    return {at_, std::min(end, text_.size())};
  }

  /// `<your token>`
  bool is_placeholder() const noexcept {
    std::size_t end = at_ + 1;
    while (is_name_char(char_at(end)) || char_at(end) == ' ') ++end;
    return char_at(end) == '>';
  }

  bool says_nothing(TextRange value) const noexcept {
    const std::string_view word = text_.substr(value.begin, value.end - value.begin);
    return std::ranges::any_of(
        std::array<std::string_view, 8>{"null", "none", "true", "false", "string", "binary",
                                        "varchar", "?"},
        [&](std::string_view each) { return equals_ignore_case(word, each); });
  }

  /// A word, and another one behind it.
  bool is_prose(TextRange value) const noexcept {
    constexpr std::size_t kLongestWord = 15;
    const std::string_view word = text_.substr(value.begin, value.end - value.begin);
    return word.size() <= kLongestWord &&
           std::ranges::all_of(word.substr(1), [](char c) { return c >= 'a' && c <= 'z'; }) &&
           is_letter(word[0]) && char_at(value.end) == ' ' && is_letter(char_at(value.end + 1));
  }

  std::string_view text_;
  TextRange name_;
  std::size_t at_;
  Secrecy secrecy_;
  bool is_strict_;
  bool is_quoted_ = false;
  std::string_view separator_;
};

/// Names that are so by what stands before or behind them.
struct Phrase {
  std::string_view before;
  std::string_view name;
  std::string_view after;
  Secrecy secrecy;
};
constexpr std::array<Phrase, 3> kPhrases{{
    {"api ", "key", "", Secrecy::Doubtful},
    {"private ", "key", "", Secrecy::Doubtful},
    {"", "identified", " by", Secrecy::Generated},
}};

Secrecy secrecy_of_phrase(std::string_view text, TextRange name) noexcept {
  const std::string_view word = text.substr(name.begin, name.end - name.begin);
  for (const auto& [before, expected, after, secrecy] : kPhrases) {
    if (equals_ignore_case(word, expected) && name.begin >= before.size() &&
        starts_with_ignore_case(text.substr(name.begin - before.size()), before) &&
        starts_with_ignore_case(text.substr(name.end), after))
      return secrecy;
  }
  return Secrecy::None;
}

}  // namespace

std::size_t closing_quote(std::string_view text, std::size_t at, char quote,
                          std::size_t depth) noexcept {
  std::size_t escapes = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++escapes;
      continue;
    }
    if (text[at] == quote) {
      const bool closes = depth == 0 ? escapes % 2 == 0 : escapes <= depth;
      const bool is_doubled = closes && depth == 0 && char_in(text, at + 1) == quote;
      if (closes && !is_doubled) return at - (depth == 0 ? 0 : escapes);
      if (is_doubled) ++at;
    }
    escapes = 0;
  }
  return text.size();
}

std::size_t end_of_call(std::string_view text, std::size_t at) noexcept {
  return closing_bracket(text, at - 1);
}

bool is_name_char(char c) noexcept {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

std::optional<TextRange> secret_value(std::string_view text, TextRange name, bool is_strict) {
  const std::string_view word = text.substr(name.begin, name.end - name.begin);
  Secrecy secrecy = secrecy_of(word);
  if (secrecy == Secrecy::None) secrecy = secrecy_of_phrase(text, name);
  if (secrecy == Secrecy::None) return std::nullopt;
  return ValueReader(text, name, secrecy, is_strict).read();
}

}  // namespace dbsql::base
