// links: dbsql_config
//
// Any text is either a configuration, which its own DSN describes completely, or a
// ConfigurationError.
#include "config/dsn.h"
#include "fuzz/option_set_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsql::fuzz::check_options(data, size, dbsql::config::read_dsn);
  return 0;
}
