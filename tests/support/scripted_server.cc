#include "support/scripted_server.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace dbsql::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{20'000};

struct Listener {
  int fd = -1;
  std::uint16_t port = 0;
};

Listener listen_on_loopback(int backlog) {
  Listener listener;
  listener.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (listener.fd < 0 || ::bind(listener.fd, any, size) != 0 ||
      ::listen(listener.fd, backlog) != 0 || ::getsockname(listener.fd, any, &size) != 0) {
    throw std::runtime_error("cannot listen on a loopback port");
  }
  listener.port = ntohs(address.sin_port);
  return listener;
}

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

void require_clients_of(SSL_CTX* context, const std::string& authority) {
  BIO* bio = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(bio);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

SslContext make_context(const ServerTls& tls) {
  const KeyAndCertificate& identity = tls.identity;
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  BIO* key_bio = BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size()));
  BIO* certificate_bio =
      BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  X509* certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  const bool ok = SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
                  SSL_CTX_use_PrivateKey(context.get(), key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  if (!ok) throw std::runtime_error("cannot use the test certificate");
  if (!tls.client_authority.empty()) require_clients_of(context.get(), tls.client_authority);
  using Newest = ServerTls::Newest;
  if (tls.newest == Newest::Tls12) SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  if (tls.newest == Newest::Tls11) {
    SSL_CTX_set_security_level(context.get(), 0);  // or there would be nothing left to speak
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  }
  return context;
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// Signal

void Signal::raise() {
  std::lock_guard lock(mutex_);
  raised_ = true;
  changed_.notify_all();
}

bool Signal::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kLongestWait, [&] { return raised_; });
}

bool Signal::is_raised() const {
  std::lock_guard lock(mutex_);
  return raised_;
}

// ------------------------------------------------------------------------------------------------
// Stream

/// A socket, with or without TLS. Waits end when `stop_fd` becomes readable.
class ScriptedServer::Connection::Stream {
 public:
  Stream(int fd, int stop_fd, SSL_CTX* context) : fd_(fd), stop_fd_(stop_fd) {
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (context != nullptr) {
      ssl_ = SSL_new(context);
      SSL_set_fd(ssl_, fd_);
    }
  }
  ~Stream() { close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool handshake() {
    return ssl_ == nullptr || repeat([&] { return SSL_accept(ssl_); }) > 0;
  }

  /// \return 0 at the end, on errors and when the server stops
  std::size_t read(char* data, std::size_t size) {
    if (ssl_ != nullptr) {
      return bytes(repeat([&] { return SSL_read(ssl_, data, static_cast<int>(size)); }));
    }
    if (!wait(POLLIN)) return 0;
    return bytes(::recv(fd_, data, size, MSG_DONTWAIT));
  }

  std::size_t write(const char* data, std::size_t size) {
    if (ssl_ != nullptr) {
      return bytes(repeat([&] { return SSL_write(ssl_, data, static_cast<int>(size)); }));
    }
    if (!wait(POLLOUT)) return 0;
    return bytes(::send(fd_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  void close() {
    if (ssl_ != nullptr) {
      if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
      SSL_free(ssl_);
      ssl_ = nullptr;
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// Waits until there is something to read here or at `other_fd`.
  /// \return false when nothing comes, or the server stops
  bool wait_for_either(int other_fd, bool& here, bool& there) const {
    if (fd_ < 0) return false;
    std::array<pollfd, 3> watched{{{fd_, POLLIN, 0}, {other_fd, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
    const bool is_pending = ssl_ != nullptr && SSL_pending(ssl_) > 0;
    const int wait = is_pending ? 0 : static_cast<int>(kLongestWait.count());
    const int ready = ::poll(watched.data(), watched.size(), wait);
    here = is_pending || watched[0].revents != 0;
    there = watched[1].revents != 0;
    return (ready > 0 || is_pending) && watched[2].revents == 0;
  }

  /// Says no more, and hears the client out: closing at once would reset the connection, and the
  /// client might never read why.
  void drain() {
    ::shutdown(fd_, SHUT_WR);
    std::array<char, 1024> piece;
    while (wait(POLLIN) && ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT) > 0) {
    }
  }

  /// Whether the client has closed, in whichever way; a wait that ended otherwise does not count.
  bool saw_end() const noexcept { return ended_; }

  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    SSL_free(ssl_);
    ssl_ = nullptr;
    close();
  }

 private:
  std::size_t bytes(ssize_t result) {
    if (result <= 0) ended_ = true;  // an orderly end, or a reset
    return result > 0 ? static_cast<std::size_t>(result) : 0;
  }

  bool wait(short events) const {
    if (fd_ < 0) return false;
    std::array<pollfd, 2> watched{{{fd_, events, 0}, {stop_fd_, POLLIN, 0}}};
    const int ready =
        ::poll(watched.data(), watched.size(), static_cast<int>(kLongestWait.count()));
    return ready > 0 && watched[1].revents == 0;
  }

  /// Runs a TLS operation until it is done, waiting for the socket as it asks.
  template <class Operation>
  int repeat(Operation operation) {
    for (;;) {
      const int result = operation();
      if (result > 0) return result;
      const int reason = SSL_get_error(ssl_, result);
      if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return 0;
      if (!wait(reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return 0;
    }
  }

  int fd_;
  int stop_fd_;
  SSL* ssl_ = nullptr;
  bool ended_ = false;
};

// ------------------------------------------------------------------------------------------------
// Impl

class ScriptedServer::Impl {
 public:
  Impl(Script script, const std::optional<ServerTls>& tls)
      : script_(std::move(script)),
        context_(tls ? make_context(*tls) : SslContext(nullptr, SSL_CTX_free)),
        listener_(listen_on_loopback(256)),
        stop_fd_(::eventfd(0, EFD_CLOEXEC)),
        acceptor_([this] { accept_all(); }) {}

  ~Impl() {
    const std::uint64_t one = 1;
    if (::write(stop_fd_, &one, sizeof one) < 0) std::abort();
    acceptor_.join();
    threads_.clear();  // joins: every wait of a script has seen the stop
    ::close(listener_.fd);
    ::close(stop_fd_);
  }

  std::uint16_t port() const noexcept { return listener_.port; }
  bool is_tls() const noexcept { return context_ != nullptr; }

  void record(const ReceivedRequest& request) {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  std::vector<ReceivedRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int connection_count() const {
    std::lock_guard lock(mutex_);
    return connection_count_;
  }

 private:
  void accept_all() {
    for (;;) {
      std::array<pollfd, 2> watched{{{listener_.fd, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), -1) < 0 || watched[1].revents != 0) return;
      const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) continue;
      std::lock_guard lock(mutex_);
      threads_.emplace_back([this, fd, number = connection_count_++] { serve(fd, number); });
    }
  }

  void serve(int fd, int number) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);  // TLS writes through write(2)
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    auto stream = std::make_unique<Connection::Stream>(fd, stop_fd_, context_.get());
    if (!stream->handshake()) return stream->drain();
    Connection connection(*this, std::move(stream), number);
    script_(connection);
  }

  const Script script_;
  const SslContext context_;
  const Listener listener_;
  const int stop_fd_;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;  // guarded by mutex_
  int connection_count_ = 0;               // guarded by mutex_
  std::vector<std::jthread> threads_;      // guarded by mutex_ while the acceptor runs
  std::thread acceptor_;
};

ScriptedServer::ScriptedServer(Script script, std::optional<KeyAndCertificate> tls)
    : impl_(std::make_unique<Impl>(
          std::move(script),
          tls ? std::optional(ServerTls{.identity = *std::move(tls)}) : std::nullopt)) {}

ScriptedServer::ScriptedServer(Script script, const ServerTls& tls)
    : impl_(std::make_unique<Impl>(std::move(script), tls)) {}

ScriptedServer::~ScriptedServer() = default;

std::uint16_t ScriptedServer::port() const noexcept { return impl_->port(); }

std::string ScriptedServer::url(std::string_view path, std::string_view host) const {
  return base::concat(impl_->is_tls() ? "https://" : "http://", host, ":", port(), path);
}

int ScriptedServer::connection_count() const { return impl_->connection_count(); }

std::vector<ReceivedRequest> ScriptedServer::requests() const { return impl_->requests(); }

ScriptedServer::Script ScriptedServer::always(std::string reply) {
  return [reply = std::move(reply)](Connection& connection) {
    while (connection.read_request() && connection.send(reply)) {
    }
  };
}

std::string ScriptedServer::reply(std::string_view body, int status, std::string_view headers) {
  return base::concat("HTTP/1.1 ", status, " Text\r\nContent-Length: ", body.size(), "\r\n",
                      headers, "\r\n", body);
}

// ------------------------------------------------------------------------------------------------
// Connection

ScriptedServer::Connection::Connection(Impl& server, std::unique_ptr<Stream> stream, int number)
    : server_(server), stream_(std::move(stream)), number_(number) {}

ScriptedServer::Connection::~Connection() = default;

bool ScriptedServer::Connection::fill() {
  std::array<char, 65536> piece;
  const std::size_t size = stream_->read(piece.data(), piece.size());
  buffered_.append(piece.data(), size);
  ++read_count_;
  return size != 0;
}

std::optional<ReceivedRequest> ScriptedServer::Connection::read_request() {
  constexpr std::string_view kBlankLine = "\r\n\r\n";
  while (buffered_.find(kBlankLine) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  ReceivedRequest request;
  request.connection = number_;
  request.head = buffered_.substr(0, buffered_.find(kBlankLine) + kBlankLine.size());
  const auto length = base::parse_number<std::size_t>(request.header("content-length")).value_or(0);
  while (buffered_.size() < request.head.size() + length) {
    if (!fill()) return std::nullopt;
  }
  request.body = buffered_.substr(request.head.size(), length);
  buffered_.erase(0, request.head.size() + length);
  server_.record(request);
  return request;
}

std::string ScriptedServer::Connection::take_bytes(std::size_t count) {
  while (buffered_.size() < count && fill()) {
  }
  std::string taken = buffered_.substr(0, count);
  buffered_.erase(0, taken.size());
  return taken;
}

std::optional<char> ScriptedServer::Connection::peek() {
  if (buffered_.empty() && !fill()) return std::nullopt;
  return buffered_.front();
}

void ScriptedServer::Connection::tunnel(int fd) {
  const auto pass_on = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  };
  if (!pass_on(std::exchange(buffered_, {}))) return;
  std::array<char, 65536> piece;
  for (;;) {
    bool here = false;
    bool there = false;
    if (!stream_->wait_for_either(fd, here, there)) return;
    if (here) {
      const std::size_t size = stream_->read(piece.data(), piece.size());
      if (size == 0 || !pass_on({piece.data(), size})) return;
    }
    if (there) {
      const ssize_t size = ::recv(fd, piece.data(), piece.size(), 0);
      if (size <= 0 || !send({piece.data(), static_cast<std::size_t>(size)})) return;
    }
  }
}

bool ScriptedServer::Connection::read_bytes(std::size_t count) {
  while (buffered_.size() < count) {
    if (!fill()) return false;
  }
  buffered_.erase(0, count);
  return true;
}

bool ScriptedServer::Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t sent = stream_->write(bytes.data(), bytes.size());
    if (sent == 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

bool ScriptedServer::Connection::drip(std::string_view bytes, std::size_t piece,
                                      milliseconds pause) {
  while (!bytes.empty()) {
    if (!send(bytes.substr(0, piece))) return false;
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::this_thread::sleep_for(pause);
  }
  return true;
}

bool ScriptedServer::Connection::wait_for_close() {
  while (fill()) {
  }
  return stream_->saw_end();
}

void ScriptedServer::Connection::close() { stream_->close(); }

void ScriptedServer::Connection::reset() { stream_->reset(); }

// ------------------------------------------------------------------------------------------------
// ReceivedRequest

std::string ReceivedRequest::header(std::string_view name) const {
  for (const auto line : base::split(head, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && base::equals_ignore_case(line.substr(0, colon), name)) {
      return std::string(base::trim(line.substr(colon + 1)));
    }
  }
  return {};
}

std::string ReceivedRequest::target() const { return head.substr(0, head.find(" HTTP/")); }

// ------------------------------------------------------------------------------------------------
// ports

UnansweringListener::UnansweringListener() {
  const Listener listener = listen_on_loopback(0);
  listener_ = listener.fd;
  port_ = listener.port;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  for (int i = 0; i < 8; ++i) {  // more than the shortest queue of any system holds
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    static_cast<void>(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
    fillers_.push_back(fd);
  }
}

UnansweringListener::~UnansweringListener() {
  for (const int fd : fillers_) ::close(fd);
  ::close(listener_);
}

std::string UnansweringListener::url() const {
  return base::concat("http://127.0.0.1:", port_, "/sql");
}

std::uint16_t unused_port() {
  const Listener listener = listen_on_loopback(1);
  ::close(listener.fd);
  return listener.port;
}

}  // namespace dbsql::test
