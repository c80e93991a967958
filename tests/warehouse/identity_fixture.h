#pragma once

#include "base/base64.h"
#include "base/text.h"
#include "support/fake_clock.h"
#include "support/signed_token.h"
#include "tests/warehouse/identity_client.h"
#include "tests/warehouse/server_test.h"
#include "warehouse/identity_service.h"
#include "warehouse/web_token.h"

#include <nlohmann/json.hpp>

namespace dbsql::test {

using nlohmann::json;

/// A warehouse that wants tokens of its own, on a clock of the test's.
class Identity : public ServerTest {
 protected:
  static warehouse::IdentityOptions demanding() {
    warehouse::IdentityOptions identity;
    identity.requires_tokens = true;
    identity.clients = {{.id = "machine", .secret = "a:b+c/\xC3\xA4", .public_key_pem = {}},
                        {.id = "signer", .secret = {}, .public_key_pem = public_pem_of(signer())},
                        {.id = "principal", .secret = {}, .public_key_pem = {}}};
    identity.issuers = {{"https://issuer.example", public_pem_of(issuer())}};
    return identity;
  }
  IdentityClient& start_identity(warehouse::IdentityOptions identity = demanding(),
                                 std::string token = {}) {
    auto options = quick_options();
    options.identity = std::move(identity);
    options.token = std::move(token);
    server.emplace(std::move(options), make_fake_engine(script), clock_);
    return client_.emplace(server->port());
  }
  static const SigningPair& signer() {
    static const SigningPair key = make_rsa_pair();
    return key;
  }
  static const SigningPair& issuer() {
    static const SigningPair key = make_ec_pair();
    return key;
  }
  std::int64_t now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.system_now().time_since_epoch())
        .count();
  }
  std::string origin() const { return "http://localhost"; }  // as the tests' client names it

  static constexpr const char* kEncodedPair = "machine:a%3Ab%2Bc%2F%C3%A4";
  const IdentityClient::Fields kMachine{{"grant_type", "client_credentials"},
                                        {"scope", "all-apis"}};
  std::string machine_token() {
    return json::parse(client_->token(kMachine, kEncodedPair).body).at("access_token");
  }
  json assertion_claims() {
    return {{"iss", "signer"}, {"sub", "signer"},    {"aud", origin() + "/oidc/v1/token"},
            {"iat", now()},    {"exp", now() + 300}, {"jti", "id-1"}};
  }
  HttpResult assert_with(const std::string& assertion) {
    return client_->token(
        {{"grant_type", "client_credentials"},
         {"scope", "all-apis"},
         {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
         {"client_assertion", assertion}});
  }
  HttpResult exchange(const std::string& token, const IdentityClient::Fields& more = {}) {
    IdentityClient::Fields fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                  {"subject_token", token},
                                  {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                                  {"scope", "sql"},
                                  {"return_original_token_if_authenticated", "true"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return client_->token(fields);
  }
  json foreign_claims() {
    return {{"iss", "https://issuer.example"}, {"sub", "worker"}, {"exp", now() + 600}};
  }

  FakeClock clock_;
  std::optional<IdentityClient> client_;
};

inline std::string error_of(const HttpResult& result) {
  return json::parse(result.body).value("error", "");
}

inline json claims_of(const std::string& token) {
  const auto parts = base::split(token, '.');
  std::string text(parts.at(1));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return json::parse(base::base64_decode(text).value());
}

}  // namespace dbsql::test
