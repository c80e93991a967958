#include "warehouse/web_token.h"

#include "base/base64.h"
#include "base/text.h"

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

using nlohmann::json;

constexpr std::size_t kLargestToken = 64 * 1024;
constexpr int kKeyBits = 2048;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;

enum class Scheme : std::uint8_t { Pkcs1, Pss, Ecdsa };

struct Algorithm {
  std::string_view name;
  Scheme scheme;
  const EVP_MD* (*digest)();
  int curve_bits;  ///< of Ecdsa
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

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

[[noreturn]] void refuse(const char* what) {
  ERR_clear_error();
  throw std::runtime_error(what);
}

std::string base64url(std::string_view bytes) {
  std::string text = base::base64_encode(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::optional<std::string> from_base64url(std::string_view part) {
  if (part.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string text(part);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return base::base64_decode(text);
}

std::optional<json> object_of(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  json object = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? std::optional(std::move(object)) : std::nullopt;
}

std::string text_of(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

/// A time may be written with a fraction (RFC 7519 2).
std::optional<std::int64_t> time_of(const json& object, const char* name) {
  constexpr double kFarthest = 1e15;
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number()) return std::nullopt;
  const auto number = member->get<double>();
  if (!(number >= -kFarthest && number <= kFarthest)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::vector<std::string> audience_of(const json& object) {
  std::vector<std::string> audience;
  const auto member = object.find("aud");
  if (member == object.end()) return audience;
  if (member->is_string()) audience.push_back(member->get<std::string>());
  if (member->is_array()) {
    for (const json& each : *member)
      if (each.is_string()) audience.push_back(each.get<std::string>());
  }
  return audience;
}

/// r and s as numbers of fixed length (RFC 7518 3.4) in the form that OpenSSL checks; empty when
/// they are none.
std::string to_der(std::string_view raw, int curve_bits) {
  const std::size_t size = (static_cast<std::size_t>(curve_bits) + 7) / 8;
  if (raw.size() != 2 * size) return {};
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  Number r(BN_bin2bn(bytes_of(raw), static_cast<int>(size), nullptr));
  Number s(BN_bin2bn(bytes_of(raw.substr(size)), static_cast<int>(size), nullptr));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // the pair's now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return {};
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

bool fits(const Algorithm& algorithm, const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (algorithm.scheme != Scheme::Ecdsa) return type == EVP_PKEY_RSA;
  return type == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == algorithm.curve_bits;
}

std::shared_ptr<EVP_PKEY> read_public_key(std::string_view pem) {
  const auto open = [&] { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); };
  if (EVP_PKEY* key = PEM_read_bio_PUBKEY(open().get(), nullptr, nullptr, nullptr)) {
    return {key, EVP_PKEY_free};
  }
  const Certificate certificate(PEM_read_bio_X509(open().get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return {certificate ? X509_get_pubkey(certificate.get()) : nullptr, EVP_PKEY_free};
}

std::string number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* found = nullptr;
  EVP_PKEY_get_bn_param(key, name, &found);
  const Number number(found);
  std::string bytes(number ? static_cast<std::size_t>(BN_num_bytes(number.get())) : 0, '\0');
  if (number) BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return base64url(bytes);
}

std::string sha256(std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1)
    refuse("SHA-256 cannot be computed");
  digest.resize(size);
  return digest;
}

}  // namespace

std::optional<WebToken> WebToken::parse(std::string_view text) {
  if (text.size() > kLargestToken) return std::nullopt;
  const auto parts = base::split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto header = object_of(parts[0]);
  const auto claims = object_of(parts[1]);
  auto signature = from_base64url(parts[2]);
  if (!header || !claims || !signature) return std::nullopt;
  return WebToken{.algorithm = text_of(*header, "alg"),
                  .claims = {.issuer = text_of(*claims, "iss"),
                             .subject = text_of(*claims, "sub"),
                             .audience = audience_of(*claims),
                             .id = text_of(*claims, "jti"),
                             .ends = time_of(*claims, "exp"),
                             .issued = time_of(*claims, "iat")},
                  .signed_text = std::string(text.substr(0, text.rfind('.'))),
                  .signature = std::move(*signature)};
}

PublicKey::PublicKey(std::string_view pem) : key_(read_public_key(pem)) {
  const int type = key_ ? EVP_PKEY_get_base_id(key_.get()) : 0;
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC)
    refuse("not the PEM of a public key or a certificate, RSA or EC");
}

bool PublicKey::has_signed(const WebToken& token) const {
  const auto* const algorithm =
      std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                   [&](const Algorithm& known) { return known.name == token.algorithm; });
  if (algorithm == kAlgorithms.end() || !fits(*algorithm, key_.get())) return false;
  const std::string signature = algorithm->scheme == Scheme::Ecdsa
                                    ? to_der(token.signature, algorithm->curve_bits)
                                    : token.signature;
  const Digest context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // owned by `context`
  bool is_good = context && EVP_DigestVerifyInit(context.get(), &settings, algorithm->digest(),
                                                 nullptr, key_.get()) == 1;
  if (is_good && algorithm->scheme == Scheme::Pss)
    is_good = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1;
  is_good = is_good && EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                        bytes_of(token.signed_text), token.signed_text.size()) == 1;
  ERR_clear_error();
  return is_good;
}

struct TokenSigner::State {
  EVP_PKEY* key() {
    std::call_once(once_, [this] {
      key_.reset(EVP_RSA_gen(kKeyBits), EVP_PKEY_free);
      if (!key_) refuse("the key for tokens cannot be made");
      id_ = sha256_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N));
    });
    return key_.get();
  }
  const std::string& id() {
    key();
    return id_;
  }

 private:
  std::once_flag once_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string id_;
};

TokenSigner::TokenSigner() : state_(std::make_unique<State>()) {}
TokenSigner::~TokenSigner() = default;

std::string TokenSigner::sign(std::string_view claims) {
  const json header{{"alg", "RS256"}, {"kid", state_->id()}, {"typ", "at+jwt"}};
  const std::string text = base::concat(base64url(header.dump()), ".", base64url(claims));
  const Digest context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    refuse("a token cannot be signed");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(text), text.size()) != 1)
    refuse("a token cannot be signed");
  signature.resize(size);
  return base::concat(text, ".", base64url(signature));
}

std::string TokenSigner::key_set() {
  EVP_PKEY* const key = state_->key();
  const json own{{"kty", "RSA"},
                 {"use", "sig"},
                 {"alg", "RS256"},
                 {"kid", state_->id()},
                 {"n", number_of(key, OSSL_PKEY_PARAM_RSA_N)},
                 {"e", number_of(key, OSSL_PKEY_PARAM_RSA_E)}};
  json keys;
  keys["keys"] = json::array({own});
  return keys.dump();
}

std::string random_id(std::size_t bytes) {
  std::string id(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(id.data()), static_cast<int>(bytes)) != 1)
    refuse("there are no random numbers");
  return base64url(id);
}

std::string sha256_base64url(std::string_view text) { return base64url(sha256(text)); }

bool is_same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dbsql::warehouse
