#pragma once

#include <dbsql/error.h>
#include <dbsql/token_provider.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace dbsql::test {

/// A provider whose answers the test writes, and which can be held up.
class ScriptedProvider final : public TokenProvider {
 public:
  using Answer = std::function<Token(int call)>;
  explicit ScriptedProvider(Answer answer) : answer_(std::move(answer)) {}

  Token get_token(const TokenContext&) override {
    int call = 0;
    {
      std::unique_lock lock(mutex_);
      call = ++calls_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !is_held_ || call == released_; });
    }
    return answer_(call);
  }
  std::string name() const override { return "scripted"; }

  void hold(bool is_held) {
    std::lock_guard lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  /// Lets the n-th call go on while the others are held.
  void release_only(int call) {
    std::lock_guard lock(mutex_);
    released_ = call;
    changed_.notify_all();
  }
  int calls() const {
    std::lock_guard lock(mutex_);
    return calls_;
  }
  void await_calls(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= count; });
  }

 private:
  Answer answer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;         // guarded by mutex_
  bool is_held_ = false;  // guarded by mutex_
  int released_ = 0;      // guarded by mutex_
};

}  // namespace dbsql::test
