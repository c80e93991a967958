#pragma once

#include <dbsql/export.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dbsql {

/// What became of one method of authentication.
struct AuthAttempt {
  enum class Outcome : std::uint8_t {
    Chosen,
    PassedOver,  ///< not configured, or tried without success
    NotReached,  ///< not looked at any more: another was chosen, or asked for
  };
  std::string method;  ///< canonical name, for instance "oauth-m2m" (docs/authentication.md)
  Outcome outcome = Outcome::NotReached;
  std::string reason;  ///< why, in words; no secrets
};

/// How it is decided who a connection is: `ConnectorOptions::explain_auth()` and `dbsql auth
/// explain`.
///
/// Ownership: a value. Secrets: none.
struct DBSQL_EXPORT AuthExplanation {
  std::string origin;                 ///< of the server; empty where the options name none
  std::string rule;                   ///< in which way it was decided, one sentence
  std::vector<AuthAttempt> attempts;  ///< in the order in which they were looked at
  /// Empty = a method was chosen. Otherwise what is wrong: the error that connecting ends with.
  std::string failure;

  /// The method that is used; empty = none.
  std::string method() const;

  /// A few lines for people: the rule, one line for each method, what is wrong.
  std::string to_text() const;
};

}  // namespace dbsql
