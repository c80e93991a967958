#pragma once

#include <dbsql/error.h>

#include "base/clock.h"
#include "protocol/backend.h"
#include "protocol/listing.h"
#include "session/connection_impl.h"
#include "support/scripted_operation.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A server in this process with sessions that live for a while on a clock of the test's. Every
/// statement succeeds at once with one row, unless the test says otherwise.
///
/// Threads: safe from any thread, but for its settings, which are the test's to make first.
class FakeSessions {
 public:
  explicit FakeSessions(base::Clock& clock) : clock_(clock) {}

  // Settings.
  std::chrono::nanoseconds session_life{0};                ///< 0 = for ever
  bool keeps_statements = true;                            ///< in `statements()`
  protocol::Namespace initial{"main", "default"};          ///< of every session
  std::function<void()> on_open;                           ///< may throw
  std::function<void(const std::string& sql)> on_execute;  ///< may throw; sessions that are known
  std::function<void()> on_close;                          ///< may throw: the server was not heard
  bool holds_results = false;           ///< results are open until they are closed
  std::atomic<bool> is_silent = false;  ///< nothing is answered any more

  /// Nobody's session is known any more.
  void forget() {
    const std::lock_guard lock(mutex_);
    sessions_.clear();
  }

  int open_count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(sessions_.size());
  }
  int opened() const {
    const std::lock_guard lock(mutex_);
    return opened_;
  }
  int most_open() const {
    const std::lock_guard lock(mutex_);
    return most_open_;
  }
  std::vector<std::string> statements() const {
    const std::lock_guard lock(mutex_);
    return statements_;
  }

  std::shared_ptr<protocol::Session> open_session() {
    if (on_open) on_open();
    const std::lock_guard lock(mutex_);
    const std::string id = "session-" + std::to_string(++opened_);
    sessions_.emplace(id, clock_.now());
    most_open_ = std::max(most_open_, static_cast<int>(sessions_.size()));
    return std::make_shared<FakeSession>(*this, id);
  }

  /// A connection to it. \param recovers  expired sessions are replaced
  std::shared_ptr<Connection::Impl> connect(bool recovers = false) {
    const auto open = [this](const base::CallContext& call) {
      base::check(call, clock_);
      return open_session();
    };
    ConnectionParts parts;
    parts.session = open({});
    parts.open_side_session = open;
    if (recovers) parts.reopen = open;
    return std::make_shared<Connection::Impl>(std::move(parts), clock_);
  }

 private:
  class FakeSession final : public protocol::Session {
   public:
    FakeSession(FakeSessions& server, std::string id) : server_(server), id_(std::move(id)) {}
    ~FakeSession() override { close(); }
    FakeSession(const FakeSession&) = delete;
    FakeSession& operator=(const FakeSession&) = delete;

    const std::string& id() const noexcept override { return id_; }
    std::unique_ptr<protocol::Operation> execute(const protocol::ExecuteRequest& request,
                                                 const base::CallContext& call) override {
      base::check(call, server_.clock_);
      require_known();
      server_.keep(request.sql);
      if (server_.is_silent) server_.clock_.sleep(kEver, call);
      if (server_.on_execute) server_.on_execute(request.sql);
      return server_.finished();
    }
    std::unique_ptr<protocol::Operation> attach(const std::string&,
                                                std::shared_ptr<observe::Observer>,
                                                const base::CallContext&) override {
      return server_.finished();
    }
    std::unique_ptr<protocol::Operation> list(const protocol::ListingRequest&,
                                              const base::CallContext&) override {
      require_known();
      return server_.finished();
    }
    bool is_dead() const noexcept override { return dead_; }
    const protocol::Namespace& initial_namespace() const noexcept override {
      return server_.initial;
    }
    void close() noexcept override { close_by(server_.clock_.now() + std::chrono::seconds(5)); }
    void close_by(base::CallContext::TimePoint until) noexcept override {
      if (closed_.exchange(true) || dead_) return;
      try {
        if (server_.is_silent) return server_.await(until, abandoned_.get_token());
        if (server_.on_close) server_.on_close();
      } catch (const std::exception&) {
        // The server ends it by itself, some time.
      }
      server_.end(id_);
    }
    void abandon() noexcept override {
      closed_ = true;
      abandoned_.request_stop();
    }

   private:
    void require_known() {
      if (server_.knows(id_)) return;
      dead_ = true;
      throw_error({.kind = ErrorKind::SessionExpired,
                   .message = "Invalid SessionHandle",
                   .connection_id = id_,
                   .connection_dead = true});
    }

    FakeSessions& server_;
    const std::string id_;
    std::atomic<bool> dead_ = false;
    std::atomic<bool> closed_ = false;
    std::stop_source abandoned_;
  };
  static constexpr std::chrono::hours kEver{1000};

  /// \throws Error  always: by the moment, or by the stop
  void await(base::CallContext::TimePoint until, std::stop_token stop) {
    base::CallContext call;
    call.deadline = until;
    call.stop = std::move(stop);
    clock_.sleep(kEver, call);
  }

  bool knows(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return false;
    if (session_life.count() == 0 || clock_.now() < found->second + session_life) return true;
    sessions_.erase(found);
    return false;
  }
  void end(const std::string& id) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(id);
  }
  void keep(const std::string& sql) {
    if (!keeps_statements) return;
    const std::lock_guard lock(mutex_);
    statements_.push_back(sql);
  }
  std::unique_ptr<protocol::Operation> finished() const {
    auto operation = std::make_unique<ScriptedOperation>();
    operation->result_metadata = bigint_metadata();
    operation->is_held = holds_results;
    operation->add({.start_row = 0, .has_more = false, .rows = std::vector{arrow_message({1})}});
    return operation;
  }

  base::Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, base::Clock::TimePoint> sessions_;  // guarded by mutex_
  std::vector<std::string> statements_;                     // guarded by mutex_
  int opened_ = 0;                                          // guarded by mutex_
  int most_open_ = 0;                                       // guarded by mutex_
};

}  // namespace dbsql::test
