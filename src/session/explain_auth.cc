#include "session/explain_auth.h"

#include <dbsql/error.h>

#include "auth/auth_chain.h"
#include "base/text.h"
#include "session/credentials.h"
#include "session/transport.h"

#include <optional>
#include <utility>

namespace dbsql::session {
namespace {

using config::AuthType;
using config::ConnectionConfig;
using Outcome = AuthAttempt::Outcome;

AuthExplanation explain_provider(const ConnectorOptions::Impl& options,
                                 const ConnectionConfig& config) {
  const std::string name = options.provider->name();
  return {
      .origin = origin_of(config),
      .rule = "the program brings its own tokens",
      .attempts = {{std::string(config::auth_type_name(AuthType::Provider)), Outcome::Chosen,
                    options.federation_client_id ? base::concat("federation[", name, "]") : name}},
      .failure = {}};
}

/// What led to a method that no option names; nothing where one does.
std::optional<std::string_view> rule_without_type(AuthType asked, AuthType chosen) {
  if (asked == AuthType::Unified && chosen != AuthType::Unified)
    return "auth.type=unified: one method is configured, so that none has to be tried";
  if (asked != AuthType::Unspecified) return std::nullopt;
  if (chosen == AuthType::None)
    return "no auth.type and no credentials: the warehouse is on this machine";
  if (chosen == AuthType::Basic)
    return "no auth.type: the path is one of a Spark Thrift server, which takes user and password";
  return "no auth.type: the one method that is configured";
}

/// `failure` is the last word: nothing is used.
void fail(AuthExplanation& explanation, std::string failure) {
  for (AuthAttempt& attempt : explanation.attempts) {
    if (attempt.outcome != Outcome::Chosen) continue;
    attempt.outcome = Outcome::PassedOver;
    attempt.reason = "it cannot be used as it is configured";
  }
  explanation.failure = std::move(failure);
}

}  // namespace

AuthExplanation explain_auth(const ConnectorOptions::Impl& options, const TokenContext& context) {
  const AuthType own = options.provider ? AuthType::Provider : AuthType::Unspecified;
  const ConnectionConfig given = options.resolved().build_target(own);
  std::optional<ConnectionConfig> complete;
  std::string failure;
  try {
    complete = options.build();
  } catch (const ConfigurationError& error) {
    failure = error.message();
  }
  if (complete && options.provider) return explain_provider(options, *complete);
  const ConnectionConfig& config = complete ? *complete : given;
  AuthExplanation explanation =
      auth::explain_auth(auth_settings_of(config), {.transport = make_transport(config)}, context);
  if (!complete) {
    fail(explanation, std::move(failure));
  } else if (const auto rule = rule_without_type(given.auth_type, config.auth_type)) {
    explanation.rule = *rule;
    for (AuthAttempt& attempt : explanation.attempts) {
      if (attempt.outcome == Outcome::Chosen) attempt.reason = "it is configured, and no other is";
    }
  }
  return explanation;
}

}  // namespace dbsql::session
