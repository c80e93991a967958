#include "http/curl_failure.h"

#include "base/redact.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace dbsql::http {
namespace {

// What servers say, without having looked at the request, to a client that shows no certificate or
// one that they do not take. In TLS 1.3 that comes when the client is done with the handshake.
constexpr std::array<std::string_view, 9> kCertificateAlerts = {
    "alert certificate required",    "alert bad certificate",     "alert unknown ca",
    "alert certificate expired",     "alert certificate revoked", "alert certificate unknown",
    "alert unsupported certificate", "alert decrypt error",       "alert access denied"};

bool is_about_our_certificate(const CurlFailure& failure) {
  return std::ranges::any_of(kCertificateAlerts, [&](std::string_view alert) {
    return failure.detail.find(alert) != std::string_view::npos;
  });
}

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
      return is_about_our_certificate(failure);
  }
}

/// Whether the proxy wants to know who we are, or does not want us, or not there.
enum class ProxyRefusal : std::uint8_t { None, Authentication, Target };

ProxyRefusal proxy_refusal(const CurlFailure& failure) {
  constexpr long kAuthenticationRequired = 407;
  constexpr long kTimedOut = 408;
  constexpr long kTooMany = 429;
  const long status = failure.proxy_status;
  if (status == kAuthenticationRequired) return ProxyRefusal::Authentication;
  if (status >= 400 && status < 500 && status != kTimedOut && status != kTooMany)
    return ProxyRefusal::Target;
  switch (failure.proxy_error) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
    case CURLPX_RECV_AUTH:
      return ProxyRefusal::Authentication;
    case CURLPX_REPLY_NOT_ALLOWED:
    case CURLPX_REPLY_COMMAND_NOT_SUPPORTED:
      return ProxyRefusal::Target;
    default:
      return ProxyRefusal::None;
  }
}

std::string through(const CurlFailure& failure) {
  return failure.proxy.empty() ? std::string() : base::concat(" through the proxy ", failure.proxy);
}

std::string tls_message(const CurlFailure& failure, std::string_view detail) {
  const std::string_view advice =
      is_about_our_certificate(failure)
          ? "; the server takes only clients with a certificate that it trusts: tls.client_cert "
            "and tls.client_key"
          : "; a private authority is added with tls.ca_file";
  return base::concat("no trusted TLS connection to ", failure.origin, through(failure), ": ",
                      detail, advice);
}

std::string lost_message(const CurlFailure& failure, std::string_view detail) {
  const std::string_view when = failure.code == CURLE_PARTIAL_FILE
                                    ? "in the middle of the reply"
                                    : "after the request had been sent";
  return base::concat("the connection to ", failure.origin, " was lost ", when, ": ", detail);
}

std::string message_of(const CurlFailure& failure, std::string_view detail) {
  switch (proxy_refusal(failure)) {
    case ProxyRefusal::Authentication:
      return base::concat("the proxy ", failure.proxy, " in front of ", failure.origin,
                          " requires authentication that it accepts: proxy authentication "
                          "required; see proxy.username and proxy.password");
    case ProxyRefusal::Target:
      return base::concat("the proxy ", failure.proxy, " refuses connections to ", failure.origin,
                          ": ", detail);
    case ProxyRefusal::None:
      break;
  }
  if (is_tls_problem(failure)) return tls_message(failure, detail);
  if (!failure.bytes_sent) {
    return base::concat("cannot connect to ", failure.origin, through(failure), ": ", detail);
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
    result.bytes_sent = false;  // where trust was refused, nothing was read
  } else if (failure.code == CURLE_OPERATION_TIMEDOUT) {
    result.kind = ErrorKind::Timeout;
  } else if (failure.code == CURLE_OUT_OF_MEMORY) {
    result.kind = ErrorKind::ResourceExhausted;
    result.permanent = true;
  }
  if (proxy_refusal(failure) != ProxyRefusal::None) {
    result.permanent = true;
    result.sqlstate = "08001";
  }
  return result;
}

}  // namespace dbsql::http
