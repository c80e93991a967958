#include "result/nested_text.h"

#include "base/text.h"
#include "result/text_reader.h"
#include "result/text_value.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace dbsql::result {

namespace {

/// A recursive descent as deep as the declared type.
class Parser {
 public:
  Parser(std::string_view text, const TimeZone* zone) : in_(text), zone_(zone) {}

  std::optional<Value> parse_all(const DeclaredType& type) {
    auto value = parse(type, ",]}");
    skip_spaces();
    if (!in_.at_end()) return std::nullopt;
    return value;
  }

 private:
  /// \param ends  the characters that end a bare scalar here
  std::optional<Value> parse(const DeclaredType& type, std::string_view ends) {
    skip_spaces();
    if (in_.peek() == 'n' && accept_null(ends)) return Value();
    switch (type.id) {
      case TypeId::Array:
        return parse_list(type);
      case TypeId::Map:
        return parse_map(type);
      case TypeId::Struct:
        return parse_struct(type);
      default:
        return parse_scalar(type, ends);
    }
  }

  std::optional<Value> parse_list(const DeclaredType& type) {
    if (type.children.size() != 1 || !accept('[')) return std::nullopt;
    ListValue list;
    if (accept(']')) return list;
    do {
      auto element = parse(type.children[0], ",]");
      if (!element) return std::nullopt;
      list.elements.push_back(*std::move(element));
    } while (accept(','));
    if (!accept(']')) return std::nullopt;
    return list;
  }

  std::optional<Value> parse_map(const DeclaredType& type) {
    if (type.children.size() != 2 || !accept('{')) return std::nullopt;
    MapValue map;
    if (accept('}')) return map;
    do {
      auto key = parse_key(type.children[0]);
      if (!key || !accept(':')) return std::nullopt;
      auto value = parse(type.children[1], ",}");
      if (!value) return std::nullopt;
      map.entries.emplace_back(*std::move(key), *std::move(value));
    } while (accept(','));
    if (!accept('}')) return std::nullopt;
    return map;
  }

  /// Keys are quoted, also nested ones: `{"[1,2]":3}`.
  std::optional<Value> parse_key(const DeclaredType& type) {
    const bool is_nested = !type.children.empty();
    skip_spaces();
    if (!is_nested || in_.peek() != '"') return parse(type, ":");
    const auto text = read_quoted();
    if (!text) return std::nullopt;
    return Parser(*text, zone_).parse_all(type);
  }

  std::optional<Value> parse_struct(const DeclaredType& type) {
    if (!accept('{')) return std::nullopt;
    StructValue structure;
    for (const DeclaredType& field : type.children)
      structure.fields.emplace_back(field.name, Value());
    if (accept('}')) return structure;
    std::size_t next = 0;
    do {
      skip_spaces();
      const auto name = in_.peek() == '"' ? read_quoted() : read_bare(":");
      while (name && next < type.children.size() && type.children[next].name != *name) ++next;
      if (!name || next == type.children.size() || !accept(':')) return std::nullopt;
      auto value = parse(type.children[next], ",}");
      if (!value) return std::nullopt;
      structure.fields[next++].second = *std::move(value);
    } while (accept(','));
    if (!accept('}')) return std::nullopt;
    return structure;
  }

  std::optional<Value> parse_scalar(const DeclaredType& type, std::string_view ends) {
    const auto text = in_.peek() == '"' ? read_quoted() : read_bare(ends);
    if (!text) return std::nullopt;
    return parse_value(type, *text, zone_);
  }

  /// The word `null`, when it is the whole scalar.
  bool accept_null(std::string_view ends) noexcept {
    const TextReader before = in_;
    if (in_.accept("null")) {
      skip_spaces();
      if (in_.at_end() || ends.find(in_.peek()) != std::string_view::npos) return true;
    }
    in_ = before;
    return false;
  }

  std::optional<std::string> read_bare(std::string_view ends) {
    const std::string_view rest = in_.rest();
    const std::size_t end = std::min(rest.find_first_of(ends), rest.size());
    in_.skip(end);
    return std::string(base::trim(rest.substr(0, end)));
  }

  std::optional<std::string> read_quoted() {
    std::string text;
    in_.skip(1);
    while (!in_.at_end()) {
      if (in_.accept('"')) return text;
      if (in_.accept('\\')) {
        if (!read_escape(text)) return std::nullopt;
        continue;
      }
      text += in_.peek();
      in_.skip(1);
    }
    return std::nullopt;
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char escape = in_.peek();
    const std::size_t known = in_.at_end() ? std::string_view::npos : kEscapes.find(escape);
    if (!in_.at_end()) in_.skip(1);
    if (known != std::string_view::npos) {
      out += kMeanings[known];
      return true;
    }
    if (escape != 'u') return false;
    auto code = read_code_unit();
    if (!code) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!in_.accept("\\u")) return false;
      const auto low = read_code_unit();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    base::append_utf8(out, *code);
    return true;
  }

  std::optional<std::uint32_t> read_code_unit() noexcept {
    const std::string_view digits = in_.rest().substr(0, 4);
    std::uint32_t code = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (error != std::errc() || digits.size() != 4 || end != digits.data() + 4) return std::nullopt;
    in_.skip(4);
    return code;
  }

  void skip_spaces() noexcept {
    while (in_.accept(' ')) {
    }
  }

  bool accept(char expected) noexcept {
    skip_spaces();
    return in_.accept(expected);
  }

  TextReader in_;
  const TimeZone* zone_;
};

}  // namespace

std::optional<Value> parse_nested(const DeclaredType& type, std::string_view text,
                                  const TimeZone* zone) {
  return Parser(text, zone).parse_all(type);
}

}  // namespace dbsql::result
