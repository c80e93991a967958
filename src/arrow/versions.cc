#include "arrow/versions.h"

#include <lz4.h>
#include <zstd.h>

namespace dbsql::arrow {

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {{"lz4", LZ4_versionString()}, {"zstd", ZSTD_versionString()}};
}

}  // namespace dbsql::arrow
