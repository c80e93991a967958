#pragma once

#include "base/call_context.h"
#include "base/clock.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dbsql::auth {

/// What a browser brought back from the sign-in page. Either a code or an error.
struct LoginAnswer {
  std::string code;
  std::string error;        ///< for instance "access_denied"; outside text
  std::string description;  ///< of the error; outside text
};

/// Waits on this machine for the browser to come back from a sign-in (RFC 8252 7.3).
///
/// Listens on 127.0.0.1 only. Answers requests without our `state` with 404 and goes on: browsers
/// ask for icons, and anybody may knock. Closes its port as soon as the answer is there.
///
/// Ownership: the thread that serves ends with this object. Threads: one thread.
/// Errors: ConfigurationError when no port is free.
class LoopbackListener {
 public:
  /// \param ports  tried in order; 0 = any free one
  /// \param state  what the answer must carry
  LoopbackListener(std::span<const std::uint16_t> ports, std::string state, base::Clock& clock);
  ~LoopbackListener();
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  /// `http://localhost:PORT`, as it is registered for clients.
  std::string redirect_uri() const;

  /// The answer; empty when there is none at `until`. \throws as `call` demands
  std::optional<LoginAnswer> wait(const base::CallContext& call, base::Clock::TimePoint until);

 private:
  struct Peer;

  void serve();
  bool wait_for_sockets(std::vector<Peer>& peers) const;
  void accept_peer(std::vector<Peer>& peers) const;
  bool read_peer(Peer& peer);
  std::string answer_to(std::string_view request);
  std::string answer_to_query(std::string_view query);
  void deliver(LoginAnswer answer);

  const std::string state_;
  base::Clock& clock_;
  int socket_ = -1;
  int wake_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<LoginAnswer> answer_;  // guarded by mutex_
  bool is_answered_ = false;           // of the serving thread alone
  std::thread thread_;
};

}  // namespace dbsql::auth
