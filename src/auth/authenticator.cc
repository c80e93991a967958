#include "auth/authenticator.h"

#include <dbsql/error.h>

#include "base/base64.h"
#include "base/text.h"

#include <string.h>

#include <algorithm>

namespace dbsql::auth {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kBasic = "Basic ";

void erase(std::string& secret) noexcept { explicit_bzero(secret.data(), secret.size()); }

void check(std::string_view token) {
  const bool is_blank = base::trim(token).empty();
  const bool fits =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!is_blank && fits) return;
  throw_error(
      {.kind = ErrorKind::Configuration,
       .message =
           is_blank
               ? "the access token is blank"
               : "the access token contains a blank, a line break or another character that no "
                 "token has"});
}

}  // namespace

Authenticator::Authenticator(std::string_view token) {
  check(token);
  keep(kBearer, token);
}

Authenticator::Authenticator(const BasicCredentials& credentials) {
  if (credentials.user.empty() || credentials.user.find(':') != std::string_view::npos)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "the user of basic authentication is empty or has a colon in it"});
  std::string pair = base::concat(credentials.user, ":", credentials.password);
  std::string encoded = base::base64_encode(pair);
  keep(kBasic, encoded);
  erase(pair);
  erase(encoded);
}

void Authenticator::keep(std::string_view scheme, std::string_view credentials) {
  size_ = scheme.size() + credentials.size();
  value_ = std::make_unique<char[]>(size_);
  std::copy(credentials.begin(), credentials.end(),
            std::copy(scheme.begin(), scheme.end(), value_.get()));
}

Authenticator::~Authenticator() {
  if (value_) explicit_bzero(value_.get(), size_);  // a plain memset may be optimised away
}

void Authenticator::apply(http::Headers& headers, const base::CallContext&) const {
  if (value_) headers.push_back({"Authorization", std::string(value_.get(), size_)});
}

}  // namespace dbsql::auth
