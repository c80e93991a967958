#pragma once

#include "base/clock.h"
#include "http/retry_policy.h"
#include "http/transport.h"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace dbsql::http {

class BackgroundSends;
class ConnectionLimit;
class RateLimitGate;

/// Sends requests with the retry table: one attempt loop for every protocol.
///
/// Ownership: copies share the transport.
/// Threads: safe from any thread.
/// Errors: see `send`; a single attempt that fails for good costs no wait.
class Client {
 public:
  /// Adds what each attempt needs anew, for instance the Authorization header.
  using Decorator = std::function<void(Headers& headers, const base::CallContext& call)>;

  /// Hears that the server refused these headers (401); true when others may be had. A refused
  /// request was not run, so it is sent once more whatever its class (reference/auth-http-config.md
  /// 3.7).
  using Renewal = std::function<bool(const Headers& refused)>;

  /// Adds the same from what is at hand: asks nobody, waits for nobody, does not throw. False when
  /// nothing is at hand.
  using AtHand = std::function<bool(Headers& headers)>;

  struct Credentials {
    Credentials() = default;
    template <std::invocable<Headers&, const base::CallContext&> Add>
    Credentials(Add adds, Renewal renews = {},  // NOLINT: most callers only add headers
                AtHand adds_at_hand = {})
        : add(std::move(adds)), renew(std::move(renews)), add_at_hand(std::move(adds_at_hand)) {}

    Decorator add;
    Renewal renew;
    AtHand add_at_hand;  ///< empty = nothing ever is
  };

  /// \param most_at_once  requests under way at one time; the rest wait their turn, but for those
  ///   that end something, which may be what the others wait for; 0 = no bound
  Client(std::shared_ptr<Transport> transport, RetryOptions options, Credentials credentials = {},
         base::Clock& clock = base::Clock::system(), std::size_t most_at_once = 0);

  /// The reply of status 200 to 299, after as many attempts as the request's class allows. Of a GET
  /// or HEAD up to three redirects on the same host are followed, of others none. Bodies
  /// that are not held in memory must be able to begin anew, or the first failure is the last.
  /// \throws Error  with the kind of reference/auth-http-config.md 4.9, `attempts`, `elapsed`,
  /// `retry_after`, and
  ///   `outcome_unknown` when the server may have run the request
  Response send(Request request, const base::CallContext& call) const;

  /// Sends once and returns at once. For requests that tidy up, or that can be left out. Without
  /// credentials at hand the request waits for them elsewhere, half a minute at most: the calling
  /// thread, which may be the I/O thread or in a destructor, asks nobody for any.
  /// \param limit         the transfer is given up after this time
  /// \param on_completion  receives the outcome; may be empty (`Transport::Completion`)
  void send_in_background(Request request, std::chrono::milliseconds limit,
                          Transport::Completion on_completion = {}) const;

 private:
  std::shared_ptr<Transport> transport_;
  RetryOptions options_;
  Credentials credentials_;
  std::shared_ptr<BackgroundSends> background_;  ///< null where there are no credentials
  base::Clock* clock_;
  std::shared_ptr<RateLimitGate> gate_;  ///< shared by all clients of the process
  std::shared_ptr<ConnectionLimit> limit_;
};

}  // namespace dbsql::http
