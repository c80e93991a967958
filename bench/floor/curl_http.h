#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::bench {

/// The same requests through one reused libcurl easy handle: the floor of a client that uses an
/// HTTP library.
class CurlHttp {
 public:
  explicit CurlHttp(std::uint16_t port);
  ~CurlHttp();
  CurlHttp(const CurlHttp&) = delete;
  CurlHttp& operator=(const CurlHttp&) = delete;

  /// Sends a Thrift message and returns the reply's body, valid until the next call.
  std::string_view exchange(std::string_view message);

  static std::string version();

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace dbsql::bench
