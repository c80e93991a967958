#include "server/links.h"

namespace dbsql::bench {

std::string FileAddress::link(std::int64_t file) const {
  // As long as signed links are: they travel, and are parsed, for every file.
  static const std::string kSignature(256, 'f');
  return origin + "/files/" + std::to_string(result) + '/' + std::to_string(file) +
         "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=" + kSignature;
}

std::chrono::system_clock::time_point link_expiry() {
  static const auto expiry = std::chrono::system_clock::now() + std::chrono::hours(24);
  return expiry;
}

}  // namespace dbsql::bench
