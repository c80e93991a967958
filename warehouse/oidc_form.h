#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {

/// The fields of a form or of a query, decoded, in their order.
class OidcForm {
 public:
  using Field = std::pair<std::string, std::string>;

  /// Reads `application/x-www-form-urlencoded` text.
  /// \return nothing when an escape is broken, or a field comes twice (RFC 6749 3.1 and 3.2)
  static std::optional<OidcForm> parse(std::string_view text);

  /// The value of a field; empty when it is not there: an empty value counts as none (RFC 6749
  /// 3.1).
  std::string_view get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept { return !get(name).empty(); }

  /// Every field with what may be shown of it: harmless values as they are, others as `***`.
  std::vector<Field> without_secrets() const;

 private:
  std::vector<Field> fields_;
};

/// Undoes %XX escapes and '+'; nothing when an escape is broken.
std::optional<std::string> decode_form_text(std::string_view text);
/// Escapes everything but unreserved characters.
std::string encode_form_text(std::string_view text);

/// A request's target with the values of its query hidden that are nobody's business.
std::string target_without_secrets(std::string_view target);

/// The words of a text, separated by blanks.
std::vector<std::string> split_words(std::string_view text);

}  // namespace dbsql::warehouse
