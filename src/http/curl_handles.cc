#include "http/curl_handles.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "http/ca_store.h"
#include "http/client_certificate.h"
#include "http/curl_transfer.h"

#include <openssl/ssl.h>

#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::http {
namespace {

// Load balancers commonly cut idle connections after 60 s; we stop using them before
// (reference/auth-http-config.md 4.4).
constexpr long kIdleSeconds = 55;
constexpr long kKeepAliveSeconds = 30;
// Large reads: half the receive cost of libcurl's default of 16 KiB (reference/performance.md 2.1,
// N).
constexpr long kReceiveBufferSize = 256L << 10;

// Where libcurl is told to look for authorities, see `set_tls`.
constexpr std::string_view kNowhere = "/dev/null/";

void lock_share(CURL*, curl_lock_data data, curl_lock_access, void* mutexes) {
  static_cast<std::mutex*>(mutexes)[data].lock();
}
void unlock_share(CURL*, curl_lock_data data, void* mutexes) {
  static_cast<std::mutex*>(mutexes)[data].unlock();
}

/// TLS sessions of the whole process, so that a second connection to a host resumes the first one's
/// (reference/performance.md 5, row 13). libcurl hands them only to connections with equal TLS
/// settings.
CURLSH* tls_sessions() {
  static CURLSH* const share = [] {  // leaked on purpose: handles may outlive static destruction
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLSH* made = curl_share_init();
    if (made == nullptr) throw std::bad_alloc();
    curl_share_setopt(made, CURLSHOPT_LOCKFUNC, lock_share);
    curl_share_setopt(made, CURLSHOPT_UNLOCKFUNC, unlock_share);
    curl_share_setopt(made, CURLSHOPT_USERDATA, new std::mutex[CURL_LOCK_DATA_LAST]);
    curl_share_setopt(made, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return made;
  }();
  return share;
}

curl_slist* list_of(const std::vector<std::string>& texts) {
  curl_slist* list = nullptr;
  for (const std::string& text : texts) list = curl_slist_append(list, text.c_str());
  return list;
}

void require_negotiation() {
  if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SPNEGO) != 0) return;
  throw_error({.kind = ErrorKind::Configuration,
               .message = "proxy.auth=negotiate: the libcurl in use was built without Kerberos"});
}

long lowest_version(const TlsOptions& tls) {
  return tls.min_version == TlsOptions::Version::Tls13 ? CURL_SSLVERSION_TLSv1_3
                                                       : CURL_SSLVERSION_TLSv1_2;
}

CURLcode use_authorities(CURL*, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

}  // namespace

void CurlHandle::throw_refused(CURLoption option, CURLcode code) {
  throw_error({.kind = ErrorKind::Internal,
               .message = base::concat("libcurl refused its option ", static_cast<int>(option),
                                       ": ", curl_easy_strerror(code))});
}

void CurlHandle::use_proxy(const Proxy* way) {
  if (way == proxy) return;
  proxy = way;
  set(CURLOPT_PROXY, proxy == nullptr ? "" : proxy->url.c_str());
  if (proxy == nullptr) return;
  const bool is_negotiated = proxy->auth == Proxy::Auth::Negotiate;
  const bool has_user = proxy->auth == Proxy::Auth::Basic && !proxy->username.empty();
  set(CURLOPT_PROXYAUTH, static_cast<long>(is_negotiated ? CURLAUTH_NEGOTIATE : CURLAUTH_BASIC));
  // For Kerberos an empty name means whoever is signed in.
  set(CURLOPT_PROXYUSERNAME, has_user ? proxy->username.c_str() : (is_negotiated ? "" : nullptr));
  set(CURLOPT_PROXYPASSWORD, has_user ? proxy->password.c_str() : (is_negotiated ? "" : nullptr));
}

CurlHandles::CurlHandles(const CurlOptions& options)
    : options_(options),
      proxies_(options.proxy, base::process_environment()),
      connect_to_(list_of(options.connect_to), &curl_slist_free_all) {
  tls_sessions();
  check_client_certificate(options_.tls);
  if (proxies_.negotiates()) require_negotiation();
  if (options_.tls.verify == TlsOptions::Verify::None) return;
  const Authorities authorities = authorities_of(options_.tls, base::process_environment());
  authorities_ = ca_store(authorities);
  trust_ = base::concat(kNowhere, authorities.key());
}

std::unique_ptr<CurlHandle> CurlHandles::take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return create();
}

void CurlHandles::give_back(std::unique_ptr<CurlHandle> handle) noexcept {
  handle->transfer = nullptr;
  handle->error_.front() = 0;
  try {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the handle is freed instead
  }
}

std::unique_ptr<CurlHandle> CurlHandles::create() const {
  auto handle = std::make_unique<CurlHandle>();
  if (handle->get() == nullptr) throw std::bad_alloc();
  CurlHandle* const self = handle.get();
  self->set(CURLOPT_ERRORBUFFER, self->error_.data());
  self->set(CURLOPT_SHARE, tls_sessions());
  self->set(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  // Without this the I/O thread would wait for a name look-up that is under way whenever its
  // transfer ends, be it by a time limit, and every other connection with it.
  self->set(CURLOPT_QUICK_EXIT, 1L);
#endif
  self->set(CURLOPT_PROTOCOLS_STR, "http,https");
  self->set(CURLOPT_FOLLOWLOCATION, 0L);
  self->set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  self->set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  self->set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  // Which proxy leads where is for `ProxyRules` to say. Without these libcurl would look into the
  // environment for itself, also for what stands around a proxy that was given.
  self->set(CURLOPT_PROXY, "");
  self->set(CURLOPT_NOPROXY, "");
  self->set(CURLOPT_CONNECT_TO, connect_to_.get());
  // Bodies come as they are; a server that compresses all the same is understood.
  self->set(CURLOPT_ACCEPT_ENCODING, "identity");
  self->set(CURLOPT_TCP_NODELAY, 1L);
  self->set(CURLOPT_TCP_KEEPALIVE, 1L);
  self->set(CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  self->set(CURLOPT_TCP_KEEPINTVL, kKeepAliveSeconds);
  self->set(CURLOPT_MAXAGE_CONN, kIdleSeconds);
  self->set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  self->set(CURLOPT_BUFFERSIZE, kReceiveBufferSize);
  self->set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  self->set(CURLOPT_HEADERDATA, self);
  self->set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  self->set(CURLOPT_WRITEDATA, self);
  self->set(CURLOPT_READFUNCTION, &CurlTransfer::on_send);
  self->set(CURLOPT_READDATA, self);
  self->set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open_socket);
  self->set(CURLOPT_OPENSOCKETDATA, self);
  self->set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_ready_to_send);
  self->set(CURLOPT_PREREQDATA, self);
  self->set(CURLOPT_PRIVATE, self);
  set_tls(*self);
  return handle;
}

// Our parsed authorities replace what libcurl would load for every connection. It compares the path
// all the same, among other settings, before it lends a connection or a TLS session to another
// transport, so the path says whom we trust; there is nothing at it.
void CurlHandles::set_tls(CurlHandle& handle) const {
  const auto verify = options_.tls.verify;
  handle.set(CURLOPT_SSLVERSION, lowest_version(options_.tls));
  handle.set(CURLOPT_SSL_VERIFYPEER, verify == TlsOptions::Verify::None ? 0L : 1L);
  handle.set(CURLOPT_SSL_VERIFYHOST, verify == TlsOptions::Verify::Full ? 2L : 0L);
  handle.set<const char*>(CURLOPT_CAINFO, nullptr);
  handle.set(CURLOPT_CAPATH, trust_.empty() ? nullptr : trust_.c_str());
  if (authorities_) {
    handle.set(CURLOPT_SSL_CTX_FUNCTION, &use_authorities);
    handle.set(CURLOPT_SSL_CTX_DATA, authorities_.get());
  }
  set_client_certificate(handle);
  set_proxy_tls(handle);
}

/// A proxy that is reached by TLS is trusted by the same rules. Our certificate is not shown to it.
void CurlHandles::set_proxy_tls(CurlHandle& handle) const {
  const auto verify = options_.tls.verify;
  handle.set(CURLOPT_PROXY_SSLVERSION, lowest_version(options_.tls));
  handle.set(CURLOPT_PROXY_SSL_VERIFYPEER, verify == TlsOptions::Verify::None ? 0L : 1L);
  handle.set(CURLOPT_PROXY_SSL_VERIFYHOST, verify == TlsOptions::Verify::Full ? 2L : 0L);
  handle.set<const char*>(CURLOPT_PROXY_CAINFO, nullptr);
  handle.set(CURLOPT_PROXY_CAPATH, trust_.empty() ? nullptr : trust_.c_str());
}

void CurlHandles::set_client_certificate(CurlHandle& handle) const {
  const TlsOptions& tls = options_.tls;
  if (tls.client_cert.empty()) return;
  handle.set(CURLOPT_SSLCERT, tls.client_cert.c_str());
  handle.set(CURLOPT_SSLKEY, (tls.client_key.empty() ? tls.client_cert : tls.client_key).c_str());
  if (!tls.client_key_password.empty())
    handle.set(CURLOPT_KEYPASSWD, tls.client_key_password.c_str());
}

}  // namespace dbsql::http
