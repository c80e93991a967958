#include "auth/device_login.h"

#include <dbsql/error.h>

#include "auth/identity_request.h"
#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/url.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace dbsql::auth {
namespace {

using std::chrono::seconds;

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr seconds kUsualInterval{5};  // RFC 8628 3.2
constexpr seconds kSlowDown{5};       // RFC 8628 3.5
constexpr seconds kLongestInterval{60};
constexpr seconds kLongestLife{3600};

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

/// What the service has given us and the person.
struct DeviceCode {
  Secret device_code;
  std::string user_code;
  std::string address;
  std::string complete_address;  ///< with the code in it; empty = not offered
  seconds life{kLongestLife};
  seconds interval{kUsualInterval};
};

/// Text for a terminal: no control characters.
std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return {};
  std::string text = member->get<std::string>();
  std::erase_if(text, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; });
  return text;
}

seconds seconds_of(const nlohmann::json& object, const char* name, seconds fallback,
                   seconds largest) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_integer()) return fallback;
  return seconds(std::clamp<std::int64_t>(member->get<std::int64_t>(), 1, largest.count()));
}

DeviceCode read_device_code(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) refuse("the device sign-in did not answer with a JSON object");
  DeviceCode code{.device_code = text_of(json, "device_code"),
                  .user_code = text_of(json, "user_code"),
                  .address = text_of(json, "verification_uri"),
                  .complete_address = text_of(json, "verification_uri_complete"),
                  .life = seconds_of(json, "expires_in", kLongestLife, kLongestLife),
                  .interval = seconds_of(json, "interval", kUsualInterval, kLongestInterval)};
  if (code.device_code.empty() || code.user_code.empty() || !http::Url::parse(code.address))
    refuse("the device sign-in answered without a device code, a user code or an address");
  return code;
}

DeviceCode ask_for_code(const std::shared_ptr<http::Transport>& transport,
                        const OidcEndpoints& endpoints, const DeviceLogin& login,
                        const TokenContext& context, base::Clock& clock) {
  if (endpoints.device_authorization.empty())
    refuse("this host offers no sign-in with a device code; set auth.login=url or browser");
  const Secret answer = ask_identity_service(
      transport,
      {.name = "device sign-in",
       .method = "POST",
       .url = endpoints.device_authorization,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                   {"Accept", "application/json"}},
       .body = base::concat("client_id=", http::percent_encode(login.client_id),
                            "&scope=", http::percent_encode(login.scope))},
      context, clock);
  return read_device_code(answer.view());
}

/// The token once the person has signed in; empty = not yet.
std::optional<Token> poll(const TokenEndpoint& endpoint, const DeviceLogin& login, DeviceCode& code,
                          const TokenContext& context) {
  try {
    return endpoint.request({{"grant_type", kGrant},
                             {"device_code", code.device_code.view()},
                             {"client_id", login.client_id}},
                            {}, context);
  } catch (const Error& error) {
    const std::string& reason = error.error_class();
    if (reason == "slow_down")
      code.interval = std::min(code.interval + kSlowDown, kLongestInterval);
    if (reason == "authorization_pending" || reason == "slow_down") return std::nullopt;
    if (reason == "access_denied") refuse("the sign-in was refused on the other machine");
    if (reason == "expired_token") refuse("the code of the sign-in has expired; start once more");
    throw;
  }
}

}  // namespace

Token sign_in_with_device(const std::shared_ptr<http::Transport>& transport,
                          const OidcEndpoints& endpoints, const DeviceLogin& login,
                          const TellUser& tell, const TokenContext& context, base::Clock& clock) {
  DeviceCode code = ask_for_code(transport, endpoints, login, context, clock);
  const auto limit = std::min(login.timeout, code.life);
  const auto until = clock.now() + limit;
  const bool is_complete = http::Url::parse(code.complete_address).has_value();
  tell(base::concat("To sign in, open ", is_complete ? code.complete_address : code.address,
                    " in a browser on any machine and enter the code ", code.user_code));
  const TokenEndpoint endpoint(transport, endpoints.token, clock);
  while (true) {
    if (clock.now() + code.interval > until)
      refuse(base::concat("nobody has signed in within ", limit.count(),
                          " s; raise auth.u2m_timeout to have more time"));
    clock.sleep(code.interval, to_call(context));
    if (auto token = poll(endpoint, login, code, context)) return std::move(*token);
  }
}

}  // namespace dbsql::auth
