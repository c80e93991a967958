// links: dbsql_config
//
// Any text is either a configuration, which its own DSN describes completely, or a
// ConfigurationError.
#include <dbsql/error.h>

#include "config/dsn.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbsql::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ConnectionConfig config;
  try {
    config = parse_dsn(text);
  } catch (const dbsql::ConfigurationError&) {
    return 0;
  }
  ConnectionConfig again = parse_dsn(to_dsn(config));
  again.token = config.token;
  if (!(again == config)) std::abort();
  return 0;
}
