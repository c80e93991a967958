#pragma once

#include "base/buffer.h"
#include "base/call_context.h"
#include "http/client.h"
#include "http/transport.h"
#include "protocol/thrift/wire_reader.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::tcli {
class TStatus;
}

namespace dbsql::protocol::thrift {

/// How to reach one warehouse or cluster.
struct Endpoint {
  std::string url;
  http::Headers headers;  ///< sent with every request, beside Authorization
  std::chrono::milliseconds request_timeout{900'000};
};

/// One method of TCLIService, with what may be done again when it fails.
struct Method {
  std::string_view name;
  http::RequestClass request_class;
};

/// The body of a reply and a reader that stands at the fields of its `success` struct.
struct RpcReply {
  base::Buffer body;
  WireReader reader;
};

/// Thrift calls over HTTP: one POST each, no state in the connection (reference/thrift.md 1).
///
/// Threads: safe from any thread.
class Rpc {
 public:
  Rpc(std::shared_ptr<const http::Client> client, Endpoint endpoint)
      : client_(std::move(client)), endpoint_(std::move(endpoint)) {}

  /// Sends a request and waits for its reply.
  /// \param first_byte_timeout  zero = the endpoint's request timeout
  /// \throws Error of the HTTP client; (Protocol) when the answer is not the reply to this call
  template <class Request>
  RpcReply call(const Method& method, const Request& request, const base::CallContext& call,
                std::chrono::milliseconds first_byte_timeout = std::chrono::milliseconds(0));

  /// The same; when the caller gives up waiting after the request has left, `on_late_reply` gets
  /// the reply if it still comes, on an I/O thread.
  template <class Request>
  RpcReply call(const Method& method, const Request& request, const base::CallContext& call,
                std::function<void(RpcReply)> on_late_reply);

  /// Sends a request whose reply nobody waits for: best effort, bounded, returns at once, never
  /// throws.
  /// \param trace  what it belongs to, here and below; may be null
  template <class Request>
  void notify(const Method& method, const Request& request, const base::Trace& trace) noexcept;

  /// Sends a request once, without retries, and returns at once.
  /// \param limit     it is given up after this time
  /// \param on_reply  called once, on any thread, with the reply, or with nothing when none came or
  ///   the request could not be sent. It must be short and must not throw
  template <class Request>
  void call_in_background(const Method& method, const Request& request, const base::Trace& trace,
                          std::chrono::milliseconds limit,
                          std::function<void(std::optional<RpcReply>)> on_reply) noexcept;

 private:
  RpcReply exchange(const Method& method, http::Request request, std::int32_t sequence_id,
                    const base::CallContext& call);
  http::Request prepare(const Method& method, base::Buffer body, const base::Trace& trace,
                        std::chrono::milliseconds first_byte_timeout) const;

  std::int32_t next_sequence_id() noexcept {
    return next_sequence_id_.fetch_add(1, std::memory_order_relaxed);
  }

  std::shared_ptr<const http::Client> client_;
  Endpoint endpoint_;
  std::atomic<std::int32_t> next_sequence_id_{1};
};

/// The fields of the error a status reports; an error without details when the reply had no status
/// at all.
ErrorFields error_of(const tcli::TStatus* status);

/// \throws Error when the status is not a success (reference/thrift.md 4.1)
void require_success(const tcli::TStatus* status, const base::CallContext& call);

}  // namespace dbsql::protocol::thrift
