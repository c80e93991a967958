// links: dbsql_http
//
// What the URL reader accepts, it writes so that it reads the same again; so do percent escapes.
#include "http/url.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbsql::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = Url::parse(text)) {
    is_loopback_host(url->host);
    if (Url::parse(url->to_string()) != url) std::abort();
  }
  is_loopback_host(text);
  percent_decode(text, true);
  if (percent_decode(percent_encode(text)) != text) std::abort();
  return 0;
}
