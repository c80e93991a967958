#include "cli/display_text.h"

#include "cli/unicode_widths.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

namespace dbsql::cli {
namespace {

template <std::size_t Count>
bool contains(const std::array<CodePointRange, Count>& ranges, char32_t character) noexcept {
  const auto after = std::upper_bound(
      ranges.begin(), ranges.end(), character,
      [](char32_t value, const CodePointRange& range) { return value < range.first; });
  return after != ranges.begin() && character <= std::prev(after)->last;
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Characters that would act on the terminal or reorder the line instead of being shown.
bool needs_escape(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

std::string escaped(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), c < 0x100 ? "\\x%02x" : "\\u{%x}",
                static_cast<unsigned>(c));
  return text.data();
}

bool is_plain_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

CodePoint decode_utf8(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1, true};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {first, 1, false};
  char32_t value = first & (0xFFU >> (size + 1));
  for (std::size_t at = 1; at < size; ++at) {
    if (!is_continuation(text[at])) return {first, 1, false};
    value = (value << 6U) | (static_cast<unsigned char>(text[at]) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || is_surrogate) return {first, 1, false};
  return {value, size, true};
}

int cell_width(char32_t character) noexcept {
  if (character < 0x300) return 1;
  if (contains(kZeroWidth, character)) return 0;
  return contains(kDoubleWidth, character) ? 2 : 1;
}

std::size_t append_display_text(std::string_view text, std::string& out) {
  if (is_plain_ascii(text)) {
    out += text;
    return text.size();
  }
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint character = decode_utf8(text);
    if (!character.is_valid || needs_escape(character.value)) {
      const std::string escape = escaped(character.value);
      out += escape;
      width += escape.size();
    } else {
      out += text.substr(0, character.size);
      width += static_cast<std::size_t>(cell_width(character.value));
    }
    text.remove_prefix(character.size);
  }
  return width;
}

std::size_t truncate_display_text(std::string& text, std::size_t width) {
  std::size_t used = 0;
  std::size_t kept_bytes = 0;  // what fits when a cell is left for the ellipsis
  std::size_t kept_cells = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint character = decode_utf8(std::string_view(text).substr(at));
    used += static_cast<std::size_t>(cell_width(character.value));
    at += character.size;
    if (used < width) {
      kept_bytes = at;
      kept_cells = used;
    }
    if (used > width) {
      text.resize(kept_bytes);
      text += "…";
      return kept_cells + 1;
    }
  }
  return used;
}

}  // namespace dbsql::cli
