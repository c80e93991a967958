#include "base/redact.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dbsql::base {

namespace {

constexpr std::string_view kMask = "***";

bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

bool is_word_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_plain_word(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

std::size_t token_length(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_token_char) -
                                  text.begin());
}

/// Length of the text up to the first character that ends a value in a form, a URL or a sentence.
std::size_t value_length(std::string_view text) noexcept {
  const std::size_t end = text.find_first_of("& \t\r\n\"'<>#,;)}]");
  return end == std::string_view::npos ? text.size() : end;
}

/// Copies `text` piece by piece; each rule recognises a secret at the current position and says
/// what to keep of it.
class Redactor {
 public:
  explicit Redactor(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (scheme_credentials() || bare_token() || dsn_token() || url() || secret_field()) continue;
      out_ += text_[at_++];
    }
    return std::move(out_);
  }

 private:
  std::string_view rest() const noexcept { return text_.substr(at_); }
  bool at_word_start() const noexcept { return at_ == 0 || !is_word_char(text_[at_ - 1]); }

  void keep(std::size_t length) {
    out_ += text_.substr(at_, length);
    at_ += length;
  }
  void mask(std::size_t length) {
    out_ += kMask;
    at_ += length;
  }

  bool scheme_credentials() {
    if (!at_word_start()) return false;
    for (const std::string_view scheme : {"Bearer ", "Basic ", "Negotiate "}) {
      if (!starts_with_ignore_case(rest(), scheme)) continue;
      const std::string_view value = rest().substr(scheme.size());
      const std::size_t length = token_length(value);
      // "Basic auth", "basic authentication" and "basic negotiate" are prose.
      if (length < 8 || (scheme != "Bearer " && is_plain_word(value.substr(0, length)))) continue;
      keep(scheme.size());
      mask(length);
      return true;
    }
    return false;
  }

  bool bare_token() {
    if (!at_word_start()) return false;
    for (const std::string_view prefix : {"dapi", "dkea", "dskea", "dsapi", "dose", "eyJ"}) {
      if (!rest().starts_with(prefix)) continue;
      const std::size_t length = token_length(rest());
      if (length < prefix.size() + 8) continue;
      mask(length);
      return true;
    }
    return false;
  }

  /// `token:SECRET@host`, the start of a DSN without scheme.
  bool dsn_token() {
    constexpr std::string_view kUser = "token:";
    if (!at_word_start() || !rest().starts_with(kUser)) return false;
    const std::size_t end = rest().find_first_of("@ \t\r\n\"'<>");
    if (end == std::string_view::npos || rest()[end] != '@' || end == kUser.size()) return false;
    keep(kUser.size());
    mask(end - kUser.size());
    return true;
  }

  /// Host and path of a URL stay readable; a password in it and every value of its query do not.
  bool url() {
    if (!at_word_start()) return false;
    const std::size_t scheme = rest().starts_with("https://")  ? 8
                               : rest().starts_with("http://") ? 7
                                                               : 0;
    if (scheme == 0) return false;
    keep(scheme);
    const std::size_t stop = std::min(text_.find_first_of(" \t\r\n\"'<>", at_), text_.size());
    const std::size_t authority_end = std::min(text_.find_first_of("/?#", at_), stop);
    const std::size_t user = text_.substr(at_, authority_end - at_).rfind('@');
    if (user != std::string_view::npos) mask(user);
    mask_query(stop);
    return true;
  }

  void mask_query(std::size_t stop) {
    const std::string_view part = text_.substr(at_, stop - at_);
    const std::size_t question = part.find('?');
    if (question == std::string_view::npos) {
      keep(part.size());
      return;
    }
    keep(question + 1);
    while (at_ < stop) {
      const std::string_view pairs = text_.substr(at_, stop - at_);
      const std::size_t pair_end = std::min(pairs.find('&'), pairs.size());
      const std::size_t equals = pairs.substr(0, pair_end).find('=');
      if (equals == std::string_view::npos) {
        keep(pair_end);
      } else {
        keep(equals + 1);
        mask(pair_end - equals - 1);
      }
      if (at_ < stop) keep(1);
    }
  }

  /// `name=value` and `"name": "value"` of fields that hold secrets.
  bool secret_field() {
    if (!at_word_start()) return false;
    static constexpr std::array<std::string_view, 12> kNames{
        "client_secret", "refresh_token", "access_token", "subject_token",
        "assertion",     "code_verifier", "password",     "accessToken",
        "clientSecret",  "id_token",      "device_code",  "pwd"};
    for (const std::string_view name : kNames) {
      if (!starts_with_ignore_case(rest(), name)) continue;
      std::size_t skip = name.size();
      const std::string_view after = rest();
      while (skip < after.size() &&
             (after[skip] == '"' || after[skip] == ' ' || after[skip] == '\''))
        ++skip;
      if (skip >= after.size() || (after[skip] != '=' && after[skip] != ':')) continue;
      ++skip;
      while (skip < after.size() &&
             (after[skip] == '"' || after[skip] == ' ' || after[skip] == '\''))
        ++skip;
      const std::size_t length = value_length(after.substr(skip));
      if (length == 0) continue;
      keep(skip);
      mask(length);
      return true;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string redact(std::string_view text) { return Redactor(text).run(); }

}  // namespace dbsql::base
