#include "auth/authenticator.h"

#include <dbsql/error.h>

#include "base/base64.h"
#include "base/text.h"

#include <string.h>

#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::string_view kAuthorization = "Authorization";

void erase(std::string& secret) noexcept { explicit_bzero(secret.data(), secret.size()); }

/// The value of a header that never changes.
Secret header_value(std::string_view scheme, std::string_view credentials) {
  std::string text = base::concat(scheme, " ", credentials);
  Secret value(text);
  erase(text);
  return value;
}

}  // namespace

Authenticator::Authenticator(std::string_view token) : name_("pat") {
  check_token({.access_token = token}, ErrorKind::Configuration);
  value_ = header_value("Bearer", token);
}

Authenticator::Authenticator(const BasicCredentials& credentials) : name_("basic") {
  if (credentials.user.empty() || credentials.user.find(':') != std::string_view::npos)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "the user of basic authentication is empty or has a colon in it"});
  std::string pair = base::concat(credentials.user, ":", credentials.password);
  std::string encoded = base::base64_encode(pair);
  value_ = header_value("Basic", encoded);
  erase(pair);
  erase(encoded);
}

Authenticator::Authenticator(std::shared_ptr<TokenProvider> provider, base::Clock& clock,
                             std::chrono::seconds refresh_timeout)
    : name_(provider->name()) {
  const bool asks_each_time = name_ == "external";
  cache_ = std::make_unique<TokenCache>(
      std::move(provider),
      TokenCacheOptions{.refresh_timeout = refresh_timeout,
                        .asks_each_time_without_expiry = asks_each_time},
      clock);
  if (cache_->inner().renews()) name_ = base::concat("cached[", name_, "]");
}

void Authenticator::apply(http::Headers& headers, const base::CallContext& call) const {
  if (!cache_) {
    if (!value_.empty())
      headers.push_back({std::string(kAuthorization), std::string(value_.view())});
    return;
  }
  cache_->add_headers(headers, call);
}

bool Authenticator::apply_at_hand(http::Headers& headers) const {
  if (cache_) return cache_->add_headers_at_hand(headers);
  apply(headers, {});
  return true;
}

bool Authenticator::renew(const http::Headers& refused) const {
  if (!cache_ || !cache_->inner().renews()) return false;
  const std::string_view value = http::find_header(refused, kAuthorization);
  if (const std::size_t blank = value.find(' '); blank != std::string_view::npos)
    cache_->invalidate(value.substr(blank + 1));
  return true;
}

http::Client::Credentials Authenticator::credentials(
    std::shared_ptr<const Authenticator> authenticator) {
  return {
      [authenticator](http::Headers& headers, const base::CallContext& call) {
        authenticator->apply(headers, call);
      },
      [authenticator](const http::Headers& refused) { return authenticator->renew(refused); },
      [authenticator](http::Headers& headers) { return authenticator->apply_at_hand(headers); }};
}

}  // namespace dbsql::auth
