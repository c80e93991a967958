#include "config/url_text.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "http/url.h"

#include <algorithm>
#include <cstdint>

namespace dbsql::config {
namespace {

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

std::string decode(std::string_view text, std::string_view what, bool plus_is_blank = false) {
  auto decoded = http::percent_decode(text, plus_is_blank);
  if (!decoded)
    fail(base::concat(what, " contains a '%' that is not followed by two hexadecimal digits"));
  return *std::move(decoded);
}

void read_user(std::string_view text, UrlText& url) {
  const auto colon = std::min(text.find(':'), text.size());
  url.has_user = true;
  url.user = decode(text.substr(0, colon), "the user");
  if (colon == text.size()) return;
  url.has_password = true;
  url.password = decode(text.substr(colon + 1), url.user == "token" ? "the token" : "the password");
}

void read_host(std::string_view authority, UrlText& url) {
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  if (has_port) {
    const auto port = base::parse_number<std::uint16_t>(authority.substr(colon + 1));
    if (!port || *port == 0) fail("the port is not a number from 1 to 65535");
    if (colon == 0) fail("the host is missing");
    url.port = std::to_string(*port);
  }
  if (authority.empty()) return;
  const auto parsed = http::Url::parse(base::concat("https://", authority));
  if (!parsed) fail("the host is not a valid name or address");
  url.host = parsed->host;
}

void read_query(std::string_view text, UrlText& url) {
  for (const std::string_view pair : base::split(text, '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    std::string key = decode(pair.substr(0, equals), "a key of the query", true);
    std::string value =
        equals < pair.size() ? decode(pair.substr(equals + 1), "a value of the query", true) : "";
    if (!key.empty() && !value.empty()) url.query.emplace_back(std::move(key), std::move(value));
  }
}

}  // namespace

UrlText read_url_text(std::string_view text) {
  if (text.find('#') != std::string_view::npos)
    fail("it contains a '#', which must be written as %23");
  UrlText url;
  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    read_user(authority.substr(0, at), url);
    authority.remove_prefix(at + 1);
  }
  read_host(authority, url);
  const std::string_view rest = text.substr(authority_end);
  const auto question = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(0, question);
  if (question < rest.size()) read_query(rest.substr(question + 1), url);
  return url;
}

}  // namespace dbsql::config
