#include "auth/crypto.h"

#include <dbsql/error.h>

#include "base/base64.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include <algorithm>
#include <memory>

namespace dbsql::auth {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kSealSize = 16;
constexpr int kRounds = 600'000;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void require(bool is_done, const char* what) {
  if (!is_done)
    throw_error({.kind = ErrorKind::Internal,
                 .message = std::string("the cryptographic library cannot ") + what});
}

void require_sizes(const Secret& key, std::string_view nonce) {
  require(key.view().size() == kKeySize && nonce.size() == kNonceSize, "use a key of this size");
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  require(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1, "make random numbers");
  return bytes;
}

std::string sha256(std::string_view bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  require(
      EVP_Digest(bytes.data(), bytes.size(), bytes_of(digest), &size, EVP_sha256(), nullptr) == 1,
      "compute SHA-256");
  digest.resize(size);
  return digest;
}

std::string base64url_encode(std::string_view bytes) {
  std::string text = base::base64_encode(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Secret derive_key(std::string_view passphrase, std::string_view salt) {
  std::string key(kKeySize, '\0');
  require(PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()), bytes_of(salt),
                            static_cast<int>(salt.size()), kRounds, EVP_sha256(),
                            static_cast<int>(kKeySize), bytes_of(key)) == 1,
          "derive a key");
  Secret secret(key);
  explicit_bzero(key.data(), key.size());
  return secret;
}

std::string seal(const Secret& key, std::string_view nonce, std::string_view header,
                 std::string_view text) {
  require_sizes(key, nonce);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string sealed(text.size() + kSealSize, '\0');
  int size = 0;
  require(cipher &&
              EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.view()),
                                 bytes_of(nonce)) == 1 &&
              EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(header),
                                static_cast<int>(header.size())) == 1 &&
              EVP_EncryptUpdate(cipher.get(), bytes_of(sealed), &size, bytes_of(text),
                                static_cast<int>(text.size())) == 1 &&
              EVP_EncryptFinal_ex(cipher.get(), bytes_of(sealed) + size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kSealSize),
                                  bytes_of(sealed) + text.size()) == 1,
          "encrypt with AES-256-GCM");
  return sealed;
}

std::optional<Secret> unseal(const Secret& key, std::string_view nonce, std::string_view header,
                             std::string_view sealed) {
  require_sizes(key, nonce);
  if (sealed.size() < kSealSize) return std::nullopt;
  const std::string_view body = sealed.substr(0, sealed.size() - kSealSize);
  std::string tag(sealed.substr(body.size()));
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string text(body.size() + kSealSize, '\0');
  int size = 0;
  const bool is_genuine = cipher &&
                          EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                             bytes_of(key.view()), bytes_of(nonce)) == 1 &&
                          EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(header),
                                            static_cast<int>(header.size())) == 1 &&
                          EVP_DecryptUpdate(cipher.get(), bytes_of(text), &size, bytes_of(body),
                                            static_cast<int>(body.size())) == 1 &&
                          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG,
                                              static_cast<int>(kSealSize), tag.data()) == 1 &&
                          EVP_DecryptFinal_ex(cipher.get(), bytes_of(text) + size, &size) == 1;
  std::optional<Secret> opened;
  if (is_genuine) opened.emplace(std::string_view(text).substr(0, body.size()));
  explicit_bzero(text.data(), text.size());
  return opened;
}

}  // namespace dbsql::auth
