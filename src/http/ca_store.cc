#include "http/ca_store.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

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

/// The newest of the files: when one is exchanged, all are read again.
std::filesystem::file_time_type time_of_change(const Authorities& authorities) {
  auto newest = time_of_change(authorities.ca_file);
  for (const std::string& file : authorities.files) {
    std::error_code error;
    const auto changed = std::filesystem::last_write_time(file, error);
    if (!error) newest = std::max(newest, changed);
  }
  return newest;
}

void warn_unreadable(const std::string& place) {
  base::log(LogLevel::Warn, "http",
            base::concat("the environment names '", place,
                         "' for certificate authorities, but it holds no readable PEM "
                         "certificate: nothing in it is trusted"));
}

std::shared_ptr<x509_store_st> load(const Authorities& authorities) {
  std::shared_ptr<x509_store_st> store(X509_STORE_new(), X509_STORE_free);
  if (!store) throw std::bad_alloc();
  if (authorities.system) X509_STORE_set_default_paths(store.get());
  for (const std::string& file : authorities.files) {
    if (X509_STORE_load_file(store.get(), file.c_str()) != 1) warn_unreadable(file);
  }
  for (const std::string& folder : authorities.folders)
    X509_STORE_load_path(store.get(), folder.c_str());
  ERR_clear_error();  // a system without a bundle is not our error
  const std::string& ca_file = authorities.ca_file;
  if (!ca_file.empty() && X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) {
    ERR_clear_error();
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("the CA file '", ca_file,
                                         "' (tls.ca_file) holds no readable PEM certificate")});
  }
  return store;
}

std::string variable(const base::EnvironmentLookup& environment, std::string_view name) {
  return environment(name).value_or(std::string());
}

/// \return false when neither variable is set
bool take_openssl_places(const base::EnvironmentLookup& environment, Authorities& authorities) {
  const std::string file = variable(environment, "SSL_CERT_FILE");
  const std::string folders = variable(environment, "SSL_CERT_DIR");
  if (!file.empty()) authorities.files.push_back(file);
  for (const std::string_view folder : base::split(folders, ':')) {
    if (!folder.empty()) authorities.folders.emplace_back(folder);
  }
  return !file.empty() || !folders.empty();
}

bool take_bundle(const std::string& place, Authorities& authorities) {
  if (place.empty()) return false;
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(place, error);
  (is_folder ? authorities.folders : authorities.files).push_back(place);
  return true;
}

}  // namespace

std::string Authorities::key() const {
  std::string key = system ? "system" : "own";
  for (const std::string& file : files) key += base::concat("|file ", file);
  for (const std::string& folder : folders) key += base::concat("|folder ", folder);
  if (!ca_file.empty()) key += base::concat("|ca ", ca_file);
  return key;
}

Authorities authorities_of(const TlsOptions& options, const base::EnvironmentLookup& environment) {
  Authorities authorities{.ca_file = options.ca_file};
  if (options.ca_mode == TlsOptions::CaMode::Replace) {
    authorities.system = false;
    return authorities;
  }
  authorities.system = !take_openssl_places(environment, authorities) &&
                       !take_bundle(variable(environment, "CURL_CA_BUNDLE"), authorities) &&
                       !take_bundle(variable(environment, "REQUESTS_CA_BUNDLE"), authorities);
  const std::string extra = variable(environment, "NODE_EXTRA_CA_CERTS");
  if (!extra.empty()) authorities.files.push_back(extra);
  return authorities;
}

std::shared_ptr<x509_store_st> ca_store(const Authorities& authorities) {
  static auto& mutex = *new std::mutex;                     // leaked: used until the last thread
  static auto& stores = *new std::map<std::string, Entry>;  // guarded by mutex
  const auto now = std::chrono::steady_clock::now();
  const auto changed = time_of_change(authorities);
  std::lock_guard lock(mutex);
  Entry& entry = stores[authorities.key()];
  if (!entry.store || entry.changed != changed || now - entry.loaded > kLifetime) {
    entry = {load(authorities), now, changed};
  }
  return entry.store;
}

}  // namespace dbsql::http
