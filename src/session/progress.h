#pragma once

#include <dbsql/execute_options.h>

#include "observe/observer.h"

#include <functional>

namespace dbsql::session {

/// Hands the polls of one statement, and the wait for a warehouse that starts, to the caller's
/// progress callback.
class ProgressObserver final : public observe::Observer {
 public:
  /// \param on_progress  outlives this object; may be empty
  /// \param next         hears everything as well; outlives this object; may be null
  explicit ProgressObserver(const std::function<void(const Progress&)>& on_progress,
                            observe::Observer* next = nullptr)
      : on_progress_(on_progress), next_(next) {}

  void on(const observe::Event& event) noexcept override;

 private:
  const std::function<void(const Progress&)>& on_progress_;
  observe::Observer* const next_;
};

}  // namespace dbsql::session
