#include "auth/identity_request.h"

#include <dbsql/error.h>

#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/client.h"
#include "http/http_error.h"

#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{1} << 20;

}  // namespace

Secret ask_identity_service(const std::shared_ptr<http::Transport>& transport,
                            IdentityRequest request, const TokenContext& context,
                            base::Clock& clock) {
  http::Request message;
  message.name = request.name;
  message.method = std::move(request.method);
  message.url = request.url;
  message.headers = std::move(request.headers);
  message.body = base::Buffer::copy_of(request.body.view());
  message.request_class = http::RequestClass::Auth;
  message.first_byte_timeout = request.limit;
  const auto call = to_call(context).bounded_by(clock.now() + request.limit);
  const http::Client client(transport, {}, {}, clock);
  const http::Response response = client.send(std::move(message), call);
  if (response.body.text().size() > kLargestAnswer)
    throw_error({.kind = ErrorKind::Unauthenticated,
                 .message = base::concat(request.name, ": the answer of ",
                                         http::server_of(request.url), " is too long")});
  return response.body.text();
}

}  // namespace dbsql::auth
