#pragma once

#include "observe/events.h"

namespace dbsql::observe {

/// Listens to what the core does. A seam: telemetry, profiles and progress callbacks implement it.
///
/// Threads: called from the thread of the call that caused the event, or from the worker thread
/// that does its work; implementations guard their own state.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on(const Event& event) noexcept = 0;
};

}  // namespace dbsql::observe
