#include "http/reach.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "http/curl_failure.h"
#include "http/curl_handles.h"
#include "http/http_date.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

namespace dbsql::http {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// What the callbacks of one attempt need.
struct Attempt {
  const base::CallContext* call = nullptr;
  std::string date;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* attempt) {
  constexpr std::string_view kDate = "date:";
  const std::string_view line(data, size * count);
  if (base::starts_with_ignore_case(line, kDate))
    static_cast<Attempt*>(attempt)->date = base::trim(line.substr(kDate.size()));
  return size * count;
}

std::size_t on_body(char*, std::size_t size, std::size_t count, void*) { return size * count; }

int on_progress(void* attempt, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Attempt*>(attempt)->call->stop.stop_requested() ? 1 : 0;
}

milliseconds time_of(CURL* handle, CURLINFO info) {
  curl_off_t time = 0;
  curl_easy_getinfo(handle, info, &time);
  return std::chrono::duration_cast<milliseconds>(microseconds(time));
}

bool has_happened(CURL* handle, CURLINFO info) {
  curl_off_t time = 0;
  return curl_easy_getinfo(handle, info, &time) == CURLE_OK && time > 0;
}

void set_up(CurlHandle& handle, const Url& server, Attempt& attempt, milliseconds limit) {
  handle.set(CURLOPT_URL,
             Url{server.scheme, server.host, server.port, "/", {}}.to_string().c_str());
  handle.set(CURLOPT_NOBODY, 1L);
  handle.set(CURLOPT_FRESH_CONNECT, 1L);
  handle.set(CURLOPT_FORBID_REUSE, 1L);
  handle.set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // the whole handshake, with its certificates
  handle.set(CURLOPT_CERTINFO, 1L);
  handle.set(CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  handle.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
  handle.set(CURLOPT_HEADERFUNCTION, &on_header);
  handle.set(CURLOPT_HEADERDATA, &attempt);
  handle.set(CURLOPT_WRITEFUNCTION, &on_body);
  handle.set<curl_opensocket_callback>(CURLOPT_OPENSOCKETFUNCTION, nullptr);
  handle.set<curl_prereq_callback>(CURLOPT_PREREQFUNCTION, nullptr);
  handle.set(CURLOPT_NOPROGRESS, 0L);
  handle.set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  handle.set(CURLOPT_XFERINFODATA, &attempt);
}

/// The certificates of the connection that was just made.
std::vector<ShownCertificate> chain_of(CURL* handle) {
  std::vector<ShownCertificate> chain;
  curl_certinfo* shown = nullptr;
  if (curl_easy_getinfo(handle, CURLINFO_CERTINFO, &shown) != CURLE_OK || shown == nullptr)
    return chain;
  for (int i = 0; i < shown->num_of_certs; ++i) {
    ShownCertificate certificate;
    for (const curl_slist* item = shown->certinfo[i]; item != nullptr; item = item->next) {
      const std::string_view text = item->data;
      const auto take = [&text](std::string_view name, std::string& into) {
        if (text.starts_with(name)) into = base::trim(text.substr(name.size()));
      };
      take("Subject:", certificate.subject);
      take("Issuer:", certificate.issuer);
      take("X509v3 Subject Alternative Name:", certificate.names);
      take("Expire date:", certificate.expires);
    }
    chain.push_back(std::move(certificate));
  }
  return chain;
}

/// libcurl counts a connection as made when its handshake is done.
bool has_connected(CURL* handle, CURLcode code) {
  long local_port = 0;
  curl_easy_getinfo(handle, CURLINFO_LOCAL_PORT, &local_port);
  return local_port > 0 || code == CURLE_SSL_CONNECT_ERROR ||
         code == CURLE_PEER_FAILED_VERIFICATION || has_happened(handle, CURLINFO_CONNECT_TIME_T);
}

bool is_proxys(CURLcode code, long proxy_status, long proxy_error) {
  return code == CURLE_PROXY || proxy_status >= 300 || proxy_error != CURLPX_OK;
}

Reach::Stage stage_of(CURL* handle, CURLcode code, const CurlFailure& failure, bool is_tls) {
  using Stage = Reach::Stage;
  if (code == CURLE_COULDNT_CONNECT) return Stage::Connect;
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
      !has_happened(handle, CURLINFO_NAMELOOKUP_TIME_T))
    return Stage::Name;
  if (is_proxys(code, failure.proxy_status, failure.proxy_error)) return Stage::Proxy;
  if (!has_connected(handle, code)) return Stage::Connect;
  if (!is_tls || has_happened(handle, CURLINFO_APPCONNECT_TIME_T)) return Stage::Answer;
  const bool in_tunnel = failure.proxy.empty() || failure.proxy_status != 0;
  return in_tunnel ? Stage::Tls : Stage::Proxy;
}

void take_times(CURL* handle, Reach& found) {
  const milliseconds name = time_of(handle, CURLINFO_NAMELOOKUP_TIME_T);
  const milliseconds connected = std::max(name, time_of(handle, CURLINFO_CONNECT_TIME_T));
  const milliseconds secured = std::max(connected, time_of(handle, CURLINFO_APPCONNECT_TIME_T));
  found.name_time = name;
  found.connect_time = connected - name;
  found.tls_time = secured - connected;
  found.reply_time = std::max(secured, time_of(handle, CURLINFO_TOTAL_TIME_T)) - secured;
}

void take_address(CURL* handle, Reach& found) {
  const char* address = nullptr;
  long port = 0;
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_PORT, &port);
  if (address == nullptr || *address == '\0') return;
  const std::string_view text = address;
  const bool is_ipv6 = text.find(':') != std::string_view::npos;
  found.address = is_ipv6 ? base::concat('[', text, "]:", port) : base::concat(text, ':', port);
}

/// Shakes hands once more without asking for trust, to see whom one is not to trust. Nothing is
/// sent on that connection.
std::vector<ShownCertificate> untrusted_chain(CurlHandle& handle) {
  handle.set(CURLOPT_SSL_VERIFYPEER, 0L);
  handle.set(CURLOPT_SSL_VERIFYHOST, 0L);
  handle.set(CURLOPT_CONNECT_ONLY, 1L);
  if (curl_easy_perform(handle.get()) != CURLE_OK) return {};
  return chain_of(handle.get());
}

}  // namespace

Reach reach(const Url& server, const CurlOptions& options, milliseconds limit,
            const base::CallContext& call) {
  CurlHandles handles(options);
  const auto handle = handles.take();
  const Proxy* const proxy = handles.proxies().proxy_for(server);
  Attempt attempt{.call = &call};
  set_up(*handle, server, attempt, limit);
  handle->use_proxy(proxy);
  CURL* const easy = handle->get();
  const CURLcode code = curl_easy_perform(easy);
  if (code == CURLE_ABORTED_BY_CALLBACK)
    throw_error({.kind = ErrorKind::Cancelled, .message = "the diagnosis was stopped"});

  Reach found;
  found.proxy = proxy == nullptr ? std::string() : proxy->url;
  take_address(easy, found);
  take_times(easy, found);
  found.chain = chain_of(easy);
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    found.status = static_cast<int>(status);
    found.date = parse_http_date(attempt.date);
    return found;
  }
  CurlFailure failure{.code = code,
                      .detail = handle->error_text(),
                      .origin = server.origin(),
                      .proxy = found.proxy};
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &failure.proxy_error);
  found.stage = stage_of(easy, code, failure, server.scheme == "https");
  failure.bytes_sent = found.stage == Reach::Stage::Answer;
  found.failure = to_failure(failure);
  if (found.stage == Reach::Stage::Tls && found.chain.empty())
    found.chain = untrusted_chain(*handle);
  return found;
}

}  // namespace dbsql::http
