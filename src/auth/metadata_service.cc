#include "auth/metadata_service.h"

#include <dbsql/error.h>

#include "auth/identity_request.h"
#include "auth/token_endpoint.h"
#include "http/url.h"

#include <utility>

namespace dbsql::auth {

MetadataServiceProvider::MetadataServiceProvider(ProviderParts parts, std::string url,
                                                 std::string origin)
    : parts_(std::move(parts)), url_(std::move(url)), origin_(std::move(origin)) {
  const auto parsed = http::Url::parse(url_);
  if (!parsed || !http::is_loopback_host(parsed->host))
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "auth.metadata_service_url must be a URL of this machine (localhost)"});
}

Token MetadataServiceProvider::get_token(const TokenContext& context) {
  const Secret answer = ask_identity_service(
      parts_.transport,
      {.name = "metadata service request",
       .url = url_,
       .headers = {{"X-Databricks-Metadata-Version", "1"}, {"X-Databricks-Host", origin_}},
       .body = {},
       .limit = std::chrono::seconds(10)},
      context, *parts_.clock);
  return read_token_response(answer.view(), parts_.clock->system_now());
}

}  // namespace dbsql::auth
