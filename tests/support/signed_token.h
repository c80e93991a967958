#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace dbsql::test {

/// A private key and what belongs to it.
using SigningPair = std::shared_ptr<evp_pkey_st>;

SigningPair make_rsa_pair();
SigningPair make_ec_pair();  ///< P-256
std::string public_pem_of(const SigningPair& key);
std::string private_pem_of(const SigningPair& key);  ///< PKCS#8

/// A JSON web token. \param algorithm  RS256 or ES256
std::string sign_token(const SigningPair& key, std::string_view algorithm,
                       const nlohmann::json& claims);
/// One that says it needs no signature.
std::string unsigned_token(const nlohmann::json& claims);

/// The PEM of an RSA key of a JSON web key set.
std::string pem_of_web_key(const nlohmann::json& key);

}  // namespace dbsql::test
