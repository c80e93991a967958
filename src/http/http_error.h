#pragma once

#include <dbsql/error.h>

#include "http/transport.h"

#include <string>
#include <string_view>

namespace dbsql::http {

/// The kind of an HTTP status that is not 2xx (reference/auth-http-config.md 4.9). A 404 depends on
/// what was asked: where sessions are opened and statements started the path is wrong; elsewhere
/// the statement or session is gone.
ErrorKind kind_of_status(int status, RequestClass request_class) noexcept;

/// What the server says about an error reply, from the most trusted source that says anything: its
/// headers, a JSON body, the beginning of a text or HTML body without tags, the status. One line,
/// redacted.
struct ServerMessage {
  std::string text;
  std::string
      error_class;  ///< the `error_code` of a JSON body when it is a word, or OAuth's `error`
};
ServerMessage server_message(const Response& response);

/// The error of a reply that is not 2xx: kind, message, error class and status are filled.
ErrorFields error_of(const Request& request, const Response& response);

/// The error of a request without a complete reply: kind and message are filled.
ErrorFields error_of(const Request& request, const Failure& failure);

/// `scheme://host[:port]` of a URL as it is written, for messages and as a key; never its path or
/// query.
std::string_view server_of(std::string_view url) noexcept;

}  // namespace dbsql::http
