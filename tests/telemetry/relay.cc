#include "telemetry/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace dbsql::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int connected(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

Relay::Relay(std::uint16_t target)
    : target_(target),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (wake_ < 0 || ::bind(listener_, any, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, any, &size) != 0)
    throw std::runtime_error("cannot listen on a loopback port");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Relay::~Relay() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
  thread_.join();
  for (const Pipe& pipe : pipes_) {
    if (pipe.fd >= 0) ::close(pipe.fd);
  }
  ::close(listener_);
  ::close(wake_);
}

void Relay::serve() {
  for (;;) {
    std::vector<pollfd> waits = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    const std::size_t first = waits.size();
    for (const Pipe& pipe : pipes_) waits.push_back({pipe.fd, POLLIN, 0});  // -1 is passed over
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[0].revents != 0) return;
    for (std::size_t i = first; i < waits.size(); ++i) {
      if (waits[i].revents != 0) carry(i - first);
    }
    if (waits[1].revents != 0) accept_one();
  }
}

void Relay::accept_one() {
  const int in = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (in < 0) return;
  ++accepted_;
  const int out = connected(target_);
  if (out < 0) {
    ::close(in);
    return;
  }
  const std::size_t index = pipes_.size();
  pipes_.push_back({.fd = in, .other = index + 1});
  pipes_.push_back({.fd = out, .other = index});
}

void Relay::carry(std::size_t from) {
  Pipe& pipe = pipes_[from];
  Pipe& other = pipes_[pipe.other];
  if (pipe.fd < 0) return;
  std::array<char, 16 << 10> buffer{};
  const ssize_t size = ::recv(pipe.fd, buffer.data(), buffer.size(), 0);
  if (size > 0 && send_all(other.fd, buffer.data(), static_cast<std::size_t>(size))) return;
  ::close(std::exchange(pipe.fd, -1));
  ::close(std::exchange(other.fd, -1));
}

}  // namespace dbsql::test
