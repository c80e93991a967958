#pragma once

#include "base/clock.h"
#include "http/curl_options.h"
#include "http/transport.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace dbsql::http {

/// The real transport: libcurl's multi interface on one I/O thread per process, or a few.
///
/// Ownership: running calls keep the I/O thread alive; it ends with the last transport and the last
/// call. Threads: safe from any thread. Errors: see `Transport::send`. Cost: one hand-over to the
/// I/O thread and back per request; connections are kept for 55 s and reused.
class CurlTransport final : public Transport {
 public:
  /// A running transfer. Dropping the object lets the transfer run on.
  class Transfer {
   public:
    /// Ends the transfer and closes its socket; the completion is then not called, unless it
    /// already was. Returns at once.
    void abort() noexcept;

   private:
    friend class CurlTransport;
    class State;
    std::shared_ptr<State> state_;
  };

  /// \throws ConfigurationError  a CA file or a client certificate that cannot be used
  explicit CurlTransport(CurlOptions options = {}, base::Clock& clock = base::Clock::system());
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Reply send(const Request& request, const base::CallContext& call) override;
  void send_in_background(const Request& request, std::chrono::milliseconds limit,
                          Completion on_completion) override;

  /// Starts a request and returns. Transfers still running when the last transport goes end with a
  /// `Failure`. \param deadline  the transfer then ends with a `Failure` of kind Timeout
  Transfer start(const Request& request, std::optional<base::Clock::TimePoint> deadline,
                 Completion completion);

 private:
  class Impl;
  static Reply send_streamed(Impl& impl, const Request& request, const base::CallContext& call);

  std::shared_ptr<Impl> impl_;
};

}  // namespace dbsql::http
