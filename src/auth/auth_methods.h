#pragma once

#include <dbsql/token_provider.h>

#include "auth/auth_settings.h"
#include "auth/oauth_u2m.h"
#include "auth/provider_parts.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// What a method is made from.
struct AuthInputs {
  const AuthSettings& settings;
  const ProviderParts& parts;
  const LoginSeams& seams;
};

/// One row for each method: a new one is added here and nowhere else.
struct AuthMethod {
  std::string_view name;
  std::string_view aliases;  ///< lower case, separated by blanks
  /// Whether the settings ask for it without naming it: then it counts where no type is given.
  bool (*is_given)(const AuthSettings& settings);
  /// What it lacks; empty = nothing.
  std::string (*missing)(const AuthInputs& inputs);
  /// Null provider = no tokens (basic, none).
  std::shared_ptr<TokenProvider> (*make)(const AuthInputs& inputs);
  /// Place among those of "unified"; 0 = not among them.
  int unified_rank = 0;
  /// Only asking for a token tells whether it works on this machine.
  bool is_probed = false;
  /// Its tokens are another issuer's, so a federation client id applies.
  bool may_be_foreign = false;
};

std::span<const AuthMethod> auth_methods();

}  // namespace dbsql::auth
