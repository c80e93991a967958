#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace dbsql::base {

/// A part of a text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Which characters names are made of: those of SQL, of JSON, of headers and of Spark's options.
bool is_name_char(char c) noexcept;

/// The secret that belongs to a name, in the forms in which SQL, connection strings, Spark's
/// options, HTTP, JSON, XML and command lines write it: `name = 'x'`, `"name": "x"`, `name 'x'`,
/// `name=x;`, `NAME={x}`, `--name x`, `<name>x</name>`, `option("name", "x")`.
///
/// Reads no further than the end of the value, in one pass; where quotes or brackets are not closed
/// the value goes on to the end of the text, for it may have been cut.
/// \param name       where the name stands
/// \param is_strict  also in sentences, where `token: x` may be no more than words
/// \return empty = the name is of no secret, or none follows
std::optional<TextRange> secret_value(std::string_view text, TextRange name, bool is_strict);

/// Where a quoted text ends that goes on at `at`: at its quote, with the escapes before that, or at
/// the end of the text. Doubled quotes, and quotes with more escapes, belong to it.
/// \param depth  how many escapes stood before the quote that opened it
std::size_t closing_quote(std::string_view text, std::size_t at, char quote,
                          std::size_t depth) noexcept;

/// Where the call whose arguments begin at `at` ends: its closing bracket, or the end of the text.
std::size_t end_of_call(std::string_view text, std::size_t at) noexcept;

}  // namespace dbsql::base
