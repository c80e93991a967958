#pragma once

#include "http/curl_transport.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct x509_store_st;

namespace dbsql::http {

class CurlTransfer;

/// One libcurl easy handle with all settings that do not change from request to request.
class CurlHandle {
 public:
  CurlHandle() : easy_(curl_easy_init(), curl_easy_cleanup) {}
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  CURL* get() const noexcept { return easy_.get(); }
  const char* error_text() const noexcept { return error_.data(); }

  /// Sets an option. \throws Error (Internal) when libcurl refuses it, which is a bug or a lack of
  /// memory
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code != CURLE_OK) throw_refused(option, code);
  }

  /// Leads the next transfers through a proxy; null = directly.
  /// \param way  outlives the use of the handle
  void use_proxy(const Proxy* way);

  /// The transfer the handle works for, read by the callbacks; null while pooled.
  CurlTransfer* transfer = nullptr;
  /// The proxy the handle was last told to use; null = none.
  const Proxy* proxy = nullptr;
  /// Whether the handle undoes a Content-Encoding.
  bool decodes_bodies = true;

 private:
  friend class CurlHandles;
  [[noreturn]] static void throw_refused(CURLoption option, CURLcode code);

  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

/// The idle handles of one transport. Setting up a handle costs more than a small request; cleaning
/// one up and making it again would also lose its buffers.
///
/// Ownership: shared by the transport and its running transfers.
/// Threads: safe from any thread.
class CurlHandles {
 public:
  explicit CurlHandles(const CurlOptions& options);

  std::unique_ptr<CurlHandle> take();
  void give_back(std::unique_ptr<CurlHandle> handle) noexcept;

  const CurlOptions& options() const noexcept { return options_; }
  const ProxyRules& proxies() const noexcept { return proxies_; }

 private:
  std::unique_ptr<CurlHandle> create() const;
  void set_tls(CurlHandle& handle) const;
  void set_proxy_tls(CurlHandle& handle) const;
  void set_client_certificate(CurlHandle& handle) const;

  const CurlOptions options_;
  const ProxyRules proxies_;
  std::shared_ptr<x509_store_st> authorities_;  ///< null when nothing is verified
  std::string trust_;  ///< tells the connections of other authorities from ours
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> connect_to_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlHandle>> idle_;  // guarded by mutex_
};

}  // namespace dbsql::http
