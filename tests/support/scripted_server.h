#pragma once

#include "support/test_certificates.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dbsql::test {

/// A point that threads wait for and a test opens, or the other way round. Waits are bounded.
class Signal {
 public:
  void raise();
  /// \return false after 20 seconds, which no test should take
  bool wait();
  bool is_raised() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;  // guarded by mutex_
};

/// A request as it arrived.
struct ReceivedRequest {
  std::string head;  ///< request line and headers, with the blank line
  std::string body;
  int connection = 0;  ///< number of the connection, from 0

  /// The value of a header, compared without case; empty when absent.
  std::string header(std::string_view name) const;
  /// Method and target, for instance "POST /sql".
  std::string target() const;
};

/// How a server speaks TLS.
struct ServerTls {
  KeyAndCertificate identity;
  std::string client_authority = {};  ///< PEM; set: clients need a certificate of this authority
  enum class Newest { Tls11, Tls12, Tls13 } newest = Newest::Tls13;  ///< version that is spoken
};

/// A server on a free loopback port whose every byte is written by the test.
///
/// The script runs once for each connection, on a thread of its own. Everything it may wait for
/// ends when the server is destroyed, and after 20 seconds at the latest.
class ScriptedServer {
 public:
  class Connection;
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(Script script, std::optional<KeyAndCertificate> tls = std::nullopt);
  ScriptedServer(Script script, const ServerTls& tls);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const noexcept;
  /// `http://127.0.0.1:port/path`, or https.
  std::string url(std::string_view path = "/sql", std::string_view host = "127.0.0.1") const;

  int connection_count() const;
  std::vector<ReceivedRequest> requests() const;

  /// Answers every request of a connection with the same bytes.
  static Script always(std::string reply);
  /// A complete reply of HTTP/1.1 with a Content-Length.
  static std::string reply(std::string_view body, int status = 200, std::string_view headers = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One accepted connection, used by the script.
class ScriptedServer::Connection {
 public:
  class Stream;
  Connection(Impl& server, std::unique_ptr<Stream> stream, int number);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int number() const noexcept { return number_; }

  /// The next request with its whole body; nothing when the client has closed.
  std::optional<ReceivedRequest> read_request();
  /// The next bytes, and forgets them; fewer than that many only when the client has closed.
  std::string take_bytes(std::size_t count);
  /// What comes next, without forgetting it; nothing when the client has closed.
  std::optional<char> peek();
  /// Carries bytes both ways until either side has closed. \param fd  a connected socket
  void tunnel(int fd);
  /// Reads until at least that many bytes have come, and forgets them; false when the client has
  /// closed.
  bool read_bytes(std::size_t count);
  /// \return false when the client has closed
  bool send(std::string_view bytes);
  /// Sends in pieces with a pause after each.
  bool drip(std::string_view bytes, std::size_t piece, std::chrono::milliseconds pause);
  /// Waits until the client has closed its side. \return false when it has not
  bool wait_for_close();
  /// Closes in order, as after a last reply.
  void close();
  /// Closes with a reset instead of an orderly end.
  void reset();
  /// Reads of the system so far: how many pieces the request came in.
  int read_count() const noexcept { return read_count_; }

 private:
  bool fill();
  Impl& server_;
  std::unique_ptr<Stream> stream_;
  const int number_;
  int read_count_ = 0;
  std::string buffered_;
};

/// A port where connecting neither succeeds nor fails: its queue is full and nobody accepts.
class UnansweringListener {
 public:
  UnansweringListener();
  ~UnansweringListener();
  UnansweringListener(const UnansweringListener&) = delete;
  UnansweringListener& operator=(const UnansweringListener&) = delete;
  std::string url() const;

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> fillers_;
};

/// A port of this machine where nobody listens.
std::uint16_t unused_port();

}  // namespace dbsql::test
