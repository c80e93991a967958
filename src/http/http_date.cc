#include "http/http_date.h"

#include "base/text.h"

#include <curl/curl.h>

#include <cstddef>
#include <ctime>
#include <string>

namespace dbsql::http {

std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  text = base::trim(text);
  // curl_getdate reads all three forms, and much that is none: a time of day must be there.
  if (text.size() > kLongest || text.find(':') == std::string_view::npos) return std::nullopt;
  const std::time_t date = curl_getdate(std::string(text).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(date);
}

}  // namespace dbsql::http
