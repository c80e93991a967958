// links: dbsql_config
//
// Any text is either a set of options, which makes a configuration whose own DSN describes it
// completely, or a ConfigurationError.
#include "config/uri.h"
#include "fuzz/option_set_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsql::fuzz::check_options(data, size, [](std::string_view text) {
    return dbsql::config::read_uri(std::string("databricks://").append(text));
  });
  return 0;
}
