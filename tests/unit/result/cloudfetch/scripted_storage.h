#pragma once

#include <dbsql/error.h>

#include "result/cloudfetch/download.h"
#include "support/scripted_operation.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A storage service that answers GETs from a script, when the test says so or at once.
class ScriptedStorage {
  using Completion = std::function<void(http::Reply)>;

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
    std::map<std::size_t, Completion> waiting;
    {
      std::lock_guard lock(mutex_);
      waiting = std::move(held_[url]);
      held_.erase(url);
    }
    for (const auto& [number, completion] : waiting) completion(take(url));
  }
  /// Answers one request that is kept waiting, by its place among `requests()`; the others of its
  /// URL wait on.
  void finish_request(std::size_t number, http::Reply reply) {
    Completion completion;
    {
      std::lock_guard lock(mutex_);
      auto& waiting = held_.at(requests_.at(number).url);
      completion = std::move(waiting.at(number));
      waiting.erase(number);
    }
    completion(std::move(reply));
  }

  /// Lets the next answer for `url` fall away: the one after it is given.
  void drop(const std::string& url) {
    std::lock_guard lock(mutex_);
    script_[url].pop_front();
  }

  /// Tells every request that is kept waiting for `url` that this much of the next answer is there.
  void grow(const std::string& url, std::size_t size) {
    std::vector<http::Request> waiting;
    base::Buffer body;
    {
      std::lock_guard lock(mutex_);
      body = std::get<http::Response>(script_[url].front()).body;
      for (const auto& request : requests_)
        if (request.url == url && held_.contains(url)) waiting.push_back(request);
    }
    for (const auto& request : waiting) request.on_body_growth(body.slice(0, size));
  }

  /// The address of a file, which the script and the records call by its bare name.
  static std::string address_of(std::string_view name) {
    return name.find("://") == std::string_view::npos ? kHost + std::string(name)
                                                      : std::string(name);
  }

  /// From now on a download of `url` cannot even be started: the error comes from starting it.
  void refuse_to_start(const std::string& url, ErrorFields error) {
    std::lock_guard lock(mutex_);
    refused_[url] = std::move(error);
  }

  result::StartDownload start() {
    return [this](http::Request request, std::function<void(http::Reply)> completion) {
      if (request.url.starts_with(kHost)) request.url.erase(0, kHost.size());
      {
        std::lock_guard lock(mutex_);
        if (const auto refused = refused_.find(request.url); refused != refused_.end())
          throw_error(refused->second);
        requests_.push_back(request);
        changed_.notify_all();
        if (const auto held = held_.find(request.url); held != held_.end()) {
          held->second.emplace(requests_.size() - 1, std::move(completion));
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

  inline static const std::string kHost = "https://storage.test/";

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<http::Reply>> script_;
  std::map<std::string, std::map<std::size_t, Completion>> held_;
  std::map<std::string, ErrorFields> refused_;
  std::vector<http::Request> requests_;
  int aborts_ = 0;
};

/// A result file with a batch for each list of BIGINTs, each message in an LZ4 frame of its own.
/// \param ends  where in the file each batch ends
inline http::Response file_of_batches(const std::vector<std::vector<std::int64_t>>& batches,
                                      Wire wire, std::vector<std::size_t>& ends) {
  std::string bytes;
  const auto add = [&](const std::string& message) {
    bytes +=
        wire == Wire::Lz4
            ? arrow::compress_lz4_frame(std::as_bytes(std::span(message.data(), message.size())))
            : message;
  };
  const arrow::RecordBatchEncoder encoder(*bigint_schema());
  add(arrow::write_schema(*bigint_schema()));
  for (const auto& values : batches) {
    add(encoder.encode(*bigint_batch(values)));
    ends.push_back(bytes.size());
  }
  add(std::string(arrow::end_of_stream()));
  return {.status = 200, .body = base::Buffer::copy_of(bytes)};
}

/// A result file with one batch of BIGINTs.
inline http::Response file_of(const std::vector<std::int64_t>& values, Wire wire = Wire::Lz4) {
  std::string bytes = arrow::write_stream(*bigint_schema(), *bigint_batch(values));
  if (wire == Wire::Lz4)
    bytes = arrow::compress_lz4_frame(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return {.status = 200, .body = base::Buffer::copy_of(bytes)};
}

}  // namespace dbsql::test
