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
      if (credential_header() || scheme_credentials() || bare_token() || dsn_token() || url() ||
          secret_field())
        continue;
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

  /// Of headers that are credentials nothing is kept, up to the end of the line or of the quote.
  bool credential_header() {
    if (!at_word_start()) return false;
    for (const std::string_view name : {"Authorization", "Cookie"}) {  // Proxy-, Set- included
      if (!starts_with_ignore_case(rest(), name)) continue;
      const std::size_t start = value_start(name.size(), ":");
      if (start == 0) continue;
      const std::size_t end = std::min(rest().find_first_of("\r\n\"'", start), rest().size());
      if (end == start) continue;
      keep(start);
      mask(end - start);
      return true;
    }
    return false;
  }

  /// Where the value of a name at the current position begins; 0 when no value follows it.
  std::size_t value_start(std::size_t skip, std::string_view separators) const noexcept {
    const std::string_view text = rest();
    const auto skip_fill = [&] {
      while (skip < text.size() && (text[skip] == '"' || text[skip] == ' ' || text[skip] == '\''))
        ++skip;
    };
    skip_fill();
    if (skip >= text.size() || separators.find(text[skip]) == std::string_view::npos) return 0;
    ++skip;
    skip_fill();
    return skip;
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

  /// `name=value` and `"name": "value"` of fields that hold secrets; `proxy.password` and
  /// `azure_client_secret` end with such a name.
  bool secret_field() {
    if (at_ > 0 && is_word_char(text_[at_ - 1]) && text_[at_ - 1] != '_') return false;
    static constexpr std::array<std::string_view, 17> kNames{"client_secret",
                                                             "refresh_token",
                                                             "access_token",
                                                             "subject_token",
                                                             "request_token",
                                                             "assertion",
                                                             "code_verifier",
                                                             "password",
                                                             "accessToken",
                                                             "clientSecret",
                                                             "id_token",
                                                             "device_code",
                                                             "refreshToken",
                                                             "passphrase",
                                                             "service_account",
                                                             "google_credentials",
                                                             "pwd"};
    for (const std::string_view name : kNames) {
      if (starts_with_ignore_case(rest(), name) && mask_value(value_start(name.size(), "=:"), 1))
        return true;
    }
    // OAuth's code: only where it is part of a form, for errors have codes as well.
    return at_word_start() && rest().starts_with("code=") && mask_value(value_start(4, "="), 8);
  }

  bool mask_value(std::size_t start, std::size_t shortest) {
    if (start == 0) return false;
    const std::size_t length = value_length(rest().substr(start));
    if (length < shortest) return false;
    keep(start);
    mask(length);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

// What follows one of these up to the next separator is the name of somebody or something.
constexpr std::array<std::string_view, 10> kFolders = {
    "/home/", "/Users/", "\\Users\\",     "/var/lib/",     "/opt/",
    "/srv/",  "/app/",   "/var/folders/", "/private/var/", "\\\\"};
constexpr std::array<std::string_view, 4> kSecretWords = {"token", "secret", "api key", "api_key"};

bool is_separator(char c) noexcept { return c == '/' || c == '\\'; }

bool is_end(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == ',' || c == ';' ||
         c == ')' || c == ']';
}

/// Masks the first name after each such folder.
std::string without_folders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto folder = std::ranges::find_if(kFolders, [&](std::string_view each) {
      return starts_with_ignore_case(text.substr(at), each);
    });
    if (folder == kFolders.end()) {
      out += text[at++];
      continue;
    }
    out += text.substr(at, folder->size());
    at += folder->size();
    const std::size_t name = at;
    while (at < text.size() && !is_separator(text[at]) && !is_end(text[at])) ++at;
    if (at > name) out += kMask;
  }
  return out;
}

/// Masks the value of `token=...` and `"secret": "..."`, which the general redactor leaves alone.
std::string without_named_values(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto word = std::ranges::find_if(kSecretWords, [&](std::string_view each) {
      return starts_with_ignore_case(text.substr(at), each);
    });
    std::size_t value = word == kSecretWords.end() ? at : at + word->size();
    while (value > at && value < text.size() && (text[value] == '"' || text[value] == ' ')) ++value;
    const bool is_pair =
        value > at && value < text.size() && (text[value] == '=' || text[value] == ':');
    if (!is_pair) {
      out += text[at++];
      continue;
    }
    ++value;
    while (value < text.size() && (text[value] == '"' || text[value] == ' ')) ++value;
    out += text.substr(at, value - at);
    at = value;
    while (at < text.size() && !is_end(text[at]) && text[at] != '&' && text[at] != '}') ++at;
    out += kMask;
  }
  return out;
}

}  // namespace

std::string redact(std::string_view text) { return Redactor(text).run(); }

std::string redact_strictly(std::string_view text) {
  return without_named_values(without_folders(redact(text)));
}

}  // namespace dbsql::base
