#include "support/forward_proxy.h"

#include "base/base64.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::test {
namespace {

constexpr char kSocksVersion = 5;

/// A socket that goes with the object.
class Upstream {
 public:
  explicit Upstream(int fd) : fd_(fd) {}
  ~Upstream() {
    if (fd_ >= 0) ::close(fd_);
  }
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  std::string receive() const {
    std::array<char, 65536> piece;
    const ssize_t size = ::recv(fd_, piece.data(), piece.size(), 0);
    return {piece.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  int fd_;
};

std::string reply(int status, std::string_view headers = {}) {
  return base::concat("HTTP/1.1 ", status, " Text\r\nContent-Length: 0\r\n", headers, "\r\n");
}

/// The request as the server gets it: with a path in place of an address, without what was meant
/// for the proxy, and for one reply.
std::string origin_form(const ReceivedRequest& request, const std::string& method,
                        std::string_view path) {
  std::string head = base::concat(method, " ", path.empty() ? "/" : path, " HTTP/1.1\r\n");
  const auto lines = base::split(request.head, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = base::trim(lines[i]);
    if (line.empty() || base::starts_with_ignore_case(line, "proxy-") ||
        base::starts_with_ignore_case(line, "connection:"))
      continue;
    head += base::concat(line, "\r\n");
  }
  return head + "Connection: close\r\n\r\n" + request.body;
}

/// Carries one reply: as long as it says it is, else to the end of its connection, which the server
/// was asked to close. \return whether the client's connection can be used again
bool relay_reply(ScriptedServer::Connection& connection, const Upstream& upstream,
                 bool is_without_body) {
  constexpr std::string_view kBlankLine = "\r\n\r\n";
  std::string bytes;
  while (bytes.find(kBlankLine) == std::string::npos) {
    const std::string piece = upstream.receive();
    if (piece.empty()) return false;
    bytes += piece;
  }
  const std::size_t head = bytes.find(kBlankLine) + kBlankLine.size();
  const ReceivedRequest reply{.head = bytes.substr(0, head), .body = {}};
  auto length = base::parse_number<std::size_t>(reply.header("content-length"));
  if (is_without_body) length = 0;
  std::size_t sent = bytes.size();
  if (!connection.send(bytes)) return false;
  while (!length || sent < head + *length) {
    const std::string piece = upstream.receive();
    if (piece.empty() || !connection.send(piece)) return false;
    sent += piece.size();
  }
  return !base::equals_ignore_case(reply.header("connection"), "close");
}

}  // namespace

ForwardProxy::ForwardProxy(ForwardProxyOptions options)
    : options_(std::move(options)),
      server_([this](ScriptedServer::Connection& connection) { serve(connection); }, options_.tls) {
}

std::string ForwardProxy::url(std::string_view scheme) const {
  return base::concat(scheme, "://127.0.0.1:", port());
}

std::string ForwardProxy::url_with_credentials(std::string_view scheme) const {
  return base::concat(scheme, "://", options_.username, ":", options_.password,
                      "@127.0.0.1:", port());
}

std::vector<ProxiedRequest> ForwardProxy::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

int ForwardProxy::count(std::string_view method, std::string_view target) const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const ProxiedRequest& request) {
        return (method.empty() || request.method == method) &&
               (target.empty() || request.target == target);
      }));
}

void ForwardProxy::record(ProxiedRequest request) {
  std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
}

void ForwardProxy::serve(ScriptedServer::Connection& connection) {
  const auto first = connection.peek();
  if (!first) return;
  if (*first == kSocksVersion) return serve_socks(connection);
  serve_http(connection);
}

bool ForwardProxy::admits(const ReceivedRequest& request) const {
  if (options_.username.empty()) return true;
  const std::string wanted =
      base::concat("Basic ", base::base64_encode(options_.username + ":" + options_.password));
  return request.header("proxy-authorization") == wanted;
}

/// \return -1 for hosts that are not known
int ForwardProxy::connect_to(const std::string& target) const {
  auto host = options_.hosts.find(target);
  if (host == options_.hosts.end()) host = options_.hosts.find(target.substr(0, target.rfind(':')));
  if (host == options_.hosts.end()) return -1;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval longest{20, 0};
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(host->second);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

void ForwardProxy::serve_http(ScriptedServer::Connection& connection) {
  while (const auto request = connection.read_request()) {
    const std::string line = request->target();
    const std::string method = line.substr(0, line.find(' '));
    const std::string url = line.substr(line.find(' ') + 1);
    const bool is_tunnel = method == "CONNECT";
    const std::size_t start = is_tunnel ? 0 : url.find("://") + 3;
    std::string target = url.substr(start, url.find('/', start) - start);
    if (!is_tunnel && target.find(':') == std::string::npos) target += ":80";
    const bool is_admitted = admits(*request);
    const bool is_served = is_admitted && options_.refusal == 0;
    record({.method = method, .target = target, .head = request->head, .served = is_served});
    if (!is_admitted) {
      if (!connection.send(reply(407, "Proxy-Authenticate: Basic realm=\"test\"\r\n"))) return;
    } else if (options_.refusal != 0) {
      if (!connection.send(reply(options_.refusal))) return;
    } else if (is_tunnel) {
      return open_tunnel(connection, target);
    } else if (!forward(connection, *request, method, url)) {
      return;
    }
  }
}

void ForwardProxy::open_tunnel(ScriptedServer::Connection& connection, const std::string& target) {
  const Upstream upstream(connect_to(target));
  if (!upstream.is_open()) {
    connection.send(reply(502));
    return;
  }
  if (connection.send("HTTP/1.1 200 Connection established\r\n\r\n"))
    connection.tunnel(upstream.fd());
}

/// \return whether the connection can be used again
bool ForwardProxy::forward(ScriptedServer::Connection& connection, const ReceivedRequest& request,
                           const std::string& method, const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  const std::size_t path = std::min(url.find('/', start), url.size());
  std::string target = url.substr(start, path - start);
  if (target.find(':') == std::string::npos) target += ":80";
  const Upstream upstream(connect_to(target));
  if (!upstream.is_open()) return connection.send(reply(502));
  if (!upstream.send(origin_form(request, method, std::string_view(url).substr(path))))
    return false;
  return relay_reply(connection, upstream, method == "HEAD");
}

// RFC 1928, and RFC 1929 for user name and password.
bool ForwardProxy::socks_greeting(ScriptedServer::Connection& connection) const {
  constexpr char kNoAuthentication = 0;
  constexpr char kPassword = 2;
  const std::string start = connection.take_bytes(2);
  if (start.size() < 2) return false;
  const std::string methods = connection.take_bytes(static_cast<unsigned char>(start[1]));
  const char wanted = options_.username.empty() ? kNoAuthentication : kPassword;
  if (methods.find(wanted) == std::string::npos) {
    connection.send("\x05\xff");
    return false;
  }
  if (!connection.send(std::string{kSocksVersion, wanted})) return false;
  if (wanted == kNoAuthentication) return true;
  const auto text = [&] {
    const std::string length = connection.take_bytes(1);
    return length.empty() ? length : connection.take_bytes(static_cast<unsigned char>(length[0]));
  };
  connection.take_bytes(1);  // version of this part
  const bool is_admitted = text() == options_.username && text() == options_.password;
  return connection.send(is_admitted ? std::string("\x01\x00", 2) : std::string("\x01\x01", 2)) &&
         is_admitted;
}

void ForwardProxy::serve_socks(ScriptedServer::Connection& connection) {
  if (!socks_greeting(connection)) {
    record({.method = "SOCKS5", .target = {}, .head = {}, .served = false});
    return;
  }
  const std::string request = connection.take_bytes(4);
  if (request.size() < 4) return;
  std::string host;
  if (request[3] == 1) {
    std::array<char, INET_ADDRSTRLEN> text{};
    const std::string bytes = connection.take_bytes(4);
    if (bytes.size() < 4) return;
    host = ::inet_ntop(AF_INET, bytes.data(), text.data(), text.size());
  } else {
    const std::string length = connection.take_bytes(1);
    if (length.empty()) return;
    host = connection.take_bytes(static_cast<unsigned char>(length[0]));
  }
  const std::string port = connection.take_bytes(2);
  if (port.size() < 2) return;
  const int number =
      static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1]);
  const std::string target = base::concat(host, ":", number);
  const Upstream upstream(connect_to(target));
  record({.method = "SOCKS5", .target = target, .head = {}, .served = upstream.is_open()});
  const char result = upstream.is_open() ? '\0' : '\4';  // 4: host unreachable
  const std::string answer{kSocksVersion, result, 0, 1, 0, 0, 0, 0, 0, 0};
  if (connection.send(answer) && upstream.is_open()) connection.tunnel(upstream.fd());
}

}  // namespace dbsql::test
