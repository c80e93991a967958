#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// One character of UTF-8 text.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;   ///< bytes
  bool is_valid = false;  ///< false: the first byte begins no correct sequence; `size` is 1
};

/// The first character of a text that is not empty. Overlong forms, surrogates and values above
/// U+10FFFF are not valid.
CodePoint decode_utf8(std::string_view text) noexcept;

/// How many terminal cells a character takes: 0 for combining marks, 2 for wide East Asian
/// characters and emoji, else 1.
int cell_width(char32_t character) noexcept;

/// Appends `text` as one line that a terminal shows as it is meant, and returns how many terminal
/// cells it takes. Control characters, direction overrides and bytes that are no UTF-8 are written
/// as escapes: `\n`, `\x1b`, `\u{202e}`,
/// `\xff`. Data can so neither move the cursor nor hide what follows.
std::size_t append_display_text(std::string_view text, std::string& out);

/// Cuts displayed text to at most `width` cells, the last of them `…`, and returns the cells it
/// takes now.
std::size_t truncate_display_text(std::string& text, std::size_t width);

}  // namespace dbsql::cli
