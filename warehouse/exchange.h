#pragma once

#include "warehouse/http_message.h"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace dbsql::warehouse {

/// One request and the duty to answer it.
///
/// Ownership: shared by whoever works on the answer; when the last holder lets go without one, the
/// connection is closed. Threads: `reply` may be called from any thread, the first call wins.
/// Filters are added before the request is handed on.
class Exchange {
 public:
  using Sender = std::function<void(HttpReply)>;
  using Filter = std::function<void(HttpReply&)>;

  Exchange(HttpRequest request, Sender sender);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const HttpRequest& request() const noexcept { return request_; }

  /// The request in the journal; 0 = not recorded.
  std::uint64_t journal_number = 0;

  /// `filter` sees the reply before it leaves; filters run in the order in which they were added.
  void add_filter(Filter filter) { filters_.push_back(std::move(filter)); }

  /// `recorder` sees the reply as it leaves, after all filters.
  void set_recorder(std::function<void(const HttpReply&)> recorder) {
    recorder_ = std::move(recorder);
  }

  void reply(HttpReply reply);

 private:
  HttpRequest request_;
  Sender sender_;
  std::vector<Filter> filters_;
  std::function<void(const HttpReply&)> recorder_;
  std::atomic<bool> answered_{false};
};

}  // namespace dbsql::warehouse
