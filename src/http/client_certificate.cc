#include "http/client_certificate.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql::http {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

[[noreturn]] void fail(std::string message) {
  ERR_clear_error();
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

Bio open(const std::string& path, std::string_view option) {
  Bio file(BIO_new_file(path.c_str(), "rb"));
  if (!file) fail(base::concat("cannot read the file '", path, "' (", option, ")"));
  return file;
}

struct Password {
  const std::string& text;
  bool was_asked_for = false;
};

/// Without a callback OpenSSL would ask at the terminal.
int give_password(char* into, int size, int, void* context) {
  auto& password = *static_cast<Password*>(context);
  password.was_asked_for = true;
  if (password.text.empty() || std::cmp_greater(password.text.size(), size)) return -1;
  std::copy(password.text.begin(), password.text.end(), into);
  return static_cast<int>(password.text.size());
}

Key read_key(const TlsOptions& options) {
  const bool is_apart = !options.client_key.empty();
  const std::string& path = is_apart ? options.client_key : options.client_cert;
  const std::string_view option = is_apart ? "tls.client_key" : "tls.client_cert";
  const Bio file = open(path, option);
  Password password{options.client_key_password};
  Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, give_password, &password));
  if (key) return key;
  if (!password.was_asked_for)
    fail(base::concat("the file '", path, "' (", option,
                      ") holds no readable PEM key; a key in a file of its own is named by "
                      "tls.client_key"));
  if (password.text.empty())
    fail(base::concat("the key in '", path,
                      "' is encrypted; its password goes into "
                      "tls.client_key_password"));
  fail(base::concat("tls.client_key_password does not open the key in '", path, "'"));
}

}  // namespace

void check_client_certificate(const TlsOptions& options) {
  if (options.client_cert.empty()) return;
  const Bio file = open(options.client_cert, "tls.client_cert");
  const Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (!certificate)
    fail(base::concat("the file '", options.client_cert,
                      "' (tls.client_cert) holds no readable PEM certificate"));
  const Key key = read_key(options);
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    fail("tls.client_cert and tls.client_key do not belong together");
}

}  // namespace dbsql::http
