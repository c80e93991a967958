#include "base/text.h"
#include "http/clean_header.h"
#include "http/transport.h"

namespace dbsql::http {

std::string_view find_header(const Headers& headers, std::string_view name) noexcept {
  for (const Header& header : headers) {
    if (base::equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

bool is_clean(const Header& header) noexcept {
  constexpr std::string_view kForbidden("\r\n\0", 3);
  return !header.name.empty() && header.name.find_first_of(kForbidden) == std::string::npos &&
         header.value.find_first_of(kForbidden) == std::string::npos;
}

}  // namespace dbsql::http
