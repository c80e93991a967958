#include "tests/warehouse/identity_client.h"

#include "base/base64.h"
#include "base/text.h"
#include "warehouse/oidc_form.h"

#include <gtest/gtest.h>

namespace dbsql::test {
namespace {

/// What stands between two texts in a page.
std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + before.size());
  return std::string(text.substr(0, text.find(after)));
}

}  // namespace

std::string form_text(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    text += base::concat(text.empty() ? "" : "&", name, "=", warehouse::encode_form_text(value));
  return text;
}

HttpResult IdentityClient::get(std::string_view target) {
  return client_.send("GET", base::concat(prefix_, target));
}

HttpResult IdentityClient::post(std::string_view target, const Fields& fields,
                                const HttpClient::Headers& headers) {
  HttpClient::Headers all{{"content-type", "application/x-www-form-urlencoded"}};
  all.insert(all.end(), headers.begin(), headers.end());
  return client_.send("POST", base::concat(prefix_, target), form_text(fields), all);
}

HttpResult IdentityClient::token(const Fields& fields, std::string_view basic) {
  HttpClient::Headers headers;
  if (!basic.empty())
    headers.emplace_back("authorization", base::concat("Basic ", base::base64_encode(basic)));
  return post("/v1/token", fields, headers);
}

HttpResult IdentityClient::call(std::string_view access_token) {
  return client_.send("GET", "/api/2.0/preview/scim/v2/Me", {},
                      {{"authorization", base::concat("Bearer ", access_token)}});
}

IdentityClient::Fields IdentityClient::authorization(const std::string& scope) {
  return {{"response_type", "code"},
          {"client_id", "databricks-sql-connector"},
          {"redirect_uri", kRedirect},
          {"scope", scope},
          {"state", "st4te"},
          {"code_challenge", kChallenge},
          {"code_challenge_method", "S256"}};
}

std::string IdentityClient::click(const Fields& query, std::string_view decision) {
  return click_at(base::concat("/v1/authorize?", form_text(query)), decision);
}

std::string IdentityClient::click_at(const std::string& target, std::string_view decision) {
  const HttpResult page = get(target);
  if (page.status == 302) return page.header("location");
  const std::string id = between(page.body, "name=\"request\" value=\"", "\"");
  EXPECT_NE(id, "") << page.status << page.body;
  const HttpResult answer =
      post("/v1/authorize", {{"request", id}, {"decision", std::string(decision)}});
  EXPECT_EQ(answer.status, 302) << answer.body;
  return answer.header("location");
}

nlohmann::json IdentityClient::sign_in(const std::string& scope) {
  const std::string back = click(authorization(scope), "allow");
  return nlohmann::json::parse(token({{"grant_type", "authorization_code"},
                                      {"code", parameter_of(back, "code")},
                                      {"redirect_uri", kRedirect},
                                      {"code_verifier", kVerifier},
                                      {"client_id", "databricks-sql-connector"}})
                                   .body);
}

std::string parameter_of(std::string_view address, std::string_view name) {
  const std::string wanted = base::concat(name, "=");
  for (const std::string_view pair : base::split(address.substr(address.find('?') + 1), '&'))
    if (pair.starts_with(wanted)) return std::string(pair.substr(wanted.size()));
  return {};
}

}  // namespace dbsql::test
