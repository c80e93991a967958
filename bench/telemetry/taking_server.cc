#include "telemetry/taking_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace dbsql::bench {
namespace {

constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Size of the first request in `bytes`; 0 = it has not come completely.
std::size_t request_size(const std::string& bytes) {
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const std::size_t length = bytes.find(kLength);
  const std::size_t body =
      length < head ? std::strtoull(bytes.c_str() + length + kLength.size(), nullptr, 10) : 0;
  const std::size_t size = head + 4 + body;
  return bytes.size() < size ? 0 : size;
}

void answer_all(int connection) {
  std::string bytes;
  std::array<char, 64 << 10> buffer{};
  for (;;) {
    const ssize_t size = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
    while (const std::size_t request = request_size(bytes)) {
      bytes.erase(0, request);
      if (::send(connection, kReply.data(), kReply.size(), MSG_NOSIGNAL) <= 0) return;
    }
  }
}

}  // namespace

TakingServer::TakingServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, any, &size) != 0)
    throw std::runtime_error("cannot listen on a loopback port");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

/// A connection of its client's must have ended: it is served to its end.
TakingServer::~TakingServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void TakingServer::serve() const {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    answer_all(connection);
    ::close(connection);
  }
}

std::string TakingServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

}  // namespace dbsql::bench
