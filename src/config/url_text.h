#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::config {

/// The parts of `[USER[:PASSWORD]@]HOST[:PORT][/PATH][?KEY=VALUE&...]`: what the dialects that look
/// like a URL share. Everything but host, port and path is decoded.
struct UrlText {
  bool has_user = false;
  std::string user;
  bool has_password = false;
  std::string password;  ///< may be a token
  std::string host;      ///< lower case, without brackets; empty = not there
  std::string port;      ///< empty = not there
  std::string path;      ///< as written
  std::vector<std::pair<std::string, std::string>> query;  ///< without empty keys and values
};

/// Reads what follows the scheme. Nothing of what could be a secret is ever put into a message: a
/// text with a slip in it may have its token anywhere.
/// \throws ConfigurationError  naming the part that is wrong
UrlText read_url_text(std::string_view text);

}  // namespace dbsql::config
