#pragma once

#include <dbsql/token_provider.h>

#include "auth/private_file.h"
#include "base/call_context.h"
#include "base/clock.h"

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::auth {

/// Whose tokens a file holds.
struct TokenIdentity {
  std::string origin;  ///< of the host, for instance "https://my.cloud.databricks.com"
  std::string client_id;
  std::vector<std::string> scopes;  ///< in any order
  std::string account_id;           ///< empty = a workspace

  /// One text for one identity, whatever the order of its scopes.
  std::string key() const;
};

/// Keeps the token of one identity in a file, encrypted, so that one sign-in serves all processes
/// of this user (reference/auth-http-config.md 2.5, "On-disk token caches").
///
/// The file is AES-256-GCM; its key comes from a passphrase, or, without one, is a random key in a
/// file beside it. Both are mode 0600 in a folder of mode 0700. Its name is a hash of the identity,
/// and the seal vouches for the identity as well: a file under another name does not open.
///
/// Errors: a file that cannot be used (damaged, another key, readable by others) is a miss, with
/// one warning in this object's life; it stays as it is until it is replaced.
/// Threads: safe from any thread. Processes: `save` and `remove` take the lock as proof.
/// Cost: with a passphrase the first use derives the key, about a quarter of a second.
class TokenStore {
 public:
  /// \param folder      made when it is not there; see `default_token_folder`
  /// \param passphrase  empty = a key file
  TokenStore(std::filesystem::path folder, Secret passphrase, TokenIdentity identity,
             base::Clock& clock = base::Clock::system());

  /// Waits until no other process renews this identity's token.
  /// \throws ConfigurationError  the folder cannot be used; as `call` demands
  FileLock lock(const base::CallContext& call) const;

  std::optional<Token> load() noexcept;
  /// \throws ConfigurationError  the file cannot be written
  void save(const Token& token, const FileLock& proof);
  void remove(const FileLock& proof) noexcept;

  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  std::optional<Token> open(std::string_view content);
  Secret key_for(std::string_view salt);
  Secret key_of_user() const;
  std::string vouched(std::string_view header) const;
  void warn_once(std::string_view what) noexcept;

  const std::filesystem::path folder_;
  const Secret passphrase_;
  const TokenIdentity identity_;
  const std::filesystem::path file_;
  base::Clock& clock_;
  std::mutex mutex_;
  bool has_warned_ = false;  // guarded by mutex_
  std::string salt_;         // guarded by mutex_; of key_
  Secret key_;               // guarded by mutex_
};

/// `databricks-sql-cpp/oauth` below $XDG_CACHE_HOME, or ~/.cache.
/// \throws ConfigurationError  the user has no home folder
std::filesystem::path default_token_folder();

}  // namespace dbsql::auth
