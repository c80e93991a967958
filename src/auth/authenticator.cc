#include "auth/authenticator.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <string.h>

#include <algorithm>

namespace dbsql::auth {
namespace {

constexpr std::string_view kScheme = "Bearer ";

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
  size_ = kScheme.size() + token.size();
  value_ = std::make_unique<char[]>(size_);
  std::copy(token.begin(), token.end(), std::copy(kScheme.begin(), kScheme.end(), value_.get()));
}

Authenticator::~Authenticator() {
  if (value_) explicit_bzero(value_.get(), size_);  // a plain memset may be optimised away
}

void Authenticator::apply(http::Headers& headers, const base::CallContext&) const {
  if (value_) headers.push_back({"Authorization", std::string(value_.get(), size_)});
}

}  // namespace dbsql::auth
