#pragma once

#include <dbsql/auth_explanation.h>
#include <dbsql/token_provider.h>

#include "session/connector_options_impl.h"

namespace dbsql::session {

/// How `make_authenticator` decides for these options, and what it would refuse.
/// \throws ConfigurationError  there is no telling, for instance because no host is named
AuthExplanation explain_auth(const ConnectorOptions::Impl& options, const TokenContext& context);

}  // namespace dbsql::session
