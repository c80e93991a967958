#include "auth/auth_chain.h"

#include <dbsql/error.h>

#include "auth/auth_methods.h"
#include "auth/federation.h"
#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/url.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace dbsql::auth {
namespace {

using Outcome = AuthAttempt::Outcome;

constexpr std::string_view kUnified = "unified";
constexpr std::chrono::seconds kBesideThePerson{30};  // for the requests around a sign-in

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

const AuthMethod* find_method(std::string_view text) {
  const std::string wanted = base::to_lower(text);
  for (const AuthMethod& method : auth_methods()) {
    if (method.name == wanted) return &method;
    for (const std::string_view alias : base::split(method.aliases, ' ')) {
      if (!alias.empty() && alias == wanted) return &method;
    }
  }
  return nullptr;
}

/// Hands out the token that finding out has yielded already, once.
class ProbedProvider final : public TokenProvider {
 public:
  ProbedProvider(std::shared_ptr<TokenProvider> inner, Token first)
      : inner_(std::move(inner)), first_(std::move(first)) {}
  Token get_token(const TokenContext& context) override {
    {
      std::lock_guard lock(mutex_);
      if (first_) return *std::exchange(first_, std::nullopt);
    }
    return inner_->get_token(context);
  }
  std::string name() const override { return inner_->name(); }
  void invalidate(const Token& token) noexcept override { inner_->invalidate(token); }

 private:
  const std::shared_ptr<TokenProvider> inner_;
  std::mutex mutex_;
  std::optional<Token> first_;  // guarded by mutex_
};

/// Makes the choice step by step and keeps the record of it.
class Decision {
 public:
  Decision(const AuthInputs& inputs, const TokenContext& context) : in_(inputs), context_(context) {
    explanation_.origin = in_.settings.origin;
  }

  AuthChoice decide() {
    const std::string type = base::to_lower(in_.settings.type);
    if (type == kUnified) return decide_unified();
    return type.empty() ? decide_by_what_is_given() : decide_by_name(type);
  }
  AuthExplanation& explanation() noexcept { return explanation_; }

 private:
  void note(const AuthMethod& method, Outcome outcome, std::string reason) {
    explanation_.attempts.push_back({std::string(method.name), outcome, std::move(reason)});
  }

  AuthChoice decide_by_name(const std::string& type) {
    explanation_.rule = base::concat("auth.type=", type.substr(0, 50), " names the method");
    const AuthMethod* method = find_method(type);
    if (method == nullptr)
      refuse(base::concat("auth.type=", type.substr(0, 50), " is no method; known are ",
                          names_of_all()));
    if (std::string missing = method->missing(in_); !missing.empty()) {
      note(*method, Outcome::PassedOver, missing);
      refuse(base::concat("auth.type=", method->name, ": ", missing));
    }
    return choose(*method, make(*method), "it is named");
  }

  AuthChoice decide_by_what_is_given() {
    explanation_.rule = "no auth.type: the one method that is configured completely";
    require_one_family();
    for (const AuthMethod& method : auth_methods()) {
      if (!method.is_given(in_.settings)) {
        note(method, Outcome::PassedOver, reason_for_not_given(method));
        continue;
      }
      if (std::string missing = method.missing(in_); !missing.empty()) {
        note(method, Outcome::PassedOver, missing);
        refuse(base::concat(method.name, ": ", missing));
      }
      return choose(method, make(method), "it is configured, and no other is");
    }
    refuse(base::concat("no credentials are given", half_given(),
                        "; set auth.type, or what one of these needs: auth.token (pat), "
                        "auth.client_id and auth.client_secret (oauth-m2m), or auth.type=oauth-u2m "
                        "to sign in with a browser"));
  }

  AuthChoice decide_unified() {
    explanation_.rule = "auth.type=unified: the first method that works on this machine";
    require_one_family();
    std::vector<const AuthMethod*> order;
    for (const AuthMethod& method : auth_methods())
      if (method.unified_rank > 0) order.push_back(&method);
    std::sort(order.begin(), order.end(), [](const AuthMethod* a, const AuthMethod* b) {
      return a->unified_rank < b->unified_rank;
    });
    for (const AuthMethod* method : order) {
      if (auto choice = try_unified(*method)) return std::move(*choice);
    }
    std::string looked_at;
    for (const AuthAttempt& attempt : explanation_.attempts)
      looked_at += base::concat("; ", attempt.method, ": ", attempt.reason);
    // An explanation names each method for itself.
    explanation_.failure = "no credentials are given: no method of authentication works here";
    refuse(explanation_.failure + looked_at);
  }

  std::optional<AuthChoice> try_unified(const AuthMethod& method) {
    AuthSettings unnamed = in_.settings;
    unnamed.type.clear();
    const AuthInputs inputs{unnamed, in_.parts, in_.seams};
    if (std::string missing = method.missing(inputs); !missing.empty()) {
      note(method, Outcome::PassedOver, std::move(missing));
      return std::nullopt;
    }
    auto provider = make(method);
    if (!method.is_probed) return choose(method, std::move(provider), "it is configured");
    try {
      Token first = provider->get_token(context_);
      return choose(method, std::make_shared<ProbedProvider>(std::move(provider), std::move(first)),
                    "it has given a token");
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Cancelled || error.kind() == ErrorKind::Timeout) throw;
      note(method, Outcome::PassedOver, error.message());
    }
    return std::nullopt;
  }

  /// Two complete methods: whichever we took could be the wrong identity.
  void require_one_family() {
    std::string names;
    int count = 0;
    std::vector<AuthAttempt> given;
    for (const AuthMethod& method : auth_methods()) {
      if (!method.is_given(in_.settings)) continue;
      names += base::concat(count++ > 0 ? " and " : "", method.name);
      given.push_back({std::string(method.name), Outcome::PassedOver, "it is not the only one"});
    }
    if (count < 2) return;
    explanation_.attempts = std::move(given);
    refuse(base::concat("more than one authentication method is configured: ", names,
                        "; leave out one of them or choose with auth.type"));
  }

  std::string reason_for_not_given(const AuthMethod& method) const {
    if (std::string missing = method.missing(in_); !missing.empty()) return missing;
    return "only when auth.type names it";
  }

  std::string reason_not_reached(const AuthMethod& other, const AuthMethod& chosen) const {
    if (std::string missing = other.missing(in_); !missing.empty()) return missing;
    const bool is_named = !in_.settings.type.empty() && !is_unified();
    const bool may_be_chosen = is_unified() ? other.unified_rank > 0 : other.is_given(in_.settings);
    if (!may_be_chosen) return "only when auth.type names it";
    return is_named ? base::concat("auth.type names ", chosen.name)
                    : base::concat(chosen.name, " was chosen before it");
  }

  bool is_unified() const { return base::equals_ignore_case(in_.settings.type, kUnified); }

  /// A client without its secret: most likely what was forgotten.
  std::string half_given() const {
    const AuthSettings& s = in_.settings;
    if (!s.client_id.empty() && s.client_secret.empty())
      return " (auth.client_id is set, auth.client_secret is not)";
    if (s.client_id.empty() && !s.client_secret.empty())
      return " (auth.client_secret is set, auth.client_id is not)";
    return {};
  }

  static std::string names_of_all() {
    std::string names(kUnified);
    for (const AuthMethod& method : auth_methods()) names += base::concat(", ", method.name);
    return names;
  }

  std::shared_ptr<TokenProvider> make(const AuthMethod& method) const {
    auto provider = method.make(in_);
    const AuthSettings& s = in_.settings;
    if (!provider || !method.may_be_foreign || s.federation_client_id.empty()) return provider;
    const auto url = http::Url::parse(s.origin);
    return std::make_shared<FederatedTokenProvider>(std::make_unique<FederatedTokenProvider::Impl>(
        std::move(provider), url ? url->host : s.origin,
        FederationOptions{.client_id = s.federation_client_id, .strict = s.federation_strict},
        TokenEndpoint(in_.parts.transport, s.origin + "/oidc/v1/token", *in_.parts.clock),
        *in_.parts.clock));
  }

  AuthChoice choose(const AuthMethod& method, std::shared_ptr<TokenProvider> provider,
                    std::string why) {
    note(method, Outcome::Chosen, std::move(why));
    for (const AuthMethod& other : auth_methods()) {
      const bool is_seen =
          std::any_of(explanation_.attempts.begin(), explanation_.attempts.end(),
                      [&](const AuthAttempt& seen) { return seen.method == other.name; });
      if (!is_seen) note(other, Outcome::NotReached, reason_not_reached(other, method));
    }
    AuthChoice choice{.kind = method.name == "basic"  ? AuthChoice::Kind::Basic
                              : method.name == "none" ? AuthChoice::Kind::None
                                                      : AuthChoice::Kind::Provider,
                      .method = std::string(method.name),
                      .provider = std::move(provider)};
    if (choice.method.ends_with("u2m"))
      choice.refresh_timeout = in_.settings.login_timeout + kBesideThePerson;
    choice.explanation = explanation_;
    return choice;
  }

  AuthInputs in_;
  const TokenContext& context_;
  AuthExplanation explanation_;
};

}  // namespace

std::string_view canonical_auth_type(std::string_view text) {
  if (base::equals_ignore_case(text, kUnified)) return kUnified;
  const AuthMethod* method = find_method(text);
  return method == nullptr ? std::string_view() : method->name;
}

AuthChoice choose_auth(const AuthSettings& settings, const ProviderParts& parts,
                       const TokenContext& context, const LoginSeams& seams) {
  return Decision({settings, parts, seams}, context).decide();
}

AuthExplanation explain_auth(const AuthSettings& settings, const ProviderParts& parts,
                             const TokenContext& context) {
  const LoginSeams seams;
  Decision decision({settings, parts, seams}, context);
  try {
    return decision.decide().explanation;
  } catch (const ConfigurationError& error) {
    AuthExplanation explanation = std::move(decision.explanation());
    if (explanation.failure.empty()) explanation.failure = error.message();
    return explanation;
  }
}

}  // namespace dbsql::auth
