#include "warehouse/tls_identity.h"

#include "base/text.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long kLifetimeSeconds = 30L * 24 * 3600;
constexpr long kClockSlackSeconds = 24L * 3600;

void require(bool worked, const char* step) {
  if (!worked)
    throw std::runtime_error(base::concat("making the TLS certificate failed at: ", step));
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "generate key");
  return key;
}

void set_random_serial(X509* certificate) {
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "random");
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1, "serial");
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
  require(extension != nullptr, value);
  require(X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

Certificate make_certificate(EVP_PKEY* key, const char* common_name) {
  Certificate certificate(X509_new());
  require(certificate != nullptr, "new certificate");
  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "version");
  set_random_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockSlackSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetimeSeconds);
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  X509_NAME* name = X509_get_subject_name(certificate.get());
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                                     0) == 1,
          "subject");
  return certificate;
}

std::string read_all(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate) == 1, "write certificate");
  return read_all(bio.get());
}

std::string to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "write key");
  return read_all(bio.get());
}

Certificate make_authority(EVP_PKEY* key) {
  Certificate authority = make_certificate(key, "dbsql-warehouse local authority");
  X509* self = authority.get();
  require(X509_set_issuer_name(self, X509_get_subject_name(self)) == 1, "issuer");
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(self, self, NID_subject_key_identifier, "hash");
  require(X509_sign(self, key, EVP_sha256()) > 0, "sign authority");
  return authority;
}

Certificate make_leaf(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key,
                      const std::string& names) {
  Certificate leaf = make_certificate(key, "localhost");
  X509* self = leaf.get();
  require(X509_set_issuer_name(self, X509_get_subject_name(authority)) == 1, "issuer");
  add_extension(self, authority, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(self, authority, NID_key_usage, "critical,digitalSignature");
  add_extension(self, authority, NID_ext_key_usage, "serverAuth");
  add_extension(self, authority, NID_subject_alt_name, names.c_str());
  add_extension(self, authority, NID_subject_key_identifier, "hash");
  add_extension(self, authority, NID_authority_key_identifier, "keyid");
  require(X509_sign(self, authority_key, EVP_sha256()) > 0, "sign certificate");
  return leaf;
}

std::filesystem::path make_temporary_directory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "dbsql-warehouse-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error(base::concat("cannot make a directory like ", pattern));
  }
  return pattern;
}

}  // namespace

TlsIdentity make_tls_identity(const std::vector<std::string>& names) {
  std::string all = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const std::string& name : names) all += base::concat(",DNS:", name);
  const Key authority_key = make_key();
  const Certificate authority = make_authority(authority_key.get());
  const Key key = make_key();
  const Certificate leaf = make_leaf(key.get(), authority.get(), authority_key.get(), all);
  return {to_pem(authority.get()), to_pem(leaf.get()), to_pem(key.get())};
}

std::string write_authority(const TlsIdentity& identity, const std::string& directory) {
  const std::filesystem::path folder =
      directory.empty() ? make_temporary_directory() : std::filesystem::path(directory);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::filesystem::path file = folder / "ca.pem";
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << identity.authority_pem;
  out.close();
  if (!out) throw std::runtime_error(base::concat("cannot write ", file.string()));
  return std::filesystem::absolute(file).string();
}

}  // namespace dbsql::warehouse
