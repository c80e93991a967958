// links: dbsql_staging
//
// What servers and storage services say about a volume's file: read, or refused with an error of
// ours; and a storage's error never says more than one word of it.
#include <dbsql/error.h>

#include "http/storage_error.h"
#include "staging/instruction.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbsql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    staging::parse_headers(text);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Protocol) std::abort();
  }
  const std::size_t half = size / 2;
  try {
    const auto instruction =
        staging::parse_instruction({{"operation", "PUT"},
                                    {"presignedUrl", std::string(text.substr(0, half))},
                                    {"headers", std::string(text.substr(half))},
                                    {"localFile", "/data/file"}});
    if (instruction.url.empty()) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Protocol) std::abort();
  }
  http::Response response;
  response.status = 403;
  response.body = base::Buffer::copy_of(text);
  http::says_link_expired(response);
  const std::string code = http::storage_error_code(response);
  if (code.size() > 64 || code.find_first_of(" ?&\n<>") != std::string::npos) std::abort();
  return 0;
}
