#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

enum class TokenKind : std::uint8_t {
  Word,              ///< unquoted identifier or key word
  QuotedIdentifier,  ///< `name`
  String,            ///< 'text' or "text", also r'raw'
  Binary,            ///< X'1AFF'
  Number,            ///< with its suffix, for instance 10L or 1e3BD
  Parameter,         ///< ? or :name
  Operator,          ///< one operator or punctuation mark
  End,               ///< after the last token
};

/// One lexical element of a Databricks SQL statement. A view: the statement outlives it.
struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;   ///< exactly as written
  std::size_t offset = 0;  ///< of `text` in the statement
  bool spaced = false;     ///< white space or a comment stands before it

  /// A key word, in any case.
  bool is_word(std::string_view word) const noexcept;
  bool is_operator(std::string_view text_) const noexcept {
    return kind == TokenKind::Operator && text == text_;
  }
  bool is_identifier() const noexcept {
    return kind == TokenKind::Word || kind == TokenKind::QuotedIdentifier;
  }
};

/// Splits a statement into tokens; comments and white space are dropped, and the last token is
/// always `End`.
///
/// Follows the lexical rules of Databricks SQL: strings in single or double quotes with backslash
/// escapes, raw strings, backtick identifiers, nested bracketed comments. A colon directly behind
/// an operand is a path into a VARIANT, not a parameter. \throws EngineError for an unterminated
/// string, identifier or comment
std::vector<Token> tokenize(std::string_view sql);

/// The characters a String token stands for. Escapes: \\ \' \" \n \t \r \b \0 \Z, octal \ooo,
/// \uXXXX, \UXXXXXXXX;
/// \% and \_ keep their backslash, as LIKE patterns need it; any other \c is c. A doubled quote is
/// one quote.
std::string string_value(const Token& token);

/// The bytes a Binary token stands for; empty when it is not made of hex digits.
std::optional<std::string> binary_value(const Token& token);

/// The name an identifier token stands for: backticks removed, words as they are.
std::string identifier_value(const Token& token);

}  // namespace dbsql::warehouse
