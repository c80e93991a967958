#include "auth/oauth_m2m.h"

#include <dbsql/error.h>

#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/url.h"

#include <string.h>

#include <utility>

namespace dbsql::auth {
namespace {

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

/// RFC 6749 2.3.1: both parts are form-encoded before they are put together.
Secret basic_pair(const ClientCredentials& credentials) {
  std::string text = base::concat(http::percent_encode(credentials.client_id), ":",
                                  http::percent_encode(credentials.client_secret.view()));
  Secret pair(text);
  explicit_bzero(text.data(), text.size());
  return pair;
}

}  // namespace

ClientCredentialsProvider::ClientCredentialsProvider(std::shared_ptr<http::Transport> transport,
                                                     OidcHost host, ClientCredentials credentials,
                                                     base::Clock& clock)
    : transport_(std::move(transport)),
      host_(std::move(host)),
      credentials_(std::move(credentials)),
      clock_(clock) {
  if (credentials_.client_id.empty() || credentials_.client_secret.empty())
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "OAuth for service principals needs auth.client_id and "
                            "auth.client_secret"});
}

Token ClientCredentialsProvider::get_token(const TokenContext& context) {
  const std::string url =
      credentials_.token_endpoint.empty()
          ? discover_endpoints(transport_, host_, to_call(context), clock_).token
          : credentials_.token_endpoint;
  const std::string scope = joined(credentials_.scopes);
  Form form{{"grant_type", "client_credentials"}, {"scope", scope}};
  if (credentials_.sends_in_body) {
    form.emplace_back("client_id", credentials_.client_id);
    form.emplace_back("client_secret", credentials_.client_secret.view());
  }
  const Secret basic = credentials_.sends_in_body ? Secret() : basic_pair(credentials_);
  return TokenEndpoint(transport_, url, clock_).request(form, basic, context);
}

}  // namespace dbsql::auth
