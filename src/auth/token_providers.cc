#include <dbsql/error.h>
#include <dbsql/token_provider.h>

#include "auth/token_cache.h"
#include "auth/token_endpoint.h"
#include "base/text.h"

#include <utility>

namespace dbsql {

namespace {

std::shared_ptr<TokenProvider> required(std::shared_ptr<TokenProvider> inner) {
  if (!inner)
    throw_error(
        {.kind = ErrorKind::Configuration, .message = "there is no token provider to wrap"});
  return inner;
}

}  // namespace

TokenProvider::~TokenProvider() = default;
void TokenProvider::invalidate(const Token&) noexcept {}

StaticTokenProvider::StaticTokenProvider(Token token) : token_(std::move(token)) {
  auth::check_token(token_, ErrorKind::Configuration);
}
Token StaticTokenProvider::get_token(const TokenContext&) { return token_; }

ExternalTokenProvider::ExternalTokenProvider(Callback callback) : callback_(std::move(callback)) {
  if (!callback_)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "the external token provider needs a callback"});
}

Token ExternalTokenProvider::get_token(const TokenContext& context) {
  if (context.stop.stop_requested())
    throw_error({.kind = ErrorKind::Cancelled, .message = "the request for a token was cancelled"});
  Token token = callback_(context);
  if (base::trim(token.access_token.view()).empty())
    throw_error({.kind = ErrorKind::Unauthenticated, .message = "empty access token"});
  return token;
}

class CachedTokenProvider::Impl {
 public:
  explicit Impl(std::shared_ptr<TokenProvider> inner) : cache(std::move(inner)) {}
  auth::TokenCache cache;
};

CachedTokenProvider::CachedTokenProvider(std::shared_ptr<TokenProvider> inner)
    : impl_(std::make_unique<Impl>(required(std::move(inner)))) {}
CachedTokenProvider::~CachedTokenProvider() = default;

Token CachedTokenProvider::get_token(const TokenContext& context) {
  return impl_->cache.get(auth::to_call(context))->token;
}
std::string CachedTokenProvider::name() const {
  return base::concat("cached[", impl_->cache.inner().name(), "]");
}
void CachedTokenProvider::invalidate(const Token& token) noexcept {
  impl_->cache.invalidate(token.access_token.view());
}
bool CachedTokenProvider::renews() const noexcept { return impl_->cache.inner().renews(); }

}  // namespace dbsql
