#include "auth/jwt_signer.h"

#include <dbsql/error.h>

#include "auth/crypto.h"
#include "base/text.h"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include <algorithm>
#include <array>

namespace dbsql::auth {
namespace {

enum class Scheme : std::uint8_t { Pkcs1, Pss, Ecdsa };

struct Algorithm {
  std::string_view name;
  Scheme scheme;
  const EVP_MD* (*digest)();
  int curve_bits;  ///< of Ecdsa; each half of a signature has as many
};

constexpr std::array<Algorithm, 9> kAlgorithms{{
    {"RS256", Scheme::Pkcs1, EVP_sha256, 0},
    {"RS384", Scheme::Pkcs1, EVP_sha384, 0},
    {"RS512", Scheme::Pkcs1, EVP_sha512, 0},
    {"PS256", Scheme::Pss, EVP_sha256, 0},
    {"PS384", Scheme::Pss, EVP_sha384, 0},
    {"PS512", Scheme::Pss, EVP_sha512, 0},
    {"ES256", Scheme::Ecdsa, EVP_sha256, 256},
    {"ES384", Scheme::Ecdsa, EVP_sha384, 384},
    {"ES512", Scheme::Ecdsa, EVP_sha512, 521},
}};

[[noreturn]] void refuse(std::string message) {
  ERR_clear_error();
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

const Algorithm& find_algorithm(std::string_view name) {
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& known) { return known.name == name; });
  if (found != kAlgorithms.end()) return *found;
  refuse(base::concat("auth.jwt.alg=", name.substr(0, 20),
                      " is not known; it is one of RS256, RS384, RS512, PS256, PS384, PS512, "
                      "ES256, ES384 and ES512"));
}

/// OpenSSL asks for the passphrase through this; without one it must not ask at a terminal.
struct PassphraseRequest {
  const Secret* passphrase = nullptr;
  bool was_asked = false;
};

int give_passphrase(char* buffer, int size, int /*is_for_writing*/, void* data) {
  auto& request = *static_cast<PassphraseRequest*>(data);
  request.was_asked = true;
  const std::string_view text = request.passphrase->view();
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

std::shared_ptr<EVP_PKEY> read_key(const SigningKey& key) {
  const std::string_view pem = key.pem.view();
  const std::unique_ptr<BIO, decltype(&BIO_free)> input(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  PassphraseRequest request{.passphrase = &key.passphrase};
  std::shared_ptr<EVP_PKEY> read(
      input ? PEM_read_bio_PrivateKey(input.get(), nullptr, give_passphrase, &request) : nullptr,
      EVP_PKEY_free);
  if (read) return read;
  if (request.was_asked && key.passphrase.empty())
    refuse("the private key is encrypted: give its passphrase with auth.jwt.passphrase");
  if (request.was_asked) refuse("auth.jwt.passphrase does not open the private key");
  refuse("the file of auth.jwt.key_file holds no private key in PEM form");
}

void require_fit(const Algorithm& algorithm, EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  const bool is_ecdsa = algorithm.scheme == Scheme::Ecdsa;
  const bool fits = is_ecdsa ? type == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == algorithm.curve_bits
                             : type == EVP_PKEY_RSA ||
                                   (algorithm.scheme == Scheme::Pss && type == EVP_PKEY_RSA_PSS);
  if (!fits)
    refuse(base::concat(
        "auth.jwt.alg=", algorithm.name, " needs ",
        is_ecdsa ? base::concat("an EC key of ", algorithm.curve_bits, " bits") : "an RSA key",
        "; the private key is another one"));
}

/// r and s as numbers of fixed length one after the other (RFC 7518 3.4), not as DER.
std::string to_raw(std::string_view der, int curve_bits) {
  const int size = (curve_bits + 7) / 8;
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())), ECDSA_SIG_free);
  std::string raw(static_cast<std::size_t>(size) * 2, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + size, size) != size)
    return {};
  return raw;
}

}  // namespace

JwtSigner::JwtSigner(const SigningKey& key)
    : algorithm_(find_algorithm(key.algorithm).name), key_(read_key(key)) {
  require_fit(find_algorithm(algorithm_), key_.get());
  nlohmann::json header{{"alg", algorithm_}, {"typ", "JWT"}};
  if (!key.key_id.empty()) header["kid"] = key.key_id;
  header_ = base64url_encode(header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Secret JwtSigner::sign(std::string_view claims) const {
  const std::string text = base::concat(header_, ".", base64url_encode(claims));
  return base::concat(text, ".", base64url_encode(signature(text)));
}

std::string JwtSigner::signature(std::string_view text) const {
  const Algorithm& algorithm = find_algorithm(algorithm_);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;  // owned by `context`
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  bool is_done = context && EVP_DigestSignInit(context.get(), &settings, algorithm.digest(),
                                               nullptr, key_.get()) == 1;
  if (is_done && algorithm.scheme == Scheme::Pss)
    is_done = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1;
  is_done = is_done && EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string signed_text(size, '\0');
  is_done =
      is_done && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signed_text.data()),
                                &size, bytes, text.size()) == 1;
  signed_text.resize(size);
  if (is_done && algorithm.scheme == Scheme::Ecdsa)
    signed_text = to_raw(signed_text, algorithm.curve_bits);
  if (!is_done || signed_text.empty())
    refuse(base::concat("the private key cannot sign with ", algorithm_));
  return signed_text;
}

}  // namespace dbsql::auth
