#include "http/curl_failure.h"

#include "base/redact.h"
#include "base/text.h"

namespace dbsql::http {
namespace {

constexpr long kProxyAuthenticationRequired = 407;

/// Everything about trust and negotiation. Trying again gives the same answer.
bool is_tls_problem(const CurlFailure& failure) {
  switch (failure.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
      return true;
    case CURLE_SSL_CONNECT_ERROR:
      // One code for two events. "error:0A000102:SSL routines::..." comes from OpenSSL: the two
      // sides cannot agree. Without it the connection broke during the handshake, which may well
      // work the next time.
      return failure.detail.find("error:") != std::string_view::npos;
    default:
      return false;
  }
}

std::string tls_message(const CurlFailure& failure, std::string_view detail) {
  return base::concat("no trusted TLS connection to ", failure.origin, ": ", detail,
                      "; a private authority is added with tls.ca_file");
}

std::string lost_message(const CurlFailure& failure, std::string_view detail) {
  const std::string_view when = failure.code == CURLE_PARTIAL_FILE
                                    ? "in the middle of the reply"
                                    : "after the request had been sent";
  return base::concat("the connection to ", failure.origin, " was lost ", when, ": ", detail);
}

std::string message_of(const CurlFailure& failure, std::string_view detail) {
  if (failure.proxy_status == kProxyAuthenticationRequired) {
    return base::concat("the proxy in front of ", failure.origin, " requires authentication (407)");
  }
  if (is_tls_problem(failure)) return tls_message(failure, detail);
  if (!failure.bytes_sent) {
    return base::concat("cannot connect to ", failure.origin, ": ", detail);
  }
  return lost_message(failure, detail);
}

}  // namespace

Failure to_failure(const CurlFailure& failure) {
  const std::string detail =
      base::redact(failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail);
  Failure result;
  result.message = message_of(failure, detail);
  result.bytes_sent = failure.bytes_sent;
  if (is_tls_problem(failure)) {
    result.kind = ErrorKind::Tls;
    result.permanent = true;
  } else if (failure.code == CURLE_OPERATION_TIMEDOUT) {
    result.kind = ErrorKind::Timeout;
  } else if (failure.code == CURLE_OUT_OF_MEMORY) {
    result.kind = ErrorKind::ResourceExhausted;
    result.permanent = true;
  }
  if (failure.proxy_status == kProxyAuthenticationRequired) result.permanent = true;
  return result;
}

}  // namespace dbsql::http
