#pragma once

#include <dbsql/connector_options.h>
#include <dbsql/telemetry.h>

#include "config/connection_config.h"
#include "config/option_set.h"

#include <memory>
#include <optional>
#include <string>

namespace dbsql {

/// The options, and what no text can hold.
class ConnectorOptions::Impl {
 public:
  /// The options with everything that they point to: profile, environment.
  config::OptionSet resolved() const;

  /// \throws ConfigurationError  what is missing or contradicts
  config::ConnectionConfig build() const;

  config::OptionSet options;
  std::shared_ptr<TokenProvider> provider;
  std::shared_ptr<TelemetrySink> telemetry_sink;    ///< may be null
  std::optional<std::string> federation_client_id;  ///< set: the provider's tokens are exchanged
};

}  // namespace dbsql
