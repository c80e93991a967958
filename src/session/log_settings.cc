#include "session/log_settings.h"

#include <dbsql/log.h>

#include <cstdint>

namespace dbsql::session {

void apply_log_options(const config::LogOptions& options) {
  if (!options.file.empty())
    set_log_file({.path = options.file,
                  .format = options.json ? LogFormat::Json : LogFormat::Text,
                  .max_bytes = static_cast<std::uint64_t>(options.file_mebibytes) << 20U,
                  .max_files = options.file_count});
  if (const auto level = log_level_from_string(options.level)) set_log_level(*level);
}

}  // namespace dbsql::session
