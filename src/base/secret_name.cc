#include "base/secret_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dbsql::base {
namespace {

constexpr std::size_t kLongestName = 256;

/// Behind the word that counts these say nothing else: `private_key_pem`, `newPassword2`.
constexpr std::array<std::string_view, 11> kTails = {
    "json", "pem", "value", "text", "data", "content", "hash", "base64", "b64", "raw", "string"};
constexpr std::array<std::string_view, 5> kChosen = {"password", "passwd", "pwd", "passphrase",
                                                     "passcode"};
constexpr std::array<std::string_view, 6> kDoubtful = {"token", "secret",  "credentials",
                                                       "sig",   "passkey", "assertion"};
constexpr std::array<std::string_view, 11> kGenerated = {
    "token",        "secret",         "clientassertion",   "codeverifier",
    "devicecode",   "serviceaccount", "googlecredentials", "accesssignature",
    "amzsignature", "passkey",        "accountcredentials"};
/// Of keys only these are secret; tables are full of the others.
constexpr std::array<std::string_view, 18> kKeys = {
    "secret",     "access",  "account", "private", "api",          "encryption",
    "decryption", "storage", "shared",  "signing", "subscription", "master",
    "auth",       "aes",     "hmac",    "cipher",  "ssh",          "sas"};
/// Tokens of parsers, of pages and of models.
constexpr std::array<std::string_view, 16> kHarmless = {
    "pagetoken", "nexttoken",       "continuationtoken", "stoptoken",   "starttoken",   "endtoken",
    "synctoken", "unexpectedtoken", "invalidtoken",      "resumetoken", "missingtoken", "eostoken",
    "issecret",  "hastoken",        "haspassword",       "hassecret"};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alphanumeric(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

template <class Names>
bool ends_with_one_of(std::string_view text, const Names& names) noexcept {
  return std::ranges::any_of(names, [&](std::string_view each) { return text.ends_with(each); });
}

bool is_secret_key(std::string_view name) noexcept {
  constexpr std::string_view kKey = "key";
  if (!name.ends_with(kKey)) return false;
  name.remove_suffix(kKey.size());
  return ends_with_one_of(name, kKeys);
}

std::string_view without_tail(std::string_view name) noexcept {
  for (;;) {
    const auto tail = std::ranges::find_if(kTails, [&](std::string_view each) {
      return name.size() > each.size() && name.ends_with(each);
    });
    if (tail != kTails.end()) {
      name.remove_suffix(tail->size());
    } else if (name.size() > 1 && name.back() >= '0' && name.back() <= '9') {
      name.remove_suffix(1);
    } else {
      return name;
    }
  }
}

/// In Hadoop's options of Azure the account's name follows: `fs.azure.account.key.ACCOUNT...`.
bool is_of_azure_storage(std::string_view name) noexcept {
  const std::size_t at = name.find("fsazure");
  if (at == std::string_view::npos) return name.find("azureaccountkey") != std::string_view::npos;
  name.remove_prefix(at);
  const auto holds = [&](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  };
  return holds("accountkey") || holds("clientsecret") ||
         (holds("fsazuresas") && !name.ends_with("type"));
}

}  // namespace

Secrecy secrecy_of(std::string_view name) noexcept {
  if (name.size() > kLongestName) name.remove_prefix(name.size() - kLongestName);
  std::array<char, kLongestName> letters{};
  std::size_t count = 0;
  for (const char c : name) {
    if (is_alphanumeric(lower(c))) letters[count++] = lower(c);
  }
  const std::string_view whole(letters.data(), count);
  const std::string_view word = without_tail(whole);
  if (ends_with_one_of(word, kHarmless)) return Secrecy::None;
  if (ends_with_one_of(word, kChosen)) return Secrecy::Chosen;
  if (std::ranges::find(kDoubtful, word) != kDoubtful.end()) return Secrecy::Doubtful;
  const bool is_generated =
      ends_with_one_of(word, kGenerated) || is_secret_key(word) || is_of_azure_storage(whole);
  return is_generated ? Secrecy::Generated : Secrecy::None;
}

}  // namespace dbsql::base
