#pragma once

#include "result/cloudfetch/download.h"
#include "support/scripted_operation.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A storage service that answers GETs from a script, when the test says so or at once.
class ScriptedStorage {
 public:
  /// The next answer for a URL; the last one stays for all further requests.
  void answer(const std::string& url, http::Reply reply) {
    script_[url].push_back(std::move(reply));
  }

  /// From now on requests for `url` are kept waiting until `finish(url)`.
  void hold(const std::string& url) {
    std::lock_guard lock(mutex_);
    held_[url] = {};
  }
  void finish(const std::string& url) {
    std::vector<std::function<void(http::Reply)>> waiting;
    {
      std::lock_guard lock(mutex_);
      waiting = std::move(held_[url]);
      held_.erase(url);
    }
    for (const auto& completion : waiting) completion(take(url));
  }

  result::StartDownload start() {
    return [this](const http::Request& request, std::function<void(http::Reply)> completion) {
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
        changed_.notify_all();
        if (const auto held = held_.find(request.url); held != held_.end()) {
          held->second.push_back(std::move(completion));
          return result::AbortDownload([this] {
            std::lock_guard inner(mutex_);
            ++aborts_;
          });
        }
      }
      completion(take(request.url));
      return result::AbortDownload([] {});
    };
  }

  std::vector<http::Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int count(const std::string& url) const {
    int found = 0;
    for (const auto& request : requests()) found += request.url == url ? 1 : 0;
    return found;
  }
  int aborts() const {
    std::lock_guard lock(mutex_);
    return aborts_;
  }
  void await_requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
  }

 private:
  http::Reply take(const std::string& url) {
    std::lock_guard lock(mutex_);
    auto& answers = script_[url];
    if (answers.empty()) return http::Response{.status = 404};
    http::Reply reply = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return reply;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<http::Reply>> script_;
  std::map<std::string, std::vector<std::function<void(http::Reply)>>> held_;
  std::vector<http::Request> requests_;
  int aborts_ = 0;
};

/// A result file with one batch of BIGINTs.
inline http::Response file_of(const std::vector<std::int64_t>& values, Wire wire = Wire::Lz4) {
  std::string bytes = arrow::write_stream(*bigint_schema(), *bigint_batch(values));
  if (wire == Wire::Lz4)
    bytes = arrow::compress_lz4_frame(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return {.status = 200, .body = base::Buffer::copy_of(bytes)};
}

}  // namespace dbsql::test
