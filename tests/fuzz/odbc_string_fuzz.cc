// links: dbsql_config
//
// As for uri_fuzz.cc.
#include "config/odbc_string.h"
#include "fuzz/option_set_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsql::fuzz::check_options(data, size, dbsql::config::read_odbc_string);
  return 0;
}
