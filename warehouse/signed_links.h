#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Links that are their own credential: method, path and expiry, signed with a key that nobody else
/// knows, as storage services make them (reference/results.md 1.7).
///
/// Threads: safe from any thread, once the origin is set.
class SignedLinks {
 public:
  explicit SignedLinks(base::Clock& clock);

  /// `scheme://host:port` that links begin with; set before the first link is made.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  struct Link {
    std::string url;
    std::int64_t expiry_ms = 0;  ///< since 1970
  };
  /// \param path  as it stands in a request
  Link make(std::string_view method, std::string_view path,
            std::chrono::milliseconds lifetime) const;

  enum class Verdict : std::uint8_t { Good, Forged, Expired };
  Verdict judge(const HttpRequest& request) const;

  /// The refusal of a request that brings no good link, or credentials beside it; a reply of status
  /// 200 when there is nothing to refuse.
  HttpReply refusal(const HttpRequest& request) const;

 private:
  std::string signature(std::string_view method, std::string_view path,
                        std::int64_t expiry_ms) const;

  base::Clock& clock_;
  const std::string key_;  // random: links do not survive the process
  std::string origin_;
};

/// An error as storage services send them: XML with a code.
HttpReply storage_error(int status, std::string_view code, std::string_view message);

}  // namespace dbsql::warehouse
