#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace dbsql::test {

/// A loopback port that carries every connection on to another one, and counts them.
class Relay {
 public:
  explicit Relay(std::uint16_t target);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::size_t connection_count() const noexcept { return accepted_; }

 private:
  void serve();
  void accept_one();
  void carry(std::size_t from);

  struct Pipe {
    int fd = -1;
    std::size_t other = 0;  // index of the pipe that gets what comes here
  };

  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::vector<Pipe> pipes_;  // of the thread
  std::atomic<std::size_t> accepted_ = 0;
  std::thread thread_;
};

}  // namespace dbsql::test
