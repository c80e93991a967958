#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::test {

/// Everything but letters and digits as %XX, as a secret stands in a URL.
std::string percent_encoded(std::string_view text, bool in_upper_case = true);

/// Marked secrets, and the search for them in everything that a program lets out.
///
/// The marks look like no token that a redactor could know by its form, and have characters in them
/// that URLs, forms and JSON write in another way.
class Canaries {
 public:
  /// A new secret, never the same again.
  /// \param purpose  a word of letters, for the report of a find
  std::string make(std::string_view purpose);

  /// The same of small letters alone: it can be the name of anything, a table, a user, a file.
  std::string make_name(std::string_view purpose);

  /// The marks that stand in the text, as they are, percent-encoded, or in base64 wherever they
  /// begin: the purposes, with what was found. Empty = none.
  std::vector<std::string> found_in(std::string_view text) const;

  /// The names that stand in the text even in part: ten letters in a row, in any case, or what
  /// base64 or hexadecimal digits make of as many.
  std::vector<std::string> traces_in(std::string_view text) const;

 private:
  struct Mark {
    std::string purpose;
    std::vector<std::string> forms;
  };
  std::vector<Mark> marks_;
  std::map<std::string, std::string, std::less<>> traces_;  // parts of names, with their purpose
};

}  // namespace dbsql::test
