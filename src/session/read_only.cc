#include "session/read_only.h"

#include "session/sql_words.h"

#include <algorithm>
#include <array>

namespace dbsql::session {

bool only_reads(std::string_view sql) noexcept {
  constexpr std::array<std::string_view, 6> kWords = {"select", "values",   "table",
                                                      "show",   "describe", "explain"};
  SqlWords words(sql);
  while (words.skip('(')) {
  }
  const std::string_view word = words.next();
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view known) { return is_word(word, known); });
}

}  // namespace dbsql::session
