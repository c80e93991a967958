#pragma once

#include "http/transport.h"
#include "telemetry/destination.h"
#include "telemetry/host_key.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::telemetry {

inline http::Response response_of(int status, std::string_view body = {},
                                  http::Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = base::Buffer::copy_of(body)};
}

/// Answers as the test says: at once with the next scripted reply, with the usual one, or, while
/// held, when the test lets go.
class ScriptedTransport final : public http::Transport {
 public:
  explicit ScriptedTransport(http::Reply usual = response_of(200, R"({"numProtoSuccess":1})"))
      : usual_(std::move(usual)) {}

  http::Reply send(const http::Request&, const base::CallContext&) override {
    return http::Failure{.kind = ErrorKind::Internal, .message = "telemetry never waits"};
  }

  void send_in_background(const http::Request& request, std::chrono::milliseconds limit,
                          Completion on_completion) override {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    limits_.push_back(limit);
    changed_.notify_all();
    if (holds_) {
      held_.push_back(std::move(on_completion));
      return;
    }
    http::Reply reply = usual_;
    if (!script_.empty()) {
      reply = std::move(script_.front());
      script_.pop_front();
    }
    lock.unlock();
    on_completion(std::move(reply));
  }

  void answer_with(http::Reply reply) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(reply));
  }
  void always_answer_with(http::Reply reply) {
    std::lock_guard lock(mutex_);
    usual_ = std::move(reply);
  }
  void hold(bool holds = true) {
    std::lock_guard lock(mutex_);
    holds_ = holds;
  }
  /// Answers everything that is held.
  void let_go(const http::Reply& reply = response_of(200, R"({"numProtoSuccess":1})")) {
    std::vector<Completion> held;
    {
      std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (const auto& completion : held) completion(reply);
  }

  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return requests_.size();
  }
  http::Request request(std::size_t index) const {
    std::lock_guard lock(mutex_);
    return requests_.at(index);
  }
  std::chrono::milliseconds limit(std::size_t index) const {
    std::lock_guard lock(mutex_);
    return limits_.at(index);
  }
  /// Blocks (in real time) until so many requests have come.
  void await(std::size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  http::Reply usual_;
  std::deque<http::Reply> script_;
  bool holds_ = false;
  std::vector<Completion> held_;
  std::vector<http::Request> requests_;
  std::vector<std::chrono::milliseconds> limits_;
};

inline std::shared_ptr<Destination> destination_to(std::shared_ptr<http::Transport> transport,
                                                   std::string_view host = "h.example.com") {
  auto destination = std::make_shared<Destination>();
  destination->origin = "https://" + std::string(host);
  destination->host = host_key(host);
  destination->user_agent = "DatabricksSqlCpp/0.1.0 (acme)";
  destination->authorize = [](http::Headers& headers) {
    headers.push_back({"Authorization", "Bearer at-hand"});
    return true;
  };
  destination->transport = std::move(transport);
  return destination;
}

}  // namespace dbsql::telemetry
