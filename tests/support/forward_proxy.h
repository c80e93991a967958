#pragma once

#include "support/scripted_server.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::test {

struct ForwardProxyOptions {
  /// Where names lead that exist for this proxy alone, `name` or `name:port` each: a loopback port.
  std::map<std::string, std::uint16_t> hosts;
  std::string username;  ///< empty = whoever comes is served
  std::string password;
  int refusal = 0;                            ///< status of the answer to everything; 0 = serves
  std::optional<KeyAndCertificate> tls = {};  ///< the way to the proxy itself is TLS
};

/// What a client wanted of a proxy.
struct ProxiedRequest {
  std::string method;  ///< CONNECT, GET, POST, ..., or SOCKS5
  std::string target;  ///< host:port as the client wrote it
  std::string head;    ///< of HTTP: as it arrived
  bool served = false;
};

/// A forward proxy on a free loopback port: tunnels (CONNECT), plain HTTP requests in absolute form
/// and SOCKS5, with or without a user name and password. Serves only hosts that it knows, all of
/// them on this machine: names that no name service has show that a client really came this way.
class ForwardProxy {
 public:
  explicit ForwardProxy(ForwardProxyOptions options);

  std::uint16_t port() const noexcept { return server_.port(); }
  /// `scheme://127.0.0.1:port`
  std::string url(std::string_view scheme = "http") const;
  /// The same with user name and password.
  std::string url_with_credentials(std::string_view scheme = "http") const;

  int connection_count() const { return server_.connection_count(); }
  std::vector<ProxiedRequest> requests() const;
  /// Requests of that method for that target, served or not; empty = any.
  int count(std::string_view method = {}, std::string_view target = {}) const;

 private:
  void serve(ScriptedServer::Connection& connection);
  void serve_http(ScriptedServer::Connection& connection);
  bool forward(ScriptedServer::Connection& connection, const ReceivedRequest& request,
               const std::string& method, const std::string& url);
  void open_tunnel(ScriptedServer::Connection& connection, const std::string& target);
  void serve_socks(ScriptedServer::Connection& connection);
  bool socks_greeting(ScriptedServer::Connection& connection) const;
  bool admits(const ReceivedRequest& request) const;
  int connect_to(const std::string& target) const;
  void record(ProxiedRequest request);

  const ForwardProxyOptions options_;
  mutable std::mutex mutex_;
  std::vector<ProxiedRequest> requests_;  // guarded by mutex_
  ScriptedServer server_;                 // last: its threads use what stands above
};

}  // namespace dbsql::test
