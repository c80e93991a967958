#include "warehouse/http_server.h"

#include "warehouse/http_connection.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace dbsql::warehouse {
namespace {

using namespace detail;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptPause{50};

tcp::endpoint resolve(asio::io_context& io, const std::string& host, std::uint16_t port) {
  error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(
      host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    throw std::runtime_error(
        base::concat("cannot resolve the address ", host, ": ", error.message(),
                     "; use --host 127.0.0.1 or another address of this machine"));
  }
  return found.begin()->endpoint();
}

[[noreturn]] void throw_bind_error(const HttpServerOptions& options, const error_code& error) {
  std::string message =
      base::concat("cannot listen on ", options.host, ":", options.port, ": ", error.message());
  message += error == asio::error::address_in_use
                 ? "; another program uses this port: choose another with --port, or --port 0 for "
                   "a free one"
                 : "; choose another address with --host or another port with --port";
  throw std::runtime_error(message);
}

/// Clients without a certificate of these authorities get no further than the handshake.
void demand_certificates(asio::ssl::context& context, const std::string& authorities) {
  // What OpenSSL wants a server to name before a client with a certificate may resume a session.
  static constexpr std::string_view kContext = "dbsql-warehouse";
  context.add_certificate_authority(asio::buffer(authorities));
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  SSL_CTX_set_session_id_context(context.native_handle(),
                                 reinterpret_cast<const unsigned char*>(kContext.data()),
                                 static_cast<unsigned>(kContext.size()));
}

void use_identity(asio::ssl::context& context, const TlsIdentity& identity) {
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  context.use_certificate_chain(asio::buffer(identity.certificate_pem));
  context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
}

class AsioTimer;
using TimerTable = LiveTable<AsioTimer>;

class AsioTimer final : public Timers::Timer, public std::enable_shared_from_this<AsioTimer> {
 public:
  AsioTimer(std::shared_ptr<asio::io_context> io, std::shared_ptr<TimerTable> table)
      : io_(std::move(io)),
        table_(std::move(table)),
        number_(table_->next_number()),
        timer_(asio::make_strand(*io_)) {}
  ~AsioTimer() override { table_->forget(number_); }

  void start(std::chrono::milliseconds wait, std::function<void()> action) {
    table_->add(number_, weak_from_this());
    action_ = std::move(action);
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](error_code) { self->run(); });
  }

  void cancel() noexcept override {
    if (cancelled_.exchange(true)) return;
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->timer_.cancel(); });
  }

 private:
  void run() {
    const auto action = std::exchange(action_, nullptr);
    if (!cancelled_) action();
  }

  const std::shared_ptr<asio::io_context> io_;  // first: the timer needs it to the end
  const std::shared_ptr<TimerTable> table_;
  const std::uint64_t number_;
  asio::steady_timer timer_;
  std::function<void()> action_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(HttpServerOptions options, Handler handler)
      : io_(std::make_shared<asio::io_context>(std::max(1, options.threads))),
        work_(asio::make_work_guard(*io_)),
        acceptor_(asio::make_strand(*io_)),
        host_(std::make_shared<ConnectionHost>()) {
    host_->options = std::move(options);
    host_->handler = std::move(handler);
    host_->io = io_;
    if (host_->options.tls)
      use_identity(tls_.emplace(asio::ssl::context::tls_server), *host_->options.tls);
    if (tls_ && !host_->options.client_ca_pem.empty())
      demand_certificates(*tls_, host_->options.client_ca_pem);
    listen();
  }

  void start() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
    for (int i = 0; i < std::max(1, host_->options.threads); ++i) {
      threads_.emplace_back([io = io_] { io->run(); });
    }
  }

  std::uint16_t port() const noexcept { return port_; }

  void stop_accepting() {
    if (stopping_.exchange(true)) return;
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      error_code ignored;
      self->acceptor_.close(ignored);
    });
  }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    stop_accepting();
    for (const auto& connection : host_->connections.alive()) connection->shut();
    for (const auto& timer : timers_->alive()) timer->cancel();
    work_.reset();
    if (threads_.empty()) io_->run();  // never started: let what is queued go
    // Closed sockets and cancelled timers complete at once; the threads end when nothing is left.
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    host_->stopped = true;
    host_->handler = nullptr;
  }

  std::shared_ptr<Timer> after(std::chrono::milliseconds wait, std::function<void()> action) {
    auto timer = std::make_shared<AsioTimer>(io_, timers_);
    if (!stopping_) timer->start(wait, std::move(action));
    if (stopping_) timer->cancel();  // looked at again: a stop in between would have missed it
    return timer;
  }

 private:
  void listen() {
    const HttpServerOptions& options = host_->options;
    const tcp::endpoint endpoint = resolve(*io_, options.host, options.port);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw_bind_error(options, error);
    port_ = acceptor_.local_endpoint().port();
  }

  void accept() {
    if (stopping_) return;
    acceptor_.async_accept(asio::make_strand(*io_),
                           [self = shared_from_this()](error_code error, tcp::socket socket) {
                             if (self->stopping_ || !self->acceptor_.is_open()) return;
                             if (error) return self->pause_accepting();
                             self->adopt(std::move(socket));
                             self->accept();
                           });
  }

  /// Out of file descriptors, most likely: wait for connections to close instead of spinning.
  void pause_accepting() {
    after(kAcceptPause, [self = shared_from_this()] {
      asio::post(self->acceptor_.get_executor(), [self] { self->accept(); });
    });
  }

  void adopt(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const std::uint64_t number = host_->connections.next_number();
    if (tls_) {
      track(number, std::make_shared<HttpConnection<TlsStream>>(
                        host_, number, beast::tcp_stream(std::move(socket)), *tls_));
    } else {
      track(number,
            std::make_shared<HttpConnection<PlainStream>>(host_, number, std::move(socket)));
    }
  }

  template <class Connection>
  void track(std::uint64_t number, std::shared_ptr<Connection> connection) {
    host_->connections.add(number, connection);
    connection->start();
    if (stopping_) connection->shut();
  }

  std::shared_ptr<asio::io_context> io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> tls_;
  std::shared_ptr<ConnectionHost> host_;
  std::shared_ptr<TimerTable> timers_ = std::make_shared<TimerTable>();
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  bool stopped_ = false;  // by the owner's thread alone
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(HttpServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start() { impl_->start(); }
std::uint16_t HttpServer::port() const noexcept { return impl_->port(); }
void HttpServer::stop_accepting() { impl_->stop_accepting(); }
void HttpServer::stop() { impl_->stop(); }

std::shared_ptr<Timers::Timer> HttpServer::after(std::chrono::milliseconds wait,
                                                 std::function<void()> action) {
  return impl_->after(wait, std::move(action));
}

}  // namespace dbsql::warehouse
