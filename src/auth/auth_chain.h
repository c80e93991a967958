#pragma once

#include <dbsql/auth_explanation.h>
#include <dbsql/token_provider.h>

#include "auth/auth_settings.h"
#include "auth/oauth_u2m.h"
#include "auth/provider_parts.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::auth {

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

/// The same decision without a ConfigurationError: the explanation tells what is wrong.
/// \throws TimeoutError, CancelledError  by `context`
AuthExplanation explain_auth(const AuthSettings& settings, const ProviderParts& parts,
                             const TokenContext& context = {});

}  // namespace dbsql::auth
