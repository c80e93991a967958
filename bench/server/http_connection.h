#pragma once

#include "server/pacing.h"
#include "server/rest_service.h"
#include "server/service.h"
#include "server/stats.h"

#include <chrono>
#include <cstddef>
#include <optional>
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
  /// When `on_writable()` has to be called, because a reply leaves at a measured pace.
  std::optional<Pacing::Clock::time_point> due() const noexcept { return due_; }
  int socket() const noexcept { return socket_; }

 private:
  bool handle_buffered();
  bool next_request(HttpRequest& request) const;
  void answer(const HttpRequest& request);
  Method answer_body(const HttpRequest& request);
  void answer_local(std::string_view target);
  void send_file(std::string_view target);
  void put_http_head(std::string_view status, std::string_view content_type);
  bool send();

  int socket_;
  Service& service_;
  Stats& stats_;
  std::string input_;
  Outgoing outgoing_;
  std::size_t sent_ = 0;
  Pacing pacing_;
  std::optional<Pacing::Clock::time_point> due_;
};

}  // namespace dbsql::bench
