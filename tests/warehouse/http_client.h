#pragma once

#include "support/test_certificates.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::test {

/// What came back for one request.
struct HttpResult {
  int status = 0;                                            ///< 0 = no status line arrived
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::size_t declared_length = 0;
  int error = 0;  ///< errno of the failed read (ECONNRESET, EAGAIN after the timeout), 0 = none
  bool ended = false;  ///< the peer closed before the declared end

  bool complete() const { return status != 0 && body.size() == declared_length; }
  std::string header(std::string_view name) const;
};

/// One blocking connection to a server on this machine. Every bound is short: no test hangs.
class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// \param ca_file  not empty: TLS, with the certificate verified against this authority and
  /// `localhost`
  /// \param own  what to show a server that asks for a certificate; null = nothing
  explicit HttpClient(std::uint16_t port, std::string_view ca_file = {},
                      const KeyAndCertificate* own = nullptr);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  void set_timeout(std::chrono::milliseconds timeout);

  HttpResult send(std::string_view method, std::string_view target, std::string_view body = {},
                  const Headers& headers = {});
  /// Sends bytes as they are.
  void send_raw(std::string_view bytes);
  HttpResult receive();

  bool is_open() const;
  /// Whether the server closes the connection within the timeout.
  bool wait_for_close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbsql::test
