#include "floor/raw_http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

namespace dbsql::bench {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLargestRead = std::size_t{4} << 20;
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";

std::size_t content_length(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 200 "))
    throw std::runtime_error("the server answered " + std::string(head.substr(0, head.find('\r'))));
  const std::size_t at = head.find(kLength);
  if (at == std::string_view::npos) throw std::runtime_error("the reply has no Content-Length");
  std::size_t length = 0;
  std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), length);
  return length;
}

}  // namespace

ReusedMemory::ReusedMemory(std::size_t capacity)
    : capacity_((capacity + kHugePage - 1) / kHugePage * kHugePage) {
  memory_.reset(static_cast<char*>(std::aligned_alloc(kHugePage, capacity_)));
  if (!memory_) throw std::bad_alloc();
  ::madvise(memory_.get(), capacity_, MADV_HUGEPAGE);
  std::memset(memory_.get(), 1, capacity_);
}

void ReusedMemory::Free::operator()(char* memory) const noexcept { std::free(memory); }

RawHttp::RawHttp(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawHttp::~RawHttp() { ::close(socket_); }

std::string RawHttp::request(std::string_view message) {
  std::string text =
      "POST /sql/1.0/warehouses/bench HTTP/1.1\r\nHost: 127.0.0.1\r\n"
      "Content-Type: application/x-thrift\r\nAccept: application/x-thrift\r\n"
      "Authorization: Bearer bench\r\nContent-Length: ";
  text.append(std::to_string(message.size())).append(kHeadEnd).append(message);
  return text;
}

std::string RawHttp::get(std::string_view target) {
  std::string text = "GET ";
  return text.append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

std::size_t RawHttp::read_some(char* destination, std::size_t size) {
  ++reads_;
  const ssize_t received = ::read(socket_, destination, size);
  if (received <= 0) throw std::runtime_error("the server closed the connection");
  return static_cast<std::size_t>(received);
}

std::span<const char> RawHttp::exchange(std::string_view request, ReusedMemory& memory) {
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    throw std::runtime_error("the request was not sent whole");

  // Small on purpose: at most a few bytes of the body come with the head and must be moved.
  std::array<char, 256> head{};
  std::size_t used = 0;
  std::size_t body_at = std::string_view::npos;
  while (body_at == std::string_view::npos) {
    if (used == head.size()) throw std::runtime_error("the reply's head is too long");
    used += read_some(head.data() + used, head.size() - used);
    body_at = std::string_view(head.data(), used).find(kHeadEnd);
  }
  const std::size_t length = content_length({head.data(), body_at});
  body_at += kHeadEnd.size();
  if (length > memory.capacity()) throw std::runtime_error("the reply is larger than its memory");

  std::size_t received = used - body_at;
  std::memcpy(memory.data(), head.data() + body_at, received);
  while (received < length)
    received += read_some(memory.data() + received, std::min(length - received, kLargestRead));
  return {memory.data(), length};
}

}  // namespace dbsql::bench
