#pragma once

#include <dbsql/error.h>

#include "base/buffer.h"
#include "base/call_context.h"
#include "http/body.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dbsql::http {

/// What may be done again when a request fails (reference/auth-http-config.md 4.7).
enum class RequestClass : std::uint8_t {
  Read,
  Close,
  Fetch,
  FetchNext,  ///< FetchResults that moves the cursor: like Execute once bytes were sent
              ///< (reference/thrift.md 4.4)
  Open,
  Execute,
  Commit,
  Auth,
  Storage,  ///< a volume's file by its signed link: PUT, GET, DELETE
  Telemetry,
};

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

/// The value of the first header of that name, compared without case; empty when there is none.
std::string_view find_header(const Headers& headers, std::string_view name) noexcept;

struct Response {
  int status = 0;
  Headers headers;
  base::Buffer body;  ///< complete: a body shorter than declared is a `Failure`
};

struct Request {
  std::string method = "POST";
  std::string url;
  Headers headers;
  base::Buffer body;
  /// In place of `body`, for bodies that are not held in memory; outlives the call. Such a request
  /// is for `send` alone.
  BodySource* source = nullptr;
  /// Takes the body of a 2xx reply, which `Response::body` then lacks; outlives the call. For
  /// `send` alone. The bytes arrive as they are: a Content-Encoding is not undone. Of the body of
  /// any other reply the beginning is kept, for the error.
  BodySink* sink = nullptr;
  RequestClass request_class = RequestClass::Read;
  std::string name;  ///< for logs and errors, for instance "ExecuteStatement"
  /// Longest silence of the server, beside the call's deadline: before the first byte of the reply
  /// (exact), and between later ones (up to twice as long). 0 = no limit.
  std::chrono::milliseconds first_byte_timeout{900'000};
  /// When set, a request that has left is not aborted when its caller gives up waiting: the
  /// transfer runs on, and this receives the reply, on an I/O thread. It must be short and must not
  /// throw. So a statement whose handle came too late can still be cancelled.
  std::function<void(const Response&)> on_late_reply;
  /// When set, hears of the body of a 200 reply while it arrives, whenever `growth_step` bytes more
  /// are there, then twice as many, up to 1 MiB: the same memory each time, of which a longer part
  /// may be read. On an I/O thread; it must be short and must not throw. Bodies of undeclared or
  /// exceptional size are not reported before they are complete.
  std::function<void(const base::Buffer& so_far)> on_body_growth;
  std::size_t growth_step = std::size_t{16} << 10;
};

/// The request did not lead to a complete reply.
struct Failure {
  ErrorKind kind =
      ErrorKind::Network;          ///< Network, Tls or Timeout (of connecting or of the first byte)
  std::string message;             ///< names host and port, no secrets
  bool bytes_sent = false;         ///< the server may have seen the request
  bool permanent = false;          ///< repeating cannot help: certificate, proxy credentials
  std::string_view sqlstate = {};  ///< static text; empty = the kind's usual one
};

using Reply = std::variant<Response, Failure>;

/// Moves one request and its reply. A seam: tests script it byte by byte.
///
/// Threads: safe from any thread.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends once; never retries, never follows a redirect.
  /// \throws TimeoutError, CancelledError as `call` demands, at once, also in the middle of a
  /// transfer
  virtual Reply send(const Request& request, const base::CallContext& call) = 0;

  /// Receives the outcome of a request that no thread waits for: on an I/O thread or at once. It
  /// must be short and must not throw.
  using Completion = std::function<void(Reply)>;

  /// Sends once and returns at once.
  /// \param limit         the transfer is given up after this time
  /// \param on_completion  called once, when there is one
  virtual void send_in_background(const Request& request, std::chrono::milliseconds limit,
                                  Completion on_completion) = 0;
};

}  // namespace dbsql::http
