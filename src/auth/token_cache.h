#pragma once

#include <dbsql/error.h>
#include <dbsql/token_provider.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "http/transport.h"

#include <chrono>
#include <memory>
#include <string>

namespace dbsql::auth {

struct TokenCacheOptions {
  std::chrono::seconds refresh_timeout{60};  ///< for one answer of the inner provider
  /// A token of unknown life is not kept: every call asks again, so that a rotated secret counts
  /// at once (reference/auth-http-config.md 3.7, `external_token`).
  bool asks_each_time_without_expiry = false;
};

/// Throws what a token is refused for: nothing in it, or a character that no header can hold.
void check_token(const Token& token, ErrorKind kind);

/// The state machine behind `CachedTokenProvider` (reference/auth-http-config.md 3.7).
///
///   EMPTY    nothing kept                   callers wait for one shared refresh
///   FRESH    more than the lead is left     served
///   STALE    30 s < left <= lead            served, and renewed in the background
///   EXPIRED  left <= 30 s                   callers wait for one shared refresh
///
/// The lead is half of the token's life, at most 20 min; 5 min where only the end is known.
///
/// A refresh that takes longer than `refresh_timeout` is told to stop and left to itself; the next
/// caller starts another one. At most four hang at a time.
///
/// Ownership: a refresh that runs keeps the state alive. The destructor tells it to stop and waits
/// for it, so that nothing is asked after the cache has gone; one that does not honour the stop is
/// left to itself after two seconds. Threads: safe from any thread.
/// Cost of a served token: one lock that few threads share, which nobody waits for, and a look at
/// the coarse clock (bench/micro/token_bench.cc).
class TokenCache {
 public:
  /// A token and the header made of it.
  struct Entry {
    Token token;
    Secret header;  ///< the value of Authorization
    std::optional<base::Clock::TimePoint> stale_from;
    std::optional<base::Clock::TimePoint> expired_from;
  };

  explicit TokenCache(std::shared_ptr<TokenProvider> inner, TokenCacheOptions options = {},
                      base::Clock& clock = base::Clock::system());
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  /// \throws AuthenticationError as the inner provider fails; TimeoutError, CancelledError as
  /// `call` demands
  std::shared_ptr<const Entry> get(const base::CallContext& call);

  /// Adds the Authorization header, and those beside it, to a request.
  /// \throws as `get`
  void add_headers(http::Headers& headers, const base::CallContext& call);

  /// Adds the headers of a token that is kept and good. \return false when there is none: nobody is
  /// asked for one, and nobody waits
  bool add_headers_at_hand(http::Headers& headers) const;

  /// Drops the token if it is the one that is kept.
  void invalidate(std::string_view access_token) noexcept;

  const TokenProvider& inner() const noexcept;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace dbsql::auth
