#pragma once

#include "server/service.h"
#include "server/stats.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace dbsql::bench {

/// One keep-alive connection: reads requests, writes replies straight from prepared memory.
///
/// Ownership: owns the socket. Threads: one.
class HttpConnection {
 public:
  HttpConnection(int socket, Service& service, Stats& stats);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Reads and answers what there is. \return false when the connection is over
  bool on_readable();
  /// Sends what is left. \return false when the connection is over
  bool on_writable();
  bool has_output() const noexcept { return sent_ < outgoing_.size(); }
  int socket() const noexcept { return socket_; }

 private:
  struct RequestText {
    std::string_view target;  ///< of a GET; empty for a POST
    std::string_view body;
    std::size_t size = 0;  ///< of head and body
  };

  bool handle_buffered();
  bool next_request(RequestText& request) const;
  void answer(const RequestText& request);
  void answer_get(std::string_view target);
  void put_http_head(std::string_view status, std::string_view content_type);
  bool send();

  int socket_;
  Service& service_;
  Stats& stats_;
  std::string input_;
  Outgoing outgoing_;
  std::size_t sent_ = 0;
};

}  // namespace dbsql::bench
