#include "auth/federation.h"

#include <dbsql/error.h>

#include "auth/jwt.h"
#include "auth/token_cache.h"
#include "base/log.h"
#include "base/text.h"
#include "http/curl_transport.h"
#include "http/url.h"

#include <utility>

namespace dbsql::auth {

bool needs_exchange(std::string_view access_token, std::string_view workspace_host) {
  const auto claims = read_jwt(access_token);
  if (!claims || claims->issuer.empty()) return false;
  const auto issuer = http::Url::parse(claims->issuer);
  return !issuer || !base::equals_ignore_case(issuer->host, workspace_host);
}

}  // namespace dbsql::auth

namespace dbsql {

namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view kJwt = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::chrono::seconds kRefusalLasts{60};
constexpr std::chrono::seconds kCacheMargin{
    30};  // before its end, a cached token counts as expired
constexpr std::chrono::seconds kExchangeTimeout{30};
constexpr std::size_t kShownOfClientId = 8;

/// A refusal is the server's word; anything else may pass.
bool is_refusal(const Error& error) {
  return error.http_status() >= 400 && error.http_status() < 500 && error.http_status() != 429 &&
         error.http_status() != 408;
}

std::string token_url(std::string_view host) {
  return base::concat("https://", host, "/oidc/v1/token");
}

}  // namespace

FederatedTokenProvider::Impl::Impl(std::shared_ptr<TokenProvider> inner, std::string host,
                                   FederationOptions options, auth::TokenEndpoint endpoint,
                                   base::Clock& clock)
    : inner_(std::move(inner)),
      host_(std::move(host)),
      options_(std::move(options)),
      endpoint_(std::move(endpoint)),
      clock_(&clock) {
  if (!inner_)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "federation needs a token provider whose tokens it exchanges"});
}

std::string FederatedTokenProvider::Impl::name() const {
  if (options_.client_id.empty()) return base::concat("federation[", inner_->name(), "]");
  return base::concat("federation[", inner_->name(),
                      ",sp:", options_.client_id.substr(0, kShownOfClientId), "]");
}

Token FederatedTokenProvider::Impl::get_token(const TokenContext& context) {
  Token original = inner_->get_token(context);
  if (!auth::needs_exchange(original.access_token.view(), host_)) return original;
  if (is_hopeless(original)) return for_a_while(std::move(original));
  try {
    return exchange(original, context);
  } catch (const Error& error) {
    const bool has_given_up = error.kind() == ErrorKind::Cancelled || context.stop.stop_requested();
    if (options_.strict || has_given_up) throw;
    return fall_back(std::move(original), error);
  }
}

Token FederatedTokenProvider::Impl::exchange(const Token& original,
                                             const TokenContext& context) const {
  auth::Form form{{"grant_type", kGrant},
                  {"subject_token", original.access_token.view()},
                  {"subject_token_type", kJwt},
                  {"scope", "sql"},
                  {"return_original_token_if_authenticated", "true"}};
  if (!options_.client_id.empty()) form.emplace_back("client_id", options_.client_id);
  TokenContext bounded = context;
  const auto limit = clock_->now() + kExchangeTimeout;
  if (!bounded.deadline || *bounded.deadline > limit) bounded.deadline = limit;
  Token token = endpoint_.request(form, {}, bounded);
  auth::check_token(token, ErrorKind::Unauthenticated);
  token.extra_headers = original.extra_headers;
  return token;
}

/// Whether the exchange of this very token was refused a moment ago.
bool FederatedTokenProvider::Impl::is_hopeless(const Token& original) {
  std::lock_guard lock(mutex_);
  return !options_.strict && clock_->now() < refused_until_ && refused_ == original.access_token;
}

Token FederatedTokenProvider::Impl::fall_back(Token original, const Error& error) {
  base::log(
      LogLevel::Warn, "auth",
      base::concat("the token of another issuer could not be exchanged and is used as it is: ",
                   error.message()));
  if (is_refusal(error) || error.http_status() < 400) {
    std::lock_guard lock(mutex_);
    refused_ = original.access_token;
    refused_until_ = clock_->now() + kRefusalLasts;
  }
  return for_a_while(std::move(original));
}

/// The original, with so short a life that whoever caches it will have another exchange tried soon.
Token FederatedTokenProvider::Impl::for_a_while(Token original) const {
  const auto now = clock_->system_now();
  const auto end = now + kRefusalLasts + kCacheMargin;
  if (!original.expires_at || *original.expires_at > end) original.expires_at = end;
  original.issued_at = now;
  return original;
}

FederatedTokenProvider::FederatedTokenProvider(std::shared_ptr<TokenProvider> inner,
                                               std::string_view host, FederationOptions options)
    : impl_(std::make_unique<Impl>(
          std::move(inner), std::string(host), std::move(options),
          auth::TokenEndpoint(std::make_shared<http::CurlTransport>(), token_url(host)),
          base::Clock::system())) {}
FederatedTokenProvider::FederatedTokenProvider(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
FederatedTokenProvider::~FederatedTokenProvider() = default;

Token FederatedTokenProvider::get_token(const TokenContext& context) {
  return impl_->get_token(context);
}
std::string FederatedTokenProvider::name() const { return impl_->name(); }
void FederatedTokenProvider::invalidate(const Token& token) noexcept { impl_->invalidate(token); }

}  // namespace dbsql
