#pragma once

#include <optional>
#include <stop_token>
#include <utility>

namespace dbsql::base {

/// A stop token that follows two others: a caller's, and that of what the call works on.
///
/// Ownership: the token may outlive this object, but then follows nobody any more.
/// Threads: built and destroyed by one thread; stops come from any.
/// Cost: none beyond a copy unless both can be stopped.
class LinkedStop {
 public:
  LinkedStop(std::stop_token first, std::stop_token second) {
    if (!first.stop_possible() || !second.stop_possible()) {
      token_ = first.stop_possible() ? std::move(first) : std::move(second);
      return;
    }
    const std::stop_source either;
    token_ = either.get_token();
    first_.emplace(std::move(first), Pass{either});
    second_.emplace(std::move(second), Pass{either});
  }
  LinkedStop(const LinkedStop&) = delete;
  LinkedStop& operator=(const LinkedStop&) = delete;

  const std::stop_token& token() const noexcept { return token_; }

 private:
  struct Pass {
    std::stop_source to;
    void operator()() const noexcept { to.request_stop(); }
  };
  std::stop_token token_;
  std::optional<std::stop_callback<Pass>> first_;
  std::optional<std::stop_callback<Pass>> second_;
};

}  // namespace dbsql::base
