#include "warehouse/oidc_form.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kHidden = "***";

// What tells which flow a request belongs to and proves nothing by itself.
constexpr std::array<std::string_view, 11> kHarmless = {
    "grant_type",
    "scope",
    "client_id",
    "response_type",
    "redirect_uri",
    "code_challenge_method",
    "subject_token_type",
    "requested_token_type",
    "return_original_token_if_authenticated",
    "client_assertion_type",
    "decision",
};

bool is_harmless(std::string_view name) {
  return std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> decode_form_text(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string encode_form_text(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded += base::concat('%', kDigits[byte >> 4U], kDigits[byte & 15U]);
    }
  }
  return encoded;
}

std::optional<OidcForm> OidcForm::parse(std::string_view text) {
  OidcForm form;
  for (const std::string_view pair : base::split(text, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode_form_text(pair.substr(0, equals));
    auto value = decode_form_text(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return std::nullopt;
    for (const Field& known : form.fields_)
      if (known.first == *name) return std::nullopt;
    form.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

std::string_view OidcForm::get(std::string_view name) const noexcept {
  for (const Field& field : fields_)
    if (field.first == name) return field.second;
  return {};
}

std::vector<OidcForm::Field> OidcForm::without_secrets() const {
  std::vector<Field> shown = fields_;
  for (Field& field : shown)
    if (!is_harmless(field.first)) field.second = kHidden;
  return shown;
}

std::string target_without_secrets(std::string_view target) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return std::string(target);
  std::string shown(target.substr(0, question));
  char separator = '?';
  for (const std::string_view pair : base::split(target.substr(question + 1), '&')) {
    const std::string_view name = pair.substr(0, pair.find('='));
    shown += separator;
    if (is_harmless(name)) {
      shown += pair;
    } else {
      shown += base::concat(name, "=", kHidden);
    }
    separator = '&';
  }
  return shown;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : base::split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

}  // namespace dbsql::warehouse
