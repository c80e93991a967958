#include "auth/loopback_listener.h"

#include <dbsql/error.h>

#include "base/html.h"
#include "base/log.h"
#include "base/text.h"
#include "http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::size_t kLongestRequest = std::size_t{16} << 10;
constexpr std::size_t kMostPeers = 16;
constexpr std::chrono::seconds kReadLimit{3};  // a browser opens sockets it never uses

/// Listening socket on 127.0.0.1, or -1 with errno.
int listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;  // without it the port of an earlier sign-in is busy for a minute
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, static_cast<int>(kMostPeers)) == 0)
    return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string page(std::string_view status, std::string_view title, std::string_view text) {
  const std::string body = base::concat(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>", title,
      "</title></head><body style=\"font-family:sans-serif;margin:4em auto;max-width:36em\"><h1>",
      title, "</h1><p>", base::escape_html(text), "</p></body></html>\n");
  return base::concat("HTTP/1.1 ", status,
                      "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ", body.size(),
                      "\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                      "Connection: close\r\n\r\n",
                      body);
}

std::string not_found() { return page("404 Not Found", "Nothing here", "This is no sign-in."); }

/// The values of a query by name; empty when one cannot be read or comes twice.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string_view pair : base::split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = http::percent_decode(pair.substr(0, equals), /*plus_is_blank=*/true);
    auto value = http::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return std::nullopt;
    if (!values.emplace(std::move(*name), std::move(*value)).second) return std::nullopt;
  }
  return values;
}

void send_all(int fd, std::string_view text) {
  // Shorter than any socket's buffer: a peer that does not read loses it, and holds up nobody.
  [[maybe_unused]] const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
}

}  // namespace

/// A connection whose request is not complete yet. Closes its socket.
struct LoopbackListener::Peer {
  Peer(int socket, std::chrono::steady_clock::time_point until) : fd(socket), give_up(until) {}
  Peer(Peer&& other) noexcept
      : fd(std::exchange(other.fd, -1)),
        give_up(other.give_up),
        received(std::move(other.received)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(fd, other.fd);
    std::swap(give_up, other.give_up);
    std::swap(received, other.received);
    return *this;
  }
  ~Peer() {
    ::explicit_bzero(received.data(), received.size());  // the code is in it
    if (fd >= 0) ::close(fd);
  }

  int fd;
  std::chrono::steady_clock::time_point give_up;
  std::string received;
};

LoopbackListener::LoopbackListener(std::span<const std::uint16_t> ports, std::string state,
                                   base::Clock& clock)
    : state_(std::move(state)), clock_(clock) {
  std::string tried;
  for (const std::uint16_t port : ports) {
    socket_ = listen_on(port);
    if (socket_ >= 0) break;
    tried += base::concat(tried.empty() ? "" : ", ", port, " (", ::strerror(errno), ")");
  }
  if (socket_ < 0)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat(
                     "the browser sign-in needs a port of this machine to come back to, and none "
                     "can be used: ",
                     tried.empty() ? "none is named" : tried,
                     "; end what uses it, or name others with auth.redirect_ports that are "
                     "registered for the client id")});
  port_ = port_of(socket_);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { serve(); });
}

LoopbackListener::~LoopbackListener() {
  ::eventfd_write(wake_, 1);
  thread_.join();
  if (socket_ >= 0) ::close(socket_);
  ::close(wake_);
}

std::string LoopbackListener::redirect_uri() const {
  return base::concat("http://localhost:", port_);
}

std::optional<LoginAnswer> LoopbackListener::wait(const base::CallContext& call,
                                                  base::Clock::TimePoint until) {
  std::unique_lock lock(mutex_);
  clock_.wait_at_most(lock, changed_, call, until, [this] { return answer_.has_value(); });
  return answer_;
}

void LoopbackListener::serve() {
  std::vector<Peer> peers;
  while (!is_answered_ && wait_for_sockets(peers)) {
    std::erase_if(peers, [this](Peer& peer) { return read_peer(peer); });
    if (!is_answered_ && peers.size() < kMostPeers) accept_peer(peers);
  }
  ::close(socket_);
  socket_ = -1;
}

/// False when the listener is to end. I/O time is real time: it bounds peers, not the sign-in.
bool LoopbackListener::wait_for_sockets(std::vector<Peer>& peers) const {
  std::vector<pollfd> sockets{{wake_, POLLIN, 0}};
  if (peers.size() < kMostPeers) sockets.push_back({socket_, POLLIN, 0});
  for (const Peer& peer : peers) sockets.push_back({peer.fd, POLLIN, 0});
  const int limit = peers.empty() ? -1 : 200;
  ::poll(sockets.data(), sockets.size(), limit);
  return sockets[0].revents == 0;
}

void LoopbackListener::accept_peer(std::vector<Peer>& peers) const {
  const int fd = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) peers.emplace_back(fd, std::chrono::steady_clock::now() + kReadLimit);
}

/// True when the peer is done with.
bool LoopbackListener::read_peer(Peer& peer) {
  std::array<char, 4096> bytes{};
  const auto count = ::recv(peer.fd, bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return std::chrono::steady_clock::now() >= peer.give_up;
  if (count <= 0) return true;
  peer.received.append(bytes.data(), static_cast<std::size_t>(count));
  ::explicit_bzero(bytes.data(), static_cast<std::size_t>(count));
  if (peer.received.size() > kLongestRequest) return true;
  if (peer.received.find("\r\n\r\n") == std::string::npos) return false;
  if (is_answered_) return true;
  send_all(peer.fd, answer_to(peer.received));
  return true;
}

std::string LoopbackListener::answer_to(std::string_view request) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const auto words = base::split(line, ' ');
  if (words.size() != 3 || !words[2].starts_with("HTTP/1."))
    return page("400 Bad Request", "No request", "This is no request of a browser.");
  if (words[0] != "GET")
    return page("405 Method Not Allowed", "Nothing here", "This is no sign-in.");
  const std::string_view target = words[1];
  const std::size_t query = target.find('?');
  if (query == std::string_view::npos || target.substr(0, query) != "/") return not_found();
  return answer_to_query(target.substr(query + 1));
}

std::string LoopbackListener::answer_to_query(std::string_view query) {
  const auto values = parse_query(query);
  if (!values) return not_found();
  const auto value = [&](std::string_view name) {
    const auto found = values->find(name);
    return found == values->end() ? std::string() : found->second;
  };
  LoginAnswer answer{value("code"), value("error"), value("error_description")};
  // Some services leave the state out of a refusal. Taking that one can at worst end the sign-in.
  const bool is_ours =
      value("state") == state_ || (!values->contains("state") && !answer.error.empty());
  if (!is_ours || (answer.code.empty() && answer.error.empty())) {
    base::log(LogLevel::Debug, "auth", "a request that is not the answer to the sign-in came");
    return not_found();
  }
  if (!answer.error.empty()) {
    std::string reply = page("400 Bad Request", "Not signed in",
                             base::concat(answer.error, ": ", answer.description));
    answer.code.clear();
    deliver(std::move(answer));
    return reply;
  }
  deliver(std::move(answer));
  return page("200 OK", "Signed in", "You can close this window and go back to your program.");
}

void LoopbackListener::deliver(LoginAnswer answer) {
  is_answered_ = true;
  {
    std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  changed_.notify_all();
}

}  // namespace dbsql::auth
