// links: dbsql_config
//
// As for uri_fuzz.cc.
#include "config/jdbc_url.h"
#include "fuzz/option_set_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsql::fuzz::check_options(data, size, [](std::string_view text) {
    return dbsql::config::read_jdbc_url(std::string("jdbc:databricks://").append(text));
  });
  return 0;
}
