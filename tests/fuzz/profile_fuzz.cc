// links: dbsql_config
//
// As for uri_fuzz.cc; the profile's name is DEFAULT or the one that the text itself names.
#include "config/profile_file.h"
#include "fuzz/option_set_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsql::fuzz::check_options(data, size, [](std::string_view text) {
    return dbsql::config::profile_options(text, "file", {});
  });
  return 0;
}
