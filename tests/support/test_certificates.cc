#include "support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>

namespace dbsql::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

KeyAndCertificate to_pem(EVP_PKEY* key, X509* certificate) {
  const Bio key_text(BIO_new(BIO_s_mem()), BIO_free_all);
  const Bio certificate_text(BIO_new(BIO_s_mem()), BIO_free_all);
  require(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "key to PEM");
  require(PEM_write_bio_X509(certificate_text.get(), certificate) == 1, "certificate to PEM");
  return {text_of(key_text), text_of(certificate_text)};
}

Key key_from_pem(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
}

Certificate certificate_from_pem(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  require(extension != nullptr, "certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// A certificate for `key` without extensions and signature.
Certificate blank_certificate(EVP_PKEY* key, const std::string& name) {
  static std::atomic<long> serial{1};
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial.fetch_add(1));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24L * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority() {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = blank_certificate(key.get(), "Test authority");
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), certificate.get(), NID_key_usage,
                "critical,keyCertSign,cRLSign");
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0, "sign");
  self_ = to_pem(key.get(), certificate.get());
}

KeyAndCertificate TestAuthority::issue(const std::string& names) const {
  return issue(names, -3600, 24L * 3600);
}

KeyAndCertificate TestAuthority::issue_expired(const std::string& names) const {
  return issue(names, -24L * 3600, -3600);
}

/// \param begins, ends  seconds from now
KeyAndCertificate TestAuthority::issue(const std::string& names, long begins, long ends) const {
  const Key own_key = key_from_pem(self_.key);
  const Certificate own = certificate_from_pem(self_.certificate);
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = blank_certificate(key.get(), "Test server");
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), begins);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(own.get()));
  add_extension(certificate.get(), own.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), own.get(), NID_subject_alt_name, names);
  require(X509_sign(certificate.get(), own_key.get(), EVP_sha256()) != 0, "sign");
  return to_pem(key.get(), certificate.get());
}

std::string encrypted_key(const std::string& key, const std::string& password) {
  const Key parsed = key_from_pem(key);
  const Bio out(BIO_new(BIO_s_mem()), BIO_free_all);
  require(PEM_write_bio_PKCS8PrivateKey(out.get(), parsed.get(), EVP_aes_256_cbc(), password.data(),
                                        static_cast<int>(password.size()), nullptr, nullptr) == 1,
          "encrypted key to PEM");
  return text_of(out);
}

TemporaryFile::TemporaryFile(const std::string& content) {
  std::string name = "/tmp/dbsql-test-XXXXXX";
  const int fd = ::mkstemp(name.data());
  require(fd >= 0, "mkstemp");
  path_ = name;
  const bool written =
      ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  ::close(fd);
  require(written, "write to a temporary file");
}

TemporaryFile::~TemporaryFile() { ::unlink(path_.c_str()); }

}  // namespace dbsql::test
