#include "auth/token_store.h"

#include <dbsql/error.h>

#include "auth/crypto.h"
#include "base/log.h"
#include "base/text.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <utility>

namespace dbsql::auth {
namespace {

// A file: magic, version, kind of key, salt, nonce, then the encrypted token and its seal.
constexpr std::string_view kMagic = "DBSQLTOK";
constexpr char kVersion = 1;
constexpr char kPassphrase = 'P';
constexpr char kKeyFile = 'K';
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kPrefixSize = kMagic.size() + 2;
constexpr std::size_t kHeaderSize = kPrefixSize + kSaltSize + kNonceSize;
constexpr std::size_t kLargestFile = std::size_t{256} << 10;

std::string hex(std::string_view bytes) { return base::to_hex(std::as_bytes(std::span(bytes))); }

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

using WallTime = std::chrono::system_clock::time_point;

std::optional<WallTime> time_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_integer()) return std::nullopt;
  constexpr std::int64_t kLatest = 9'000'000'000;  // in 2255, which every clock can hold
  const auto seconds = std::clamp<std::int64_t>(member->get<std::int64_t>(), 0, kLatest);
  return WallTime(std::chrono::seconds(seconds));
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Secret to_json(const Token& token) {
  nlohmann::json json{{"access_token", std::string(token.access_token.view())},
                      {"token_type", token.token_type},
                      {"refresh_token", std::string(token.refresh_token.view())},
                      {"scopes", token.scopes}};
  if (token.expires_at) json["expires_at"] = seconds_of(*token.expires_at);
  if (token.issued_at) json["issued_at"] = seconds_of(*token.issued_at);
  std::string text =
      json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
  Secret secret(text);
  ::explicit_bzero(text.data(), text.size());
  return secret;
}

std::optional<Token> from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  Token token;
  token.access_token = text_of(json, "access_token");
  token.refresh_token = text_of(json, "refresh_token");
  if (auto type = text_of(json, "token_type"); !type.empty()) token.token_type = std::move(type);
  if (const auto scopes = json.find("scopes"); scopes != json.end() && scopes->is_array()) {
    for (const auto& scope : *scopes)
      if (scope.is_string()) token.scopes.push_back(scope.get<std::string>());
  }
  token.expires_at = time_of(json, "expires_at");
  token.issued_at = time_of(json, "issued_at");
  return token;
}

std::filesystem::path home_folder() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return home;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr && found->pw_dir != nullptr && *found->pw_dir == '/')
    return found->pw_dir;
  throw_error({.kind = ErrorKind::Configuration,
               .message = "there is no folder for the token cache: set HOME or XDG_CACHE_HOME"});
}

}  // namespace

std::string TokenIdentity::key() const {
  std::vector<std::string> sorted = scopes;
  std::sort(sorted.begin(), sorted.end());
  std::string key = base::concat(base::to_lower(origin), '\0', client_id, '\0', account_id);
  for (const std::string& scope : sorted) key += '\0' + scope;
  return key;
}

std::filesystem::path default_token_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const auto base =
      cache != nullptr && *cache == '/' ? std::filesystem::path(cache) : home_folder() / ".cache";
  return base / "databricks-sql-cpp" / "oauth";
}

TokenStore::TokenStore(std::filesystem::path folder, Secret passphrase, TokenIdentity identity,
                       base::Clock& clock)
    : folder_(std::move(folder)),
      passphrase_(std::move(passphrase)),
      identity_(std::move(identity)),
      file_(folder_ / (hex(sha256(identity_.key())) + ".token")),
      clock_(clock) {}

FileLock TokenStore::lock(const base::CallContext& call) const {
  make_private_folder(folder_);
  return {file_.string() + ".lock", call, clock_};
}

std::optional<Token> TokenStore::load() noexcept {
  try {
    const auto content = read_private_file(file_, kLargestFile);
    if (!content) return std::nullopt;
    auto token = open(*content);
    if (!token)
      warn_once(base::concat("the token cache ", file_.string(),
                             " is damaged or was made with another key; it is not used"));
    return token;
  } catch (const Error& error) {
    warn_once(error.message());
  } catch (const std::exception& error) {
    warn_once(error.what());
  }
  return std::nullopt;
}

std::optional<Token> TokenStore::open(std::string_view content) {
  const char kind = passphrase_.empty() ? kKeyFile : kPassphrase;
  if (content.size() < kHeaderSize || !content.starts_with(kMagic) ||
      content[kMagic.size()] != kVersion || content[kMagic.size() + 1] != kind)
    return std::nullopt;
  const std::string_view salt = content.substr(kPrefixSize, kSaltSize);
  const std::string_view nonce = content.substr(kPrefixSize + kSaltSize, kNonceSize);
  const auto text = unseal(key_for(salt), nonce, vouched(content.substr(0, kHeaderSize)),
                           content.substr(kHeaderSize));
  return text ? from_json(text->view()) : std::nullopt;
}

void TokenStore::save(const Token& token, const FileLock&) {
  std::string salt;
  {
    std::lock_guard lock(mutex_);
    salt = salt_;
  }
  if (salt.empty()) salt = random_bytes(kSaltSize);
  const std::string nonce = random_bytes(kNonceSize);
  std::string content(kMagic);
  content += kVersion;
  content += passphrase_.empty() ? kKeyFile : kPassphrase;
  content += salt + nonce;
  content += seal(key_for(salt), nonce, vouched(content), to_json(token).view());
  replace_private_file(file_, content);
}

void TokenStore::remove(const FileLock&) noexcept { ::unlink(file_.c_str()); }

Secret TokenStore::key_for(std::string_view salt) {
  std::lock_guard lock(mutex_);
  if (!key_.empty() && salt_ == salt) return key_;
  key_ = passphrase_.empty() ? key_of_user() : derive_key(passphrase_.view(), salt);
  salt_ = salt;
  return key_;
}

/// The random key of this user; made by whichever process needs it first.
Secret TokenStore::key_of_user() const {
  const auto file = folder_ / "key";
  const FileLock one_at_a_time(folder_ / "key.lock", {}, clock_);
  auto content = read_private_file(file, kKeySize);
  if (!content) {
    content = random_bytes(kKeySize);
    replace_private_file(file, *content);
  }
  if (content->size() != kKeySize)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("the key of the token cache, ", file.string(),
                                         ", is damaged; remove it, and sign in once more")});
  Secret key(*content);
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.InnerPointer): the copy above changes nothing
  ::explicit_bzero(content->data(), content->size());
  return key;
}

/// What the seal vouches for beside the text: this header, for this identity.
std::string TokenStore::vouched(std::string_view header) const {
  return base::concat(header, identity_.key());
}

void TokenStore::warn_once(std::string_view what) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(has_warned_, true)) return;
  }
  base::log(LogLevel::Warn, "auth", what);
}

}  // namespace dbsql::auth
