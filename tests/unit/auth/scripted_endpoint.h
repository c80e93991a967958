#pragma once

#include "http/transport.h"

#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// Answers in the order of a script, the last one for ever.
class ScriptedEndpoint final : public http::Transport {
 public:
  void answer(int status, std::string body) {
    answers_with({status, {}, base::Buffer::copy_of(body)});
  }
  void answers_with(http::Response response) { answers_.push_back(std::move(response)); }
  http::Reply send(const http::Request& request, const base::CallContext&) override {
    std::lock_guard lock(mutex_);
    requests.push_back(request);
    if (answers_.empty()) return http::Failure{.message = "nobody answers"};
    http::Response response = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return response;
  }
  void send_in_background(const http::Request&, std::chrono::milliseconds, Completion) override {}

  std::vector<http::Request> requests;

 private:
  std::mutex mutex_;
  std::deque<http::Response> answers_;
};

}  // namespace dbsql::test
