#include "auth/oauth_refresh.h"

#include <dbsql/error.h>

#include "auth/token_endpoint.h"
#include "base/text.h"

#include <utility>

namespace dbsql::auth {

RefreshTokenProvider::RefreshTokenProvider(ProviderParts parts, OidcHost host, RefreshGrant grant)
    : parts_(std::move(parts)),
      host_(std::move(host)),
      grant_(std::move(grant)),
      refresh_token_(grant_.refresh_token) {
  if (refresh_token_.empty())
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "auth.type=oauth-refresh needs auth.refresh_token"});
}

Token RefreshTokenProvider::get_token(const TokenContext& context) {
  const std::string url =
      grant_.token_endpoint.empty()
          ? discover_endpoints(parts_.transport, host_, to_call(context), *parts_.clock).token
          : grant_.token_endpoint;
  // A cache asks one at a time; the lock is for those who share a provider without one.
  std::lock_guard lock(turn_);
  Form form{{"grant_type", "refresh_token"},
            {"refresh_token", refresh_token_.view()},
            {"client_id", grant_.client_id}};
  if (!grant_.client_secret.empty())
    form.emplace_back("client_secret", grant_.client_secret.view());
  try {
    Token token = TokenEndpoint(parts_.transport, url, *parts_.clock).request(form, {}, context);
    if (token.refresh_token.empty()) token.refresh_token = refresh_token_;
    refresh_token_ = token.refresh_token;
    return token;
  } catch (const Error& error) {
    if (error.error_class() != "invalid_grant") throw;
    ErrorFields fields = error.fields();
    fields.kind = ErrorKind::Unauthenticated;
    fields.message += "; the refresh token is used up or revoked: obtain another one";
    throw_error(std::move(fields));
  }
}

}  // namespace dbsql::auth
