#pragma once

#include "tests/warehouse/http_client.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A form as browsers and clients send it.
std::string form_text(const std::vector<std::pair<std::string, std::string>>& fields);

/// A client of the warehouse's identity endpoints that says exactly what the test wants said.
class IdentityClient {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit IdentityClient(std::uint16_t port, std::string prefix = "/oidc")
      : client_(port), prefix_(std::move(prefix)) {}

  /// \param target  below the prefix
  HttpResult get(std::string_view target);
  HttpResult post(std::string_view target, const Fields& fields,
                  const HttpClient::Headers& headers = {});
  /// A request to the token endpoint. \param basic  `id:secret`, encoded inside as the test wants
  HttpResult token(const Fields& fields, std::string_view basic = {});
  /// An API call with a bearer token.
  HttpResult call(std::string_view access_token);

  /// Opens the consent page and clicks; returns where the browser is sent.
  std::string click(const Fields& query, std::string_view decision);
  /// The same at an address below the prefix.
  std::string click_at(const std::string& target, std::string_view decision);
  /// Signs a person in and returns the token endpoint's answer.
  nlohmann::json sign_in(const std::string& scope);

  static constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  static constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  static constexpr const char* kRedirect = "http://localhost:8030";
  /// What a good authorization request says.
  static Fields authorization(const std::string& scope = "sql offline_access");

 private:
  HttpClient client_;
  std::string prefix_;
};

/// The value of a parameter in an address; empty when it is not there. Not decoded.
std::string parameter_of(std::string_view address, std::string_view name);

}  // namespace dbsql::test
