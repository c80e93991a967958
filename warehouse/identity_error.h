#pragma once

#include "warehouse/http_message.h"

#include <stdexcept>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// What a token endpoint refuses with (RFC 6749 5.2, RFC 8628 3.5, RFC 8693 2.2.2).
class OAuthRefusal : public std::runtime_error {
 public:
  OAuthRefusal(std::string_view code, const std::string& description)
      : std::runtime_error(description), code_(code) {}
  const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

/// JSON that nobody may store.
HttpReply private_json_reply(int status, std::string_view json);

/// The refusal as services send it. \param used_basic  the client came with HTTP Basic
/// authentication
HttpReply to_reply(const OAuthRefusal& refusal, bool used_basic = false);

}  // namespace dbsql::warehouse
