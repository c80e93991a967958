#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace dbsql::bench {

/// An HTTPS server on the loopback interface, as a process of its own: what it spends is not the
/// client's. It ends with the object, and with this process.
///
/// Its replies say how their connection came to be: `new`, or `resumed` from an earlier session.
class TlsServer {
 public:
  enum class Sessions : std::uint8_t { None, Resumed };

  /// Must be called while the process has one thread.
  explicit TlsServer(Sessions sessions);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// \param keeps  false: the server closes the connection after its reply
  std::string url(bool keeps) const;
  const std::string& ca_file() const noexcept { return ca_file_; }

 private:
  std::string ca_file_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace dbsql::bench
