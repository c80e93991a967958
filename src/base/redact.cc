#include "base/redact.h"

#include "base/secret_value.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dbsql::base {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kNone = std::string_view::npos;

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

/// Copies `text` piece by piece; each rule recognises a secret at the current position and says
/// what to keep of it.
class Redactor {
 public:
  Redactor(std::string_view text, bool is_strict) : text_(text), is_strict_(is_strict) {
    out_.reserve(text.size());
  }

  std::string run() {
    while (at_ < text_.size()) {
      find_value();
      if (found_value() || query() || credential_header() || scheme_credentials() || bare_token() ||
          private_key() || key_of_call() || dsn_token() || credentials_of_url() || oauth_code())
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

  /// Each name is looked at once, where it begins. What is between it and its value goes through
  /// the other rules.
  void find_value() {
    if (at_ < name_end_ || at_ < value_.end || !is_name_char(text_[at_])) return;
    name_end_ = at_;
    while (name_end_ < text_.size() && is_name_char(text_[name_end_])) ++name_end_;
    if (const auto value = secret_value(text_, {at_, name_end_}, is_strict_)) value_ = *value;
  }

  bool found_value() {
    if (at_ < value_.begin || at_ >= value_.end) return false;
    mask(value_.end - at_);
    return true;
  }

  /// Of headers that are credentials nothing is kept, up to the end of the line or of the quote.
  bool credential_header() {
    if (!at_word_start()) return false;
    for (const std::string_view name : {"Authorization", "Cookie"}) {  // Proxy-, Set- included
      if (!starts_with_ignore_case(rest(), name)) continue;
      const HeaderValue value = header_value(name.size());
      if (value.start == 0) continue;
      const std::size_t limit = value.quote == '\0'
                                    ? rest().size()
                                    : closing_quote(rest(), value.start, value.quote, value.depth);
      const std::size_t end =
          std::min(rest().substr(0, limit).find_first_of("\r\n", value.start), limit);
      if (end == value.start) continue;
      keep(value.start);
      mask(end - value.start);
      return true;
    }
    return false;
  }

  struct HeaderValue {
    std::size_t start = 0;  ///< 0 = there is none
    char quote = '\0';      ///< that it, or the whole header, stands in
    std::size_t depth = 0;  ///< of that quote's escapes
  };

  HeaderValue header_value(std::size_t at) const noexcept {
    const std::string_view text = rest();
    HeaderValue value;
    std::size_t escapes = 0;
    const auto see = [&](char c) {
      const bool is_quote = c == '"' || c == '\'';
      if (is_quote) value.quote = c;
      if (is_quote) value.depth = escapes;
      escapes = c == '\\' ? escapes + 1 : 0;
    };
    const auto skip_fill = [&] {
      while (at < text.size() && std::string_view("\\\"' ").find(text[at]) != kNone)
        see(text[at++]);
    };
    if (at_ > 1) see(text_[at_ - 2]);
    if (at_ > 0) see(text_[at_ - 1]);
    skip_fill();
    if (at >= text.size() || text[at] != ':') return {};
    ++at;
    escapes = 0;
    skip_fill();
    value.start = at;
    return value;
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

  /// What a PEM block of a private key holds.
  bool private_key() {
    constexpr std::string_view kBegin = "-----BEGIN ";
    constexpr std::string_view kLabel = "PRIVATE KEY-----";
    constexpr std::size_t kLongestKind = 16;  // "ENCRYPTED ", "RSA "
    if (!rest().starts_with(kBegin)) return false;
    const std::size_t label =
        rest().substr(0, kBegin.size() + kLongestKind + kLabel.size()).find(kLabel, kBegin.size());
    if (label == kNone) return false;
    keep(label + kLabel.size());
    const std::size_t end = std::min(rest().find("-----END "), rest().size());
    if (end > 0) mask(end);
    return true;
  }

  /// `aes_encrypt(text, 'key')`: any literal in it may be the key.
  bool key_of_call() {
    if (at_ == 0 || text_[at_] != '(') return false;
    const std::string_view before = text_.substr(0, at_);
    const auto follows = [&](std::string_view name) {
      return before.size() >= name.size() &&
             equals_ignore_case(before.substr(before.size() - name.size()), name);
    };
    if (!follows("aes_encrypt") && !follows("aes_decrypt")) return false;
    keep(1);
    const std::size_t end = end_of_call(text_, at_);
    if (end > at_) mask(end - at_);
    return true;
  }

  /// `token:SECRET@host`, the start of a DSN without scheme.
  bool dsn_token() {
    constexpr std::string_view kUser = "token:";
    if (!at_word_start() || !rest().starts_with(kUser)) return false;
    // The end is remembered, for texts that are made of such beginnings.
    if (user_end_ == kNone || user_end_ < at_ + kUser.size())
      user_end_ = std::min(text_.find_first_of("@ \t\r\n\"'<>", at_ + kUser.size()), text_.size());
    const std::size_t length = user_end_ - at_ - kUser.size();
    if (user_end_ == text_.size() || text_[user_end_] != '@' || length == 0) return false;
    keep(kUser.size());
    mask(length);
    return true;
  }

  /// Host and path of a URL stay readable; a password in it and every value of its query do not.
  bool credentials_of_url() {
    constexpr std::string_view kMark = "://";
    if (!rest().starts_with(kMark)) return false;
    const std::string_view scheme =
        text_.substr(at_ - std::min<std::size_t>(at_, 5), std::min<std::size_t>(at_, 5));
    const bool is_http =
        equals_ignore_case(scheme, "https") ||
        (scheme.size() >= 4 && equals_ignore_case(scheme.substr(scheme.size() - 4), "http"));
    keep(kMark.size());
    find_end_of_url();
    const std::size_t authority_end = std::min(text_.find_first_of("/?#", at_), url_.end);
    const std::string_view authority = text_.substr(at_, authority_end - at_);
    std::size_t user = authority.rfind('@');
    // A password with a slash in it: no host has such a port.
    const std::size_t colon = authority.find(':');
    const bool is_cut = user == kNone && colon != kNone && url_.last_at != kNone &&
                        url_.last_at > at_ && !is_port(authority.substr(colon + 1));
    if (is_cut) user = url_.last_at - at_;
    if (user != kNone && is_http) {
      mask(user);
    } else if (user != kNone && colon < user) {  // before the @ of others may stand a container
      keep(colon + 1);
      mask(user - colon - 1);
    }
    if (is_http) has_query_ = true;
    return true;
  }

  static bool is_port(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  }

  void find_end_of_url() {
    if (url_.end >= at_ && url_.end != kNone) return;
    has_query_ = false;
    url_.end = std::min(text_.find_first_of(" \t\r\n\"'<>", at_), text_.size());
    const std::size_t last = text_.substr(at_, url_.end - at_).rfind('@');
    url_.last_at = last == kNone ? kNone : at_ + last;
  }

  /// From the question mark on.
  bool query() {
    if (!has_query_ || text_[at_] != '?') return false;
    if (at_ >= url_.end) {
      has_query_ = false;
      return false;
    }
    mask_query(url_.end);
    return true;
  }

  void mask_query(std::size_t stop) {
    keep(1);
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

  /// OAuth's code: only where it is part of a form, for errors have codes as well.
  bool oauth_code() {
    constexpr std::string_view kCode = "code=";
    constexpr std::size_t kShortest = 8;
    if (!at_word_start() || !rest().starts_with(kCode)) return false;
    const std::size_t end = std::min(text_.find_first_of("& \t\r\n\"'<>#,;)}]", at_), text_.size());
    if (end - at_ < kCode.size() + kShortest) return false;
    keep(kCode.size());
    mask(end - at_);
    return true;
  }

  struct Url {
    std::size_t end = kNone;
    std::size_t last_at = kNone;  ///< the last @ of it
  };

  std::string_view text_;
  bool is_strict_;
  std::size_t at_ = 0;
  std::size_t name_end_ = 0;
  TextRange value_;  // that of the latest name
  std::size_t user_end_ = kNone;
  Url url_;  // the latest
  bool has_query_ = false;
  std::string out_;
};

// What follows one of these up to the next separator is the name of somebody or something.
constexpr std::array<std::string_view, 10> kFolders = {
    "/home/", "/Users/", "\\Users\\",     "/var/lib/",     "/opt/",
    "/srv/",  "/app/",   "/var/folders/", "/private/var/", "\\\\"};

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

}  // namespace

std::string redact(std::string_view text) { return Redactor(text, false).run(); }

std::string redact_strictly(std::string_view text) {
  return without_folders(Redactor(text, true).run());
}

}  // namespace dbsql::base
