#pragma once

#include "warehouse/exchange.h"
#include "warehouse/timers.h"
#include "warehouse/tls_identity.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dbsql::warehouse {

/// Looks at a request whose body has not been read yet. \return where the body goes; null = it is
/// held in memory
using UploadChooser = std::function<std::shared_ptr<Upload>(const HttpRequest& head)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0 = a free one
  int threads = 2;
  std::size_t max_body_bytes = std::size_t{64} << 20;
  std::uint32_t max_header_bytes = 64 * 1024;
  std::chrono::seconds idle_timeout{900};  ///< between requests of a kept-alive connection
  std::optional<TlsIdentity> tls;          ///< empty = plain HTTP
  std::string client_ca_pem;  ///< with TLS: clients must show a certificate that these sign
  UploadChooser upload_for;   ///< empty = all bodies are held in memory
  std::uint64_t max_upload_bytes = std::uint64_t{5} << 30;  ///< what storage takes in one PUT
};

/// An HTTP/1.1 server: keep-alive, thousands of connections on a few I/O threads, optionally TLS.
///
/// Ownership: exchanges may outlive the server; their replies then go nowhere.
/// Threads: the handler is called on an I/O thread and must not block.
class HttpServer final : public Timers {
 public:
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  /// Binds and listens; nothing is accepted before `start()`.
  /// \throws std::runtime_error when the address cannot be used, with the way out
  HttpServer(HttpServerOptions options, Handler handler);
  ~HttpServer() override;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start();
  std::uint16_t port() const noexcept;

  /// Accepts nothing more.
  void stop_accepting();
  /// Closes every connection and joins the I/O threads.
  void stop();

  std::shared_ptr<Timer> after(std::chrono::milliseconds wait,
                               std::function<void()> action) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dbsql::warehouse
