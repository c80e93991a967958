#include "base/text.h"
#include "http/transport.h"

namespace dbsql::http {

std::string_view find_header(const Headers& headers, std::string_view name) noexcept {
  for (const Header& header : headers) {
    if (base::equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace dbsql::http
