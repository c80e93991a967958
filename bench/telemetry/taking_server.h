#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace dbsql::bench {

/// The least that takes a POST: an HTTP server on a free loopback port, one connection at a time,
/// in a thread of this process. It answers 200 to everything.
class TakingServer {
 public:
  TakingServer();
  ~TakingServer();
  TakingServer(const TakingServer&) = delete;
  TakingServer& operator=(const TakingServer&) = delete;

  std::string url() const;

 private:
  void serve() const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace dbsql::bench
