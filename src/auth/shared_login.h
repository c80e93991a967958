#pragma once

#include <dbsql/token_provider.h>

#include "auth/token_store.h"
#include "base/call_context.h"
#include "base/clock.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace dbsql::auth {

/// What all connectors of one process know of one person's sign-in, so that it happens once.
///
/// Ownership: shared by the providers of one identity. Threads: safe from any thread.
class SharedLogin : public std::enable_shared_from_this<SharedLogin> {
 public:
  /// The one of this identity in this process; kept to its end, so that a program that opens one
  /// connection after the other does not ask its user each time.
  static std::shared_ptr<SharedLogin> of(const TokenIdentity& identity);

  /// Makes others wait while somebody renews the token or signs in.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<SharedLogin> login) : login_(std::move(login)) {}
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    std::shared_ptr<SharedLogin> login_;
  };
  /// \throws TimeoutError, CancelledError as `call` demands
  Turn take_turn(const base::CallContext& call, base::Clock& clock);

  Token token() const;  ///< empty = nobody has signed in
  void keep(Token token);

  /// The server has refused this token: it is not handed out again, its refresh token may be used.
  void refuse(const Token& token) noexcept;
  bool is_refused(const Token& token) const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_taken_ = false;  // guarded by mutex_
  Token token_;            // guarded by mutex_
  Secret refused_;         // guarded by mutex_; the access token refused last
};

}  // namespace dbsql::auth
