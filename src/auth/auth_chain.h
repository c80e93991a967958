#pragma once

#include <dbsql/token_provider.h>

#include "auth/auth_settings.h"
#include "auth/oauth_u2m.h"
#include "auth/provider_parts.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::auth {

/// What became of one method of authentication.
struct AuthAttempt {
  enum class Outcome : std::uint8_t {
    Chosen,
    PassedOver,  ///< not configured, or tried without success
    NotReached,  ///< an earlier one was chosen, or another was asked for
  };
  std::string method;  ///< canonical name, for instance "oauth-m2m"
  Outcome outcome = Outcome::NotReached;
  std::string reason;  ///< why, in words; no secrets
};

/// How it was decided who a connection is: what `dbsql auth explain` prints.
struct AuthExplanation {
  std::string origin;  ///< of the host
  std::string rule;    ///< in which way it was decided, one sentence
  std::vector<AuthAttempt> attempts;

  /// A few lines for people.
  std::string to_text() const;
};

/// Who a connection is.
struct AuthChoice {
  enum class Kind : std::uint8_t {
    Provider,  ///< tokens of `provider`
    Basic,     ///< user and password of the settings
    None,      ///< no credentials: a warehouse of this machine
  };
  Kind kind = Kind::Provider;
  std::string method;                       ///< canonical name
  std::shared_ptr<TokenProvider> provider;  ///< null unless `kind` is Provider; not cached yet
  /// How long one answer may take, for `TokenCacheOptions`: a person needs longer than a service.
  std::chrono::seconds refresh_timeout{60};
  AuthExplanation explanation;
};

/// The canonical name of a method, from it or one of its aliases, without case
/// (reference/auth-http-config.md 1.9); empty when there is no such method.
std::string_view canonical_auth_type(std::string_view text);

/// Decides which method is used, and sets it up.
///
/// A type that is named is taken, and what it lacks is an error. Without a type exactly one method
/// must be configured completely. "unified" tries the methods of Databricks' SDKs in their order;
/// those that rest on a sign-in of this machine are asked for a token to find out, within
/// `context`.
///
/// \throws ConfigurationError  no method, more than one, an unknown one, or what it lacks; the
///   message tells what was looked at
AuthChoice choose_auth(const AuthSettings& settings, const ProviderParts& parts,
                       const TokenContext& context = {}, const LoginSeams& seams = {});

/// The same decision without an error: the explanation tells what is wrong.
AuthExplanation explain_auth(const AuthSettings& settings, const ProviderParts& parts,
                             const TokenContext& context = {});

}  // namespace dbsql::auth
