#include "base/redact.h"

#include <dbsql/error.h>

#include "base/one_line.h"

#include <gtest/gtest.h>

#include <random>
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
      {"passphrase='open sesame", "passphrase='***"},
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

// Every row hides hunter2, in a form in which somebody writes secrets, and shows the rest.
TEST(Redact, KnowsHowSecretsAreWritten) {
  const std::vector<std::pair<std::string, std::string>> cases{
      // SQL
      {"SET x.token='hunter2'", "SET x.token='***'"},
      {"token='hunter2'", "token='***'"},
      {"secret = 'hunter2' AND a = 1", "secret = '***' AND a = 1"},
      {"OPTIONS (host 'h', user 'u', password 'hunter2')",
       "OPTIONS (host 'h', user 'u', password '***')"},
      {"OPTIONS (host 'h', token 'hunter2', port 1)", "OPTIONS (host 'h', token '***', port 1)"},
      {"OPTIONS (\"password\" \"hunter2\", \"user\" \"u\")",
       "OPTIONS (\"password\" \"***\", \"user\" \"u\")"},
      {"OPTIONS (personalAccessToken 'hunter2')", "OPTIONS (personalAccessToken '***')"},
      {"OPTIONS (GoogleServiceAccountKeyJson '{\"a\": \"hunter2\"}')",
       "OPTIONS (GoogleServiceAccountKeyJson '***')"},
      {"OPTIONS (pem_private_key = 'hunter2')", "OPTIONS (pem_private_key = '***')"},
      {"WITH (CREDENTIAL (AZURE_SAS_TOKEN = 'sv=2020&sig=hunter2'))",
       "WITH (CREDENTIAL (AZURE_SAS_TOKEN = '***'))"},
      {"(AWS_SECRET_KEY = 'hunter2', AWS_SESSION_TOKEN = 'hunter2')",
       "(AWS_SECRET_KEY = '***', AWS_SESSION_TOKEN = '***')"},
      {"ENCRYPTION (TYPE = 'AWS_SSE_C', MASTER_KEY = 'hunter2')",
       "ENCRYPTION (TYPE = 'AWS_SSE_C', MASTER_KEY = '***')"},
      {"TBLPROPERTIES ('fs.s3a.secret.key' = 'hunter2')",
       "TBLPROPERTIES ('fs.s3a.secret.key' = '***')"},
      {"ALTER USER u IDENTIFIED BY 'hunter2'", "ALTER USER u IDENTIFIED BY '***'"},
      {"ALTER USER u\nSET PASSWORD\nTO 'hunter2'", "ALTER USER u\nSET PASSWORD\nTO '***'"},
      {"`password` = r'hunter2'", "`password` = r'***'"},
      {"password='it''s hunter2', x", "password='***', x"},
      {R"(password='it\'s hunter2', x)", "password='***', x"},
      {"password = 'hun' || 'hunter2', x", "password = '***', x"},
      {"password = 'hun' 'hunter2', x", "password = '***', x"},
      {"password = unhex('hunter2'), x", "password = ***, x"},
      {"password = concat('a', trim('hunter2')), x", "password = ***, x"},
      {"WHERE password <> 'hunter2' AND x", "WHERE password <> '***' AND x"},
      {"map('password', 'hunter2', 'a', 'b')", "map('password', '***', 'a', 'b')"},
      {"aes_encrypt(name, 'hunter2', 'GCM') AS x", "aes_encrypt(***) AS x"},
      {"TRY_AES_DECRYPT(unbase64(c), unhex('hunter2')) AS x", "TRY_AES_DECRYPT(***) AS x"},
      {"password = 'hunter2 is not closed", "password = '***"},
      // Spark's options
      {"SET spark.hadoop.fs.azure.account.key.acct.dfs.core.windows.net=hunter2==",
       "SET spark.hadoop.fs.azure.account.key.acct.dfs.core.windows.net=***"},
      {"fs.azure.account.oauth2.client.secret.a.dfs.core.windows.net hunter2=x",
       "fs.azure.account.oauth2.client.secret.a.dfs.core.windows.net hunter2=x"},
      {"fs.azure.account.oauth2.client.secret.a.dfs.core.windows.net=hunter2",
       "fs.azure.account.oauth2.client.secret.a.dfs.core.windows.net=***"},
      {"fs.azure.sas.container.acct.blob.core.windows.net=hunter2",
       "fs.azure.sas.container.acct.blob.core.windows.net=***"},
      {"fs.s3a.secret.key=hunter2\nx", "fs.s3a.secret.key=***\nx"},
      {"SET spark.x.password=the hunter2; SELECT 1", "SET spark.x.password=***; SELECT 1"},
      {".option(\"password\", \"hunter2\")", ".option(\"password\", \"***\")"},
      {"conf[\"spark.x.password\"] = \"hunter2\"", "conf[\"spark.x.password\"] = \"***\""},
      {"Map(password -> hunter2, a -> b)", "Map(password -> ***, a -> b)"},
      // Connection strings
      {"jdbc:databricks://h:443;AuthMech=3;UID=token;PWD=hunter2;x=1",
       "jdbc:databricks://h:443;AuthMech=3;UID=token;PWD=***;x=1"},
      {"Driver=x;Auth_AccessToken=hunter2;OAuth2Secret=hunter2;x=1",
       "Driver=x;Auth_AccessToken=***;OAuth2Secret=***;x=1"},
      {"PWD={a;}}hunter2};x=1", "PWD={***};x=1"},
      {"SSLTrustStorePwd=hunter2;ProxyPwd=hunter2;x", "SSLTrustStorePwd=***;ProxyPwd=***;x"},
      {"databricks://token:hunter2@h/x?a=b", "databricks://token:***@h/x?a=b"},
      {"postgresql://u:hunter2@h/db", "postgresql://u:***@h/db"},
      {"https://u:a/hunter2@h/db", "https://***@h/db"},
      {"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2==;x=1",
       "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=***;x=1"},
      {"SharedAccessKeyName=a;SharedAccessKey=hunter2",
       "SharedAccessKeyName=a;SharedAccessKey=***"},
      // HTTP
      {"X-Api-Key: hunter2\r\nHost: h", "X-Api-Key: ***\r\nHost: h"},
      {"Ocp-Apim-Subscription-Key: hunter2", "Ocp-Apim-Subscription-Key: ***"},
      {"x-amz-security-token: hunter2", "x-amz-security-token: ***"},
      {"Authorization: Digest username=\"u\", response=\"hunter2\"\nHost: h",
       "Authorization: ***\nHost: h"},
      {"?a=b&sig=hunter2&c=d", "?a=b&sig=***&c=d"},
      {"password%3Dhunter2&a", "password%3D***&a"},
      {"HTTPS://u:hunter2@h/p?x=hunter2", "HTTPS://***@h/p?x=***"},
      {"https://h/p;password=hunter2?a=hunter2", "https://h/p;password=***"},
      // JSON, XML, files, command lines
      {R"({"token": "hunter2", "a": 1})", R"({"token": "***", "a": 1})"},
      {R"({'token': 'hunter2', 'a': 1})", R"({'token': '***', 'a': 1})"},
      {R"("{\"password\":\"hun\\\"ter2 hunter2\",\"a\":1}")",
       R"("{\"password\":\"***\",\"a\":1}")"},
      {R"({"Cookie": "a=\"hunter2\"", "a": 1})", R"({"Cookie": "***", "a": 1})"},
      {R"({"client_secret" : "hunter2"})", R"({"client_secret" : "***"})"},
      {R"({"password": ["hunter2", "hunter2"], "a": 1})", R"({"password": ***, "a": 1})"},
      {R"({"password": {"value": "x"}})", R"({"password": {"value": "x"}})"},
      {"<password>hunter2</password>", "<password>***</password>"},
      {"<token>hunter2</token>", "<token>***</token>"},
      {"export DATABRICKS_TOKEN=hunter2\nx", "export DATABRICKS_TOKEN=***\nx"},
      {"token = hunter2\nhost = h", "token = ***\nhost = h"},
      {"password: hunter2", "password: ***"},
      {"curl --password hunter2 --token hunter2 h", "curl --password *** --token *** h"},
      {"-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----\nx",
       "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nx"},
      {"-----BEGIN PRIVATE KEY-----\\nhunter2 cut", "-----BEGIN PRIVATE KEY-----***"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(redact(text), expected);
    EXPECT_EQ(redact(expected), expected) << "once is enough";
    EXPECT_EQ(redact_strictly(text), expected);
    // The way of error messages, where a text is one line.
    EXPECT_EQ(Error({.message = text}).message(), one_line(expected));
  }
}

TEST(Redact, LeavesWordsThatOnlySoundLikeSecrets) {
  for (const std::string text :
       {"[PARSE_SYNTAX_ERROR] Syntax error at or near token 'FROM'",
        "Unexpected token: 'FROM' at line 1",
        "mismatched input token 'x' expecting {'(', 'SELECT'}",
        "extraneous input '(' near token <EOF>",
        "CREATE TABLE u (id INT, password STRING, token STRING, secret STRING)",
        "struct<password:string,api_key:binary>",
        "SELECT password, token FROM users WHERE id = 7",
        "SELECT password FROM users WHERE name = 'x'",
        "SELECT v:password::string, token::int FROM t",
        "password IS NULL OR password = ''",
        "COMMENT ON COLUMN u.password IS 'how it is hashed'",
        "PRIMARY KEY = 'id'",
        "primary_key='id', foreign_key='x', partition_key=2020, sort_key: ts",
        "duplicate key = 5, key='a', public_key='b', monkey='c'",
        "max_tokens=100 next_page_token='abc' token_count=7 tokens: 3",
        "secret_scope='x', token_url=https://h/oidc, password_file=/run/x, client_id=abc",
        "fs.azure.account.auth.type.acct.dfs.core.windows.net=OAuth",
        "fs.azure.account.oauth2.client.id.acct.dfs.core.windows.net=abc",
        "secret('scope', 'name')",
        "the secret 'scope/name' does not exist",
        "the password is wrong",
        "password is required",
        "no token: ask for one",
        "auth.private_key: cannot be read, see docs",
        "client_secret: must be given with client_id",
        "the access token: it has expired",
        "use --token to give one, or --password-file FILE",
        "dbsql://token:<token>@host",
        "password=<your password>",
        "TOKEN=<TOKEN>",
        "abfss://container@account.dfs.core.windows.net/path",
        "s3://bucket/key=1/part-0",
        "dbfs:/user/hive/warehouse/t/part-0.parquet",
        "time 12:30:15, map {a: 1}",
        "identified: 3 rows",
        "IDENTIFIER('t')",
        "is_secret=true password=null",
        "-----BEGIN CERTIFICATE-----\nabc",
        "encrypt(x, 'y')",
        "assertion failed: x > 0",
        "password",
        "password '",
        "token:",
        "--password",
        "://",
        "https://",
        "?",
        "\\",
        "(",
        "'"}) {
    EXPECT_EQ(redact(text), text);
  }
}

TEST(Redact, TakesTimeInProportionToTheText) {
  for (const std::string piece :
       {"password",     "password ",    "password=",   "token:",     "token:'",     "a token:'\\",
        "a://b:",       "http://",      "https://a:b", "password='", "'password' ", "Cookie:\"x",
        "password(",    "password={",   "password=a(", "\\\"",       "eyJ",         "Bearer ",
        "-----BEGIN ",  "aes_encrypt(", "<token>",     "secret '",   "(secret '",   "--token ",
        "SET a.token=", "token \\",     "a.token:a("}) {
    std::string text;
    while (text.size() < (std::size_t{1} << 20)) text += piece;

    EXPECT_LE(redact_strictly(text).size(), text.size() + text.size() / 2) << piece;
  }
}

TEST(Redact, TakesAnyBytes) {
  std::mt19937 random(20260101);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same on every run
  const std::vector<std::string> pieces{"password",
                                        "token",
                                        "=",
                                        ":",
                                        "'",
                                        "\"",
                                        "\\",
                                        "{",
                                        "}",
                                        "(",
                                        ")",
                                        " ",
                                        "://",
                                        "@",
                                        "?",
                                        "&",
                                        "<",
                                        ">",
                                        "--",
                                        "\n",
                                        "hunter2",
                                        "Authorization",
                                        "SET a.pwd",
                                        std::string(1, '\0'),
                                        "\xff",
                                        "-----BEGIN ",
                                        "PRIVATE KEY-----",
                                        "aes_encrypt",
                                        "identified by"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t length = random() % 12; length > 0; --length)
      text += pieces[random() % pieces.size()];

    const std::string once = redact_strictly(text);
    EXPECT_LE(once.size(), 3 * text.size() + 3) << text;
  }
}

TEST(Redact, FindsSecretsAtTheVeryEnd) {
  EXPECT_EQ(redact("password="), "password=");
  EXPECT_EQ(redact("password=x"), "password=***");
  EXPECT_EQ(redact("https://h/p?sig=x"), "https://h/p?sig=***");
  EXPECT_EQ(redact("https://h/p?"), "https://h/p?");
}

}  // namespace
}  // namespace dbsql::base
