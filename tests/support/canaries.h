#pragma once

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

  /// The marks that stand in the text, as they are, percent-encoded, or in base64 wherever they
  /// begin: the purposes, with what was found. Empty = none.
  std::vector<std::string> found_in(std::string_view text) const;

 private:
  struct Mark {
    std::string purpose;
    std::vector<std::string> forms;
  };
  std::vector<Mark> marks_;
};

}  // namespace dbsql::test
