#pragma once

#include "base/call_context.h"
#include "base/clock.h"
#include "http/curl_options.h"
#include "http/transport.h"
#include "http/url.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::http {

/// A certificate as a server showed it, in OpenSSL's words.
struct ShownCertificate {
  std::string subject;
  std::string issuer;
  std::string names;    ///< the names it is for; empty where it is an authority's
  std::string expires;  ///< for instance "Nov 23 12:00:00 2027 GMT"
};

/// How far one gets on the way to a server.
struct Reach {
  enum class Stage : std::uint8_t { Name, Connect, Proxy, Tls, Answer, Done };

  Stage stage = Stage::Done;            ///< where it ended
  std::optional<Failure> failure;       ///< unless it is `Done`
  std::string proxy;                    ///< scheme://host:port; empty = the way is direct
  std::string address;                  ///< that was connected to: the proxy's where there is one
  std::vector<ShownCertificate> chain;  ///< the server's own first; also one that is not trusted
  int status = 0;                       ///< of the reply
  /// The server's clock, by the reply's Date header; empty when it sent none.
  std::optional<std::chrono::system_clock::time_point> date;
  std::chrono::milliseconds name_time{0};
  std::chrono::milliseconds connect_time{0};
  std::chrono::milliseconds tls_time{0};  ///< with the way through a proxy
  std::chrono::milliseconds reply_time{0};
};

/// Goes the way that requests to a server go, with the same settings but on a connection of its
/// own, and asks for nothing: HEAD of the root, without credentials.
/// \param limit  for all of it
/// \throws ConfigurationError  as transports do; CancelledError by the stop token of `call`
Reach reach(const Url& server, const CurlOptions& options, std::chrono::milliseconds limit,
            const base::CallContext& call);

}  // namespace dbsql::http
