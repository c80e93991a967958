#pragma once

#include <dbsql/error.h>

#include "config/dsn.h"
#include "config/option_set.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace dbsql::fuzz {

/// Secrets are hidden in a DSN that is shown: they are put back for the comparison.
inline void restore_secrets(const config::ConnectionConfig& from, config::ConnectionConfig& to) {
  for (const config::Option& option : config::options()) {
    if (option.secret && option.text != nullptr)
      option.store(to, config::parse_value(option, option.key, option.text(from)));
  }
  to.token = from.token;
  to.password = from.password;
  to.http_headers = from.http_headers;
}

/// Reads text in one of the dialects; aborts when what comes of it contradicts itself.
template <class Read>
void check_options(const std::uint8_t* data, std::size_t size, Read read) {
  config::ConnectionConfig config;
  try {
    const config::OptionSet set = read(std::string_view(reinterpret_cast<const char*>(data), size));
    set.report();
    config = set.build();
  } catch (const ConfigurationError&) {
    return;
  }
  config::ConnectionConfig again = config::parse_dsn(config::to_dsn(config));
  restore_secrets(config, again);
  if (!(again == config)) std::abort();
}

}  // namespace dbsql::fuzz
