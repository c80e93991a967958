#include "session/sql_words.h"

#include "base/text.h"

#include <algorithm>

namespace dbsql::session {

std::string_view SqlWords::rest() noexcept {
  for (;;) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n\f\v"), rest_.size()));
    std::size_t end = 0;
    if (rest_.starts_with("--")) {
      end = rest_.find('\n');
    } else if (rest_.starts_with("/*")) {
      end = rest_.find("*/", 2);
      if (end != std::string_view::npos) end += 1;
    } else {
      return rest_;
    }
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  }
}

std::string_view SqlWords::next() noexcept {
  const std::string_view text = rest();
  const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  rest_.remove_prefix(word.size());
  return word;
}

bool SqlWords::skip(char c) noexcept {
  if (!rest().starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool is_word(std::string_view word, std::string_view known) noexcept {
  return base::equals_ignore_case(word, known);
}

}  // namespace dbsql::session
