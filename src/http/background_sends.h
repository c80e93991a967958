#pragma once

#include "base/clock.h"
#include "http/transport.h"

#include <chrono>
#include <functional>
#include <memory>

namespace dbsql::http {

/// Requests that nobody waits for and whose credentials must be waited for first.
///
/// Whoever sends them may be the I/O thread itself, the timer thread or a destructor: none of them
/// may ask a provider of tokens, which can take as long as it likes, and may need the I/O thread
/// for its own requests. Requests stand in line here until one of a few threads of the process has
/// their credentials. The line of one client takes one thread at most, so that a provider that
/// hangs holds up nobody else.
///
/// Ownership: the destructor ends the waiting, and returns once neither transport nor credentials
/// are in use any more; what still stands in line ends with a failure.
/// Threads: safe from any thread.
class BackgroundSends {
 public:
  using Decorator = std::function<void(Headers& headers, const base::CallContext& call)>;

  /// \param add  may wait, but honours deadline and stop of its call
  BackgroundSends(std::shared_ptr<Transport> transport, Decorator add, base::Clock& clock);
  ~BackgroundSends();
  BackgroundSends(const BackgroundSends&) = delete;
  BackgroundSends& operator=(const BackgroundSends&) = delete;

  /// Returns at once.
  /// \param limit          of the transfer, from when it has its credentials
  /// \param on_completion  called once, on any thread, also when there were no credentials
  /// \throws Error (ResourceExhausted)  too many stand in line; std::system_error  no thread is to
  /// be had. The request is not sent then, and nobody hears of it
  void send(Request request, std::chrono::milliseconds limit, Transport::Completion on_completion);

 private:
  class Line;
  std::shared_ptr<Line> line_;
};

}  // namespace dbsql::http
