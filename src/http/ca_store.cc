#include "http/ca_store.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

namespace dbsql::http {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);

struct Entry {
  std::shared_ptr<x509_store_st> store;
  std::chrono::steady_clock::time_point loaded;
  std::filesystem::file_time_type changed;
};

std::filesystem::file_time_type time_of_change(const std::string& ca_file) {
  if (ca_file.empty()) return {};
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(ca_file, error);
  if (error) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("cannot read the CA file '", ca_file,
                                         "' (tls.ca_file): ", error.message())});
  }
  return changed;
}

std::shared_ptr<x509_store_st> load(const std::string& ca_file) {
  std::shared_ptr<x509_store_st> store(X509_STORE_new(), X509_STORE_free);
  if (!store) throw std::bad_alloc();
  X509_STORE_set_default_paths(store.get());
  ERR_clear_error();  // a system without a bundle is not our error
  if (!ca_file.empty() && X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) {
    ERR_clear_error();
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("the CA file '", ca_file,
                                         "' (tls.ca_file) holds no readable PEM certificate")});
  }
  return store;
}

}  // namespace

std::shared_ptr<x509_store_st> ca_store(const std::string& ca_file) {
  static auto& mutex = *new std::mutex;                     // leaked: used until the last thread
  static auto& stores = *new std::map<std::string, Entry>;  // guarded by mutex
  const auto now = std::chrono::steady_clock::now();
  const auto changed = time_of_change(ca_file);
  std::lock_guard lock(mutex);
  Entry& entry = stores[ca_file];
  if (!entry.store || entry.changed != changed || now - entry.loaded > kLifetime) {
    entry = {load(ca_file), now, changed};
  }
  return entry.store;
}

}  // namespace dbsql::http
