#include "base/redact.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dbsql::base {
namespace {

// Put together at run time: a scanner that looks for leaked tokens must find none in this file.
const std::string kToken = std::string("da") + "pi0123456789abcdef0123456789abcdef";
const std::string kJwt = std::string("ey") + "JhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl";

TEST(Redact, RemovesEverySecretAndKeepsTheRest) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"Authorization: Bearer " + kToken, "Authorization: ***"},
      {"sent Bearer " + kToken + " there", "sent Bearer *** there"},
      {"bearer abcdefgh12345", "bearer ***"},
      {"Basic dXNlcjpwYXNzd29yZA==", "Basic ***"},
      {"Set-Cookie: a=b; c=d\nnext", "Set-Cookie: ***\nnext"},
      {R"({"Cookie": "id=1; x=2", "a": 1})", R"({"Cookie": "***", "a": 1})"},
      {"proxy.password=hunter2&x=1", "proxy.password=***&x=1"},
      {"azure_client_secret: abc", "azure_client_secret: ***"},
      {"passphrase='open sesame", "passphrase='*** sesame"},
      {"grant_type=x&code=abcdefgh123&code_verifier=v", "grant_type=x&code=***&code_verifier=***"},
      {"token " + kToken + " was refused", "token *** was refused"},
      {"jwt=" + kJwt, "jwt=***"},
      {"GET https://s3.example/f.arrow?X-Amz-Signature=abc&X-Amz-Expires=900 failed",
       "GET https://s3.example/f.arrow?X-Amz-Signature=***&X-Amz-Expires=*** failed"},
      {"https://user:secret@host:443/path", "https://***@host:443/path"},
      {"token:some-odd-token@host:443/sql/1.0/warehouses/a",
       "token:***@host:443/sql/1.0/warehouses/a"},
      {"grant_type=client_credentials&client_secret=s3cr3t&scope=all",
       "grant_type=client_credentials&client_secret=***&scope=all"},
      {R"({"refresh_token": "abc", "expires_in": 3600})",
       R"({"refresh_token": "***", "expires_in": 3600})"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(redact(text), expected);
}

TEST(Redact, LeavesOrdinaryTextAlone) {
  for (const std::string text :
       {"SELECT * FROM main.sales.orders WHERE id = 7",
        "http://127.0.0.1:8080/sql/1.0/warehouses/abc", "basic auth is not enabled",
        "basic authentication is not available", "one of: basic negotiate none",
        "token: the name of a column", "password is required", "", "?a=b"}) {
    EXPECT_EQ(redact(text), text);
  }
}

TEST(Redact, KeepsCodesThatAreNoSecrets) {
  for (const std::string text : {"exit code=7", "curl code: 28", "error_code=NotFound", "code="})
    EXPECT_EQ(redact(text), text);
}

// reference/telemetry.md 5.3
TEST(RedactStrictly, RemovesWhoAndWhereSomebodyIsAsWell) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"cannot read /home/jane/.databrickscfg", "cannot read /home/***/.databrickscfg"},
      {"/Users/jane/x and C:\\Users\\jane\\x", "/Users/***/x and C:\\Users\\***\\x"},
      {"/var/lib/acme/db, /opt/acme/x, /srv/acme, /app/acme/y",
       "/var/lib/***/db, /opt/***/x, /srv/***, /app/***/y"},
      {"/var/folders/ab/cd", "/var/folders/***/cd"},
      {"\\\\server\\share\\file", "\\\\***\\share\\file"},
      {"token=abc secret: def api key=ghi", "token=*** secret: *** api key=***"},
      {R"({"token": "abc"})", R"({"token": "***"})"},
      {"password=x of " + kToken, "password=*** of ***"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(redact_strictly(text), expected);
}

TEST(Redact, FindsSecretsAtTheVeryEnd) {
  EXPECT_EQ(redact("password="), "password=");
  EXPECT_EQ(redact("password=x"), "password=***");
  EXPECT_EQ(redact("https://h/p?sig=x"), "https://h/p?sig=***");
  EXPECT_EQ(redact("https://h/p?"), "https://h/p?");
}

}  // namespace
}  // namespace dbsql::base
