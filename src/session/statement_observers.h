#pragma once

#include <dbsql/error.h>

#include "base/clock.h"
#include "observe/observer.h"
#include "observe/profile_recorder.h"

#include <memory>
#include <utility>

namespace dbsql::session {

/// Everybody who listens to one statement: its profile always, telemetry and tracing where they are
/// on.
///
/// Threads: safe from any thread. Cost: one object per statement; where nothing but the profile is
/// on, one branch for each of the others.
class StatementObservers final : public observe::Observer {
 public:
  explicit StatementObservers(base::Clock& clock,
                              std::shared_ptr<observe::Observer> telemetry = nullptr,
                              std::shared_ptr<observe::Observer> trace = nullptr)
      : profile_(clock), telemetry_(std::move(telemetry)), trace_(std::move(trace)) {}

  void on(const observe::Event& event) noexcept override {
    profile_.on(event);
    if (telemetry_) telemetry_->on(event);
    if (trace_) trace_->on(event);
  }

  /// Runs what is the whole of a statement, and tells how it ended.
  template <class Action>
  void watch(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      fail(error);
      throw;
    }
    on(observe::StatementEnded{});
  }

  /// The statement came to nothing: there is no more to tell of it.
  void fail(const Error& error) noexcept {
    on(observe::Failed{&error});
    on(observe::StatementEnded{});
  }

  StatementProfile profile() const { return profile_.profile(); }

 private:
  observe::ProfileRecorder profile_;
  const std::shared_ptr<observe::Observer> telemetry_;
  const std::shared_ptr<observe::Observer> trace_;
};

}  // namespace dbsql::session
