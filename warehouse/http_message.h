#pragma once

#include "base/buffer.h"
#include "base/text.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

/// The value of the first header of that name, compared without case; empty when there is none.
inline std::string_view find_header(const Headers& headers, std::string_view name) noexcept {
  for (const Header& header : headers) {
    if (base::equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

class Upload;

struct HttpRequest {
  std::string method;
  std::string target;  ///< path and query as sent
  Headers headers;
  std::string body;
  std::shared_ptr<Upload> upload;  ///< in place of `body`: a body that went to a file
  std::uint64_t connection = 0;    ///< number of the TCP connection, counted from 1

  /// The target without its query.
  std::string_view path() const noexcept {
    return std::string_view(target).substr(0, target.find('?'));
  }
};

/// How a reply leaves the machine. Anything but `Complete` is what a fault rule asked for.
struct Delivery {
  enum class Ending : std::uint8_t {
    Complete,
    Close,  ///< orderly end of the connection, with bytes missing
    Reset,  ///< TCP RST
    Stall,  ///< the connection stays open and silent
  };
  Ending ending = Ending::Complete;
  /// How many bytes of the body leave before the ending. Empty with an ending other than
  /// `Complete`: nothing leaves, not even the status line.
  std::optional<std::size_t> body_bytes;
};

struct HttpReply {
  int status = 200;
  Headers headers;  ///< without Content-Length and Connection, which the server adds
  std::vector<base::Buffer> body;
  Delivery delivery;
  bool close_connection = false;

  std::size_t body_size() const noexcept {
    std::size_t size = 0;
    for (const base::Buffer& part : body) size += part.size();
    return size;
  }
};

inline HttpReply json_reply(int status, std::string_view json) {
  HttpReply reply{.status = status};
  reply.headers.push_back({"content-type", "application/json; charset=utf-8"});
  reply.body.push_back(base::Buffer::copy_of(json));
  return reply;
}

}  // namespace dbsql::warehouse
