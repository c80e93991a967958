#include "http/versions.h"

#include "base/text.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <string_view>

namespace dbsql::http {

std::vector<std::pair<std::string, std::string>> library_versions() {
  const auto text = [](const char* version) {
    return std::string(version == nullptr ? "none" : version);
  };
  const curl_version_info_data* const curl = curl_version_info(CURLVERSION_NOW);
  const auto has = [curl](int feature) { return (curl->features & feature) != 0; };
  return {
      {"libcurl", text(curl->version)},
      {"libcurl.tls", text(curl->ssl_version)},
      {"libcurl.zlib", text(curl->libz_version)},
      {"libcurl.resolver", curl->ares != nullptr         ? base::concat("c-ares ", text(curl->ares))
                           : has(CURL_VERSION_ASYNCHDNS) ? "threads"
                                                         : "blocking"},
      {"libcurl.kerberos", has(CURL_VERSION_SPNEGO) ? "yes" : "no"},
      {"openssl", text(OpenSSL_version(OPENSSL_VERSION))},
  };
}

}  // namespace dbsql::http
