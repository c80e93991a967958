// links: dbsql_config
//
// Any text is either a configuration, which its own DSN describes completely, or a
// ConfigurationError.
#include <dbsql/error.h>

#include "config/dsn.h"
#include "config/options.h"

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
  for (const Option& option : options()) {  // secrets are hidden in a DSN that is shown
    if (option.secret && option.text != nullptr)
      option.store(again, parse_value(option, option.key, option.text(config)));
  }
  again.token = config.token;
  again.password = config.password;
  again.http_headers = config.http_headers;
  if (!(again == config)) std::abort();
  return 0;
}
