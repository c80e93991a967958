#include "auth/oauth_u2m.h"

#include <dbsql/error.h>

#include "auth/jwt.h"
#include "auth/pkce.h"
#include "auth/token_endpoint.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"
#include "http/url.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::chrono::minutes kLongestLead{20};
constexpr std::size_t kLongestReason = 300;

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void tell_on_standard_error(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

/// A server that gives no life of a JSON web token means the one in it.
Token with_known_end(Token token) {
  if (!token.expires_at) {
    if (const auto claims = read_jwt(token.access_token.view()))
      token.expires_at = claims->expires_at;
  }
  return token;
}

std::string authorization_url(const std::string& endpoint, const UserLogin& login,
                              std::string_view redirect_uri, std::string_view state,
                              const Pkce& pkce) {
  const auto encode = [](std::string_view text) { return http::percent_encode(text); };
  return base::concat(endpoint, endpoint.find('?') == std::string::npos ? "?" : "&",
                      "response_type=code&client_id=", encode(login.client_id),
                      "&redirect_uri=", encode(redirect_uri),
                      "&scope=", encode(joined(login.scopes)), "&state=", encode(state),
                      "&code_challenge=", pkce.challenge, "&code_challenge_method=S256");
}

/// Outside text for an error message: one line, no secrets, not endless.
std::string reason_of(const LoginAnswer& answer) {
  std::string text = answer.description.empty()
                         ? answer.error
                         : base::concat(answer.error, ": ", answer.description);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }, ' ');
  return base::redact(text.substr(0, kLongestReason));
}

}  // namespace

TokenIdentity identity_of(const OidcHost& host, const UserLogin& login) {
  return {.origin = host.origin,
          .client_id = login.client_id,
          .scopes = login.scopes,
          .account_id = host.account_id};
}

/// The store for the time of one renewal, locked. What goes wrong with it is a warning: the sign-in
/// goes on without.
class UserLoginProvider::StoreAccess {
 public:
  StoreAccess(TokenStore* store, const base::CallContext& call) : store_(store) {
    if (store_ == nullptr) return;
    try {
      lock_.emplace(store_->lock(call));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Configuration) throw;
      base::log(LogLevel::Warn, "auth", error.message());
    }
  }
  std::optional<Token> load() { return lock_ ? store_->load() : std::nullopt; }
  void forget() {
    if (lock_) store_->remove(*lock_);
  }
  void save(const Token& token) {
    if (!lock_) return;
    try {
      store_->save(token, *lock_);
    } catch (const Error& error) {
      base::log(LogLevel::Warn, "auth", error.message());
    }
  }

 private:
  TokenStore* store_;
  std::optional<FileLock> lock_;
};

UserLoginProvider::UserLoginProvider(std::shared_ptr<http::Transport> transport, OidcHost host,
                                     UserLogin login, std::shared_ptr<TokenStore> store,
                                     LoginSeams seams, base::Clock& clock)
    : transport_(std::move(transport)),
      host_(std::move(host)),
      login_(std::move(login)),
      store_(std::move(store)),
      browser_(seams.browser != nullptr ? *seams.browser : BrowserLauncher::system()),
      tell_(seams.tell ? std::move(seams.tell) : TellUser(tell_on_standard_error)),
      shared_(seams.shared ? std::move(seams.shared) : SharedLogin::of(identity_of(host_, login_))),
      clock_(clock) {}

/// Whether a cache around this would not ask for another one at once.
bool UserLoginProvider::is_fresh(const Token& token) const {
  if (token.access_token.empty() || shared_->is_refused(token)) return false;
  if (!token.expires_at) return true;
  const auto left = *token.expires_at - clock_.system_now();
  std::chrono::nanoseconds lead = kLongestLead;
  if (token.issued_at)
    lead = std::min<std::chrono::nanoseconds>(lead, (*token.expires_at - *token.issued_at) / 2);
  return left > lead;
}

Token UserLoginProvider::get_token(const TokenContext& context) {
  const auto call = to_call(context);
  const auto turn = shared_->take_turn(call, clock_);
  Token known = shared_->token();
  if (is_fresh(known)) return known;
  StoreAccess stored(store_.get(), call);
  if (auto token = stored.load()) {
    known = std::move(*token);
    shared_->keep(known);
    if (is_fresh(known)) return known;
  }
  const OidcEndpoints found = endpoints(context);
  auto token = renew(known, found, context);
  if (!token) {
    if (!known.refresh_token.empty()) stored.forget();
    shared_->keep({});
    token = sign_in(found, context);
  }
  shared_->keep(*token);
  stored.save(*token);
  return std::move(*token);
}

OidcEndpoints UserLoginProvider::endpoints(const TokenContext& context) const {
  OidcEndpoints chosen = login_.endpoints;
  const bool needs_page = login_.mode != LoginMode::DeviceCode && chosen.authorization.empty();
  const bool needs_device =
      login_.mode == LoginMode::DeviceCode && chosen.device_authorization.empty();
  if (!chosen.token.empty() && !needs_page && !needs_device) return chosen;
  const OidcEndpoints found = discover_endpoints(transport_, host_, to_call(context), clock_);
  if (chosen.token.empty()) chosen.token = found.token;
  if (chosen.authorization.empty()) chosen.authorization = found.authorization;
  if (chosen.device_authorization.empty()) chosen.device_authorization = found.device_authorization;
  return chosen;
}

/// Empty where only the person can help.
std::optional<Token> UserLoginProvider::renew(const Token& old, const OidcEndpoints& endpoints,
                                              const TokenContext& context) const {
  if (old.refresh_token.empty()) return std::nullopt;
  try {
    Token token = TokenEndpoint(transport_, endpoints.token, clock_)
                      .request({{"grant_type", "refresh_token"},
                                {"refresh_token", old.refresh_token.view()},
                                {"client_id", login_.client_id}},
                               {}, context);
    // Not every server hands out another one; then the old one stays good.
    if (token.refresh_token.empty()) token.refresh_token = old.refresh_token;
    return with_known_end(std::move(token));
  } catch (const Error& error) {
    if (error.http_status() != 400 && error.http_status() != 401) throw;
    base::log(
        LogLevel::Debug, "auth",
        base::concat("the refresh token is used up, a person must sign in: ", error.message()));
    return std::nullopt;
  }
}

Token UserLoginProvider::sign_in(const OidcEndpoints& endpoints,
                                 const TokenContext& context) const {
  if (login_.mode != LoginMode::DeviceCode)
    return with_known_end(sign_in_with_browser(endpoints, context));
  return with_known_end(sign_in_with_device(
      transport_, endpoints,
      {.client_id = login_.client_id, .scope = joined(login_.scopes), .timeout = login_.timeout},
      tell_, context, clock_));
}

Token UserLoginProvider::sign_in_with_browser(const OidcEndpoints& endpoints,
                                              const TokenContext& context) const {
  if (endpoints.authorization.empty()) refuse("this host offers no sign-in page for browsers");
  const Pkce pkce = make_pkce();
  const std::string state = make_state();
  std::optional<LoginAnswer> answer;
  std::string redirect_uri;
  {
    LoopbackListener listener(login_.redirect_ports, state, clock_);
    redirect_uri = listener.redirect_uri();
    send_to(authorization_url(endpoints.authorization, login_, redirect_uri, state, pkce));
    answer = listener.wait(to_call(context), clock_.now() + login_.timeout);
  }  // the port is free again before the code is spent
  if (!answer)
    refuse(base::concat("nobody has signed in within ", login_.timeout.count(),
                        " s; raise auth.u2m_timeout to have more time"));
  if (!answer->error.empty()) refuse(base::concat("the sign-in was refused: ", reason_of(*answer)));
  return TokenEndpoint(transport_, endpoints.token, clock_)
      .request({{"grant_type", "authorization_code"},
                {"code", answer->code},
                {"redirect_uri", redirect_uri},
                {"code_verifier", pkce.verifier},
                {"client_id", login_.client_id}},
               {}, context);
}

void UserLoginProvider::send_to(const std::string& address) const {
  if (login_.mode == LoginMode::PrintUrl) {
    tell_(base::concat("To sign in, open this address in a browser of this machine:\n", address));
  } else {
    browser_.open(address);
  }
}

}  // namespace dbsql::auth
