#include "result/type_text.h"

#include "base/text.h"
#include "result/text_reader.h"
#include "result/type_table.h"

#include <algorithm>

namespace dbsql::result {

namespace {

constexpr int kMaxDepth = 64;  // deeper than any real type; bounds the recursion
constexpr std::string_view kSpaces = " \t\r\n\f\v";

bool is_word_character(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         TextReader::is_digit(character) || character == '_' ||
         static_cast<unsigned char>(character) >= 0x80;
}

/// A recursive descent over the text. Every function gives false or nothing when the text does not
/// fit, and the caller passes that on.
class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  std::optional<DeclaredType> parse_all() {
    DeclaredType type;
    if (!parse_type(type, 0) || !parse_modifiers(type)) return std::nullopt;
    skip_spaces();
    if (!in_.at_end()) return std::nullopt;
    return type;
  }

 private:
  bool parse_type(DeclaredType& type, int depth) {
    skip_spaces();
    const std::string_view before = in_.rest();
    if (!parse_bare_type(type, depth)) return false;
    type.text = base::trim(before.substr(0, before.size() - in_.rest().size()));
    return true;
  }

  bool parse_bare_type(DeclaredType& type, int depth) {
    const std::string_view word = read_word();
    if (depth > kMaxDepth || word.empty()) return false;
    if (base::equals_ignore_case(word, "INTERVAL")) return parse_interval(type);
    const TypeRow* const row = find_type(word);
    if (row == nullptr) return false;
    type.id = row->id;
    if (accept('(')) return parse_arguments(type);
    if (!accept('<')) return true;
    switch (type.id) {
      case TypeId::Array:
        return parse_children(type, 1, depth);
      case TypeId::Map:
        return parse_children(type, 2, depth);
      case TypeId::Struct:
        return parse_fields(type, depth);
      default:
        return false;
    }
  }

  /// `YEAR`, `DAY TO SECOND` and the other combinations.
  bool parse_interval(DeclaredType& type) {
    const std::string_view first = read_word();
    std::string_view last = first;
    const TextReader before = in_;
    if (base::equals_ignore_case(read_word(), "TO")) {
      last = read_word();
    } else {
      in_ = before;
    }
    const auto is_one_of = [](std::string_view word, auto... units) {
      return (base::equals_ignore_case(word, units) || ...);
    };
    if (is_one_of(first, "YEAR", "MONTH") && is_one_of(last, "YEAR", "MONTH")) {
      type.id = TypeId::IntervalYearMonth;
      return true;
    }
    type.id = TypeId::IntervalDayTime;
    return is_one_of(first, "DAY", "HOUR", "MINUTE", "SECOND") &&
           is_one_of(last, "DAY", "HOUR", "MINUTE", "SECOND");
  }

  /// `10,2)` of a decimal; what other types have in parentheses (a length, an SRID) is read over.
  bool parse_arguments(DeclaredType& type) {
    if (type.id != TypeId::Decimal) {
      while (!in_.at_end() && in_.peek() != ')') in_.skip(1);
      return in_.accept(')');
    }
    type.precision = base::parse_number<std::int32_t>(read_word());
    type.scale = accept(',') ? base::parse_number<std::int32_t>(read_word()) : 0;
    return accept(')') && type.precision && type.scale && *type.precision >= 1 &&
           *type.precision <= 38 && *type.scale >= 0 && *type.scale <= *type.precision;
  }

  bool parse_children(DeclaredType& type, std::size_t count, int depth) {
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0 && !accept(',')) return false;
      DeclaredType& child = type.children.emplace_back();
      if (!parse_type(child, depth + 1) || !parse_modifiers(child)) return false;
    }
    return accept('>');
  }

  bool parse_fields(DeclaredType& type, int depth) {
    if (accept('>')) return true;
    do {
      DeclaredType& field = type.children.emplace_back();
      if (!parse_name(field.name)) return false;
      accept(':');
      if (!parse_type(field, depth + 1) || !parse_modifiers(field)) return false;
    } while (accept(','));
    return accept('>');
  }

  /// A word, or anything between back-quotes; a doubled back-quote stands for one.
  bool parse_name(std::string& name) {
    if (!accept('`')) {
      name = read_word();
      return !name.empty();
    }
    while (!in_.at_end()) {
      if (in_.accept('`')) {
        if (!in_.accept('`')) return !name.empty();
        name += '`';
        continue;
      }
      name += in_.peek();
      in_.skip(1);
    }
    return false;
  }

  bool parse_modifiers(DeclaredType& type) {
    while (true) {
      const TextReader before = in_;
      const std::string_view word = read_word();
      if (base::equals_ignore_case(word, "NOT")) {
        if (!base::equals_ignore_case(read_word(), "NULL")) return false;
        type.nullable = false;
      } else if (base::equals_ignore_case(word, "COMMENT")) {
        if (!skip_quoted()) return false;
      } else if (base::equals_ignore_case(word, "COLLATE")) {
        if (read_word().empty()) return false;
      } else {
        in_ = before;
        return true;
      }
    }
  }

  /// `'...'` or `"..."` with backslash escapes and doubled quotes.
  bool skip_quoted() {
    skip_spaces();
    const char quote = in_.peek();
    if (quote != '\'' && quote != '"') return false;
    in_.skip(1);
    while (!in_.at_end()) {
      if (in_.accept('\\')) {
        if (in_.at_end()) return false;
        in_.skip(1);
      } else if (in_.accept(quote)) {
        if (!in_.accept(quote)) return true;
      } else {
        in_.skip(1);
      }
    }
    return false;
  }

  void skip_spaces() noexcept {
    while (!in_.at_end() && kSpaces.find(in_.peek()) != std::string_view::npos) in_.skip(1);
  }

  bool accept(char expected) noexcept {
    skip_spaces();
    return in_.accept(expected);
  }

  std::string_view read_word() noexcept {
    skip_spaces();
    const std::string_view rest = in_.rest();
    const auto end = std::ranges::find_if_not(rest, is_word_character);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    in_.skip(length);
    return rest.substr(0, length);
  }

  TextReader in_;
};

bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, is_word_character);
}

void append_type(std::string& out, const DeclaredType& type);

void append_field(std::string& out, const DeclaredType& field) {
  if (is_plain_name(field.name)) {
    out += field.name;
  } else {
    out += '`';
    for (const char character : field.name) out.append(character == '`' ? 2 : 1, character);
    out += '`';
  }
  out += ": ";
  append_type(out, field);
  if (!field.nullable) out += " NOT NULL";
}

void append_type(std::string& out, const DeclaredType& type) {
  out += row_of(type.id).sql_name;
  if (type.id == TypeId::Decimal && type.precision)
    out += base::concat('(', *type.precision, ',', type.scale.value_or(0), ')');
  if (type.children.empty()) return;
  out += '<';
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out += ", ";
    if (type.id == TypeId::Struct) {
      append_field(out, type.children[i]);
    } else {
      append_type(out, type.children[i]);
    }
  }
  out += '>';
}

}  // namespace

std::optional<DeclaredType> parse_type_text(std::string_view text) {
  return Parser(text).parse_all();
}

std::string type_text_of(const DeclaredType& type) {
  std::string text;
  append_type(text, type);
  return text;
}

}  // namespace dbsql::result
