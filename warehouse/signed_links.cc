#include "warehouse/signed_links.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <optional>
#include <span>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

constexpr std::size_t kKeyBytes = 32;

std::string random_key() {
  std::string key(kKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1)
    throw std::runtime_error("the system gives no random bytes");
  return key;
}

std::string_view query_value(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return {};
  for (const std::string_view pair : base::split(target.substr(question + 1), '&')) {
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

SignedLinks::SignedLinks(base::Clock& clock) : clock_(clock), key_(random_key()) {}

std::string SignedLinks::signature(std::string_view method, std::string_view path,
                                   std::int64_t expiry_ms) const {
  const std::string text = base::concat(method, "\n", path, "\n", expiry_ms);
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return base::to_hex(std::as_bytes(std::span(digest, size)));
}

SignedLinks::Link SignedLinks::make(std::string_view method, std::string_view path,
                                    std::chrono::milliseconds lifetime) const {
  const auto expiry = clock_.system_now() + lifetime;
  const std::int64_t expiry_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(expiry.time_since_epoch()).count();
  return {.url = base::concat(origin_, path, "?X-Amz-Expires=", expiry_ms,
                              "&X-Amz-Signature=", signature(method, path, expiry_ms)),
          .expiry_ms = expiry_ms};
}

SignedLinks::Verdict SignedLinks::judge(const HttpRequest& request) const {
  const auto expiry_ms =
      base::parse_number<std::int64_t>(query_value(request.target, "X-Amz-Expires"));
  if (!expiry_ms || query_value(request.target, "X-Amz-Signature") !=
                        signature(request.method, request.path(), *expiry_ms))
    return Verdict::Forged;
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.system_now().time_since_epoch());
  return now.count() >= *expiry_ms ? Verdict::Expired : Verdict::Good;
}

HttpReply SignedLinks::refusal(const HttpRequest& request) const {
  if (!find_header(request.headers, "authorization").empty())
    return storage_error(400, "InvalidArgument",
                         "Only one auth mechanism allowed: the signed link already is one.");
  switch (judge(request)) {
    case Verdict::Good:
      return {};
    case Verdict::Forged:
      return storage_error(403, "SignatureDoesNotMatch", "The signature does not match this link.");
    case Verdict::Expired:
      return storage_error(403, "AccessDenied", "Request has expired");
  }
  return {};
}

HttpReply storage_error(int status, std::string_view code, std::string_view message) {
  HttpReply reply{.status = status};
  reply.headers.push_back({"content-type", "application/xml"});
  reply.body.push_back(base::Buffer::copy_of(
      base::concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>", code,
                   "</Code><Message>", message, "</Message></Error>")));
  return reply;
}

}  // namespace dbsql::warehouse
