#pragma once

#include <string_view>

namespace dbsql::session {

/// The first words of a statement, as far as a client has to know what it is. Not a parser: blanks
/// and comments end a word and are passed over.
class SqlWords {
 public:
  explicit SqlWords(std::string_view sql) noexcept : rest_(sql) {}

  /// Letters, digits and underscores; empty when something else comes, or nothing.
  std::string_view next() noexcept;
  /// Passes over that character, if it comes next.
  bool skip(char c) noexcept;
  /// What follows, without blanks and comments at its front.
  std::string_view rest() noexcept;

 private:
  std::string_view rest_;
};

/// \param known  in lower case
bool is_word(std::string_view word, std::string_view known) noexcept;

}  // namespace dbsql::session
