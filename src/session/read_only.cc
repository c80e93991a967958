#include "session/read_only.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::session {
namespace {

/// Without blanks, comments and opening brackets at its front.
std::string_view first_words(std::string_view sql) noexcept {
  for (;;) {
    const std::size_t begin = sql.find_first_not_of(" \t\r\n\f\v(");
    if (begin == std::string_view::npos) return {};
    sql.remove_prefix(begin);
    std::size_t end = 0;
    if (sql.starts_with("--")) {
      end = sql.find('\n');
    } else if (sql.starts_with("/*")) {
      end = sql.find("*/", 2);
      if (end != std::string_view::npos) end += 1;
    } else {
      return sql;
    }
    if (end == std::string_view::npos) return {};
    sql.remove_prefix(end + 1);
  }
}

}  // namespace

bool only_reads(std::string_view sql) noexcept {
  constexpr std::array<std::string_view, 6> kWords = {"select", "values",   "table",
                                                      "show",   "describe", "explain"};
  const std::string_view rest = first_words(sql);
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_letter);
  const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view known) { return base::equals_ignore_case(word, known); });
}

}  // namespace dbsql::session
