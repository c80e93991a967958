#include "cli/json_writer.h"

#include "cli/display_text.h"

#include <algorithm>
#include <array>
#include <set>

namespace dbsql::cli {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Checks JSON by reading it; holds nothing.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool is_one_value() { return value(0) && (skip_space(), text_.empty()); }

 private:
  static constexpr int kDeepest = 256;

  bool value(int depth) {
    skip_space();
    if (text_.empty() || depth > kDeepest) return false;
    switch (text_.front()) {
      case '{':
        return items('}', depth, /*has_keys=*/true);
      case '[':
        return items(']', depth, /*has_keys=*/false);
      case '"':
        return string();
      case 't':
        return take("true");
      case 'f':
        return take("false");
      case 'n':
        return take("null");
      default:
        return number();
    }
  }

  bool items(char closing, int depth, bool has_keys) {
    text_.remove_prefix(1);
    if (skip_space(), take_char(closing)) return true;
    while (true) {
      if (has_keys && !(skip_space(), string() && (skip_space(), take_char(':')))) return false;
      if (!value(depth + 1)) return false;
      if (skip_space(), take_char(closing)) return true;
      if (!take_char(',')) return false;
    }
  }

  bool string() {
    if (!take_char('"')) return false;
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (text_.empty()) return false;
    const char c = text_.front();
    text_.remove_prefix(1);
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    if (text_.size() < 4) return false;
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    if (text_.substr(0, 4).find_first_not_of(kHex) != std::string_view::npos) return false;
    text_.remove_prefix(4);
    return true;
  }

  bool number() {
    take_char('-');
    if (!take_char('0') && !digits()) return false;
    if (take_char('.') && !digits()) return false;
    if (take_char('e') || take_char('E')) {
      if (!take_char('+')) take_char('-');
      return digits();
    }
    return true;
  }

  bool digits() {
    const std::size_t before = text_.size();
    while (!text_.empty() && is_digit(text_.front())) text_.remove_prefix(1);
    return text_.size() < before;
  }

  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool take_char(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_space() {
    while (!text_.empty() &&
           std::string_view(" \t\n\r").find(text_.front()) != std::string_view::npos)
      text_.remove_prefix(1);
  }

  std::string_view text_;
};

void append_escape(unsigned char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
  }
}

/// Whether the text of a number, boolean or nested value can stand in JSON as it is.
bool is_bare_json(TextKind kind, std::string_view text) noexcept {
  // Numbers come from the driver and are fine but for NaN and Infinity. Nested values may come from
  // an old server as text, in a form that is not always JSON.
  return kind == TextKind::Number ? !text.empty() && is_digit(text.back()) : is_json(text);
}

/// How many bytes from the beginning need no escape and are ASCII.
std::size_t plain_prefix(std::string_view text) noexcept {
  const auto* first = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
  });
  return static_cast<std::size_t>(first - text.begin());
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const CodePoint character = decode_utf8(text);
    if (!character.is_valid) {
      out += "\xEF\xBF\xBD";
    } else if (character.value < 0x80) {
      append_escape(static_cast<unsigned char>(character.value), out);
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  out += '"';
}

bool is_json(std::string_view text) noexcept { return JsonReader(text).is_one_value(); }

void append_base64(std::span<const std::byte> bytes, std::string& out) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t group = 0;
    for (std::size_t at = 0; at < 3; ++at) {
      group = (group << 8U) | (at < bytes.size() ? std::to_integer<std::uint32_t>(bytes[at]) : 0U);
    }
    out += kAlphabet[(group >> 18U) & 63U];
    out += kAlphabet[(group >> 12U) & 63U];
    out += bytes.size() > 1 ? kAlphabet[(group >> 6U) & 63U] : '=';
    out += bytes.size() > 2 ? kAlphabet[group & 63U] : '=';
  }
}

void JsonWriter::begin(const Schema& schema) {
  keys_.clear();
  kinds_.clear();
  has_rows_ = false;
  std::set<std::string> names;
  for (const Column& column : schema) {
    std::string name = column.name;
    for (int copy = 2; !names.insert(name).second; ++copy) {
      name = column.name + "_" + std::to_string(copy);
    }
    std::string key = keys_.empty() ? "{" : ",";
    append_json_string(name, key);
    keys_.push_back(key + ":");
    kinds_.push_back(text_kind(column.type));
  }
  if (layout_ == Layout::Array) out_ += '[';
}

void JsonWriter::row(const RowView& row) {
  if (layout_ == Layout::Array) out_ += has_rows_ ? ",\n" : "\n";
  has_rows_ = true;
  for (std::size_t column = 0; column < keys_.size(); ++column) {
    out_ += keys_[column];
    append_value(row, column);
  }
  out_ += '}';
  if (layout_ == Layout::Lines) out_ += '\n';
}

void JsonWriter::end(bool is_complete) {
  if (layout_ == Layout::Lines) return;
  if (is_complete) {
    out_ += has_rows_ ? "\n]\n" : "]\n";
  } else {
    out_ += '\n';
  }
}

void JsonWriter::append_value(const RowView& row, std::size_t column) {
  if (row.is_null(column)) {
    out_ += "null";
    return;
  }
  if (kinds_[column] == TextKind::Binary) {
    out_ += '"';
    append_base64(row.bytes(column), out_);
    out_ += '"';
    return;
  }
  if (kinds_[column] == TextKind::Text || kinds_[column] == TextKind::Plain) {
    scratch_.clear();
    row.append_text(column, scratch_);
    append_json_string(scratch_, out_);
    return;
  }
  const std::size_t start = out_.size();
  row.append_text(column, out_);
  if (is_bare_json(kinds_[column], std::string_view(out_).substr(start))) return;
  scratch_.assign(out_, start);
  out_.resize(start);
  append_json_string(scratch_, out_);
}

}  // namespace dbsql::cli
