#include "config/connection_text.h"

#include "base/text.h"
#include "config/dsn.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::config {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

ConnectionConfig read(std::string_view text) { return read_connection_text(text).build(); }

std::string error_of(std::string_view text) {
  const Error error = capture_error([&] { read(text); });
  EXPECT_EQ(error.kind(), ErrorKind::Configuration) << text;
  return error.message();
}

TEST(ConnectionText, IsTheSameConnectionInEveryForm) {
  const std::string expected = "token:***@ws.example:443/sql/1.0/warehouses/abc?catalog=main";
  for (const char* text :
       {"token:dapi1@ws.example:443/sql/1.0/warehouses/abc?catalog=main",
        "databricks://token:dapi1@ws.example/sql/1.0/warehouses/abc?catalog=main",
        "databricks://ws.example?warehouse_id=abc&catalog=main&access_token=dapi1",
        "jdbc:databricks://ws.example:443;httpPath=/sql/1.0/warehouses/abc;AuthMech=3;UID=token;"
        "PWD=dapi1;ConnCatalog=main",
        "Driver=Databricks;Host=ws.example;Port=443;HTTPPath=/sql/1.0/warehouses/abc;AuthMech=3;"
        "UID=token;PWD=dapi1;Catalog=main;SSL=1;ThriftTransport=2"}) {
    EXPECT_EQ(to_dsn(read(text)), expected) << text;
  }
}

TEST(ConnectionText, SaysWhichFormIsWrong) {
  EXPECT_THAT(error_of("token:x@h/p"), StartsWith("invalid DSN: "));
  EXPECT_THAT(error_of("databricks://h:x/p"), StartsWith("invalid databricks:// URI: "));
  EXPECT_THAT(error_of("jdbc:databricks://h;x"), StartsWith("invalid JDBC URL: "));
  EXPECT_THAT(error_of("jdbc:mysql://h"), StartsWith("invalid JDBC URL: "));
  EXPECT_THAT(error_of("Host=h;x"), StartsWith("invalid ODBC string: "));
}

TEST(ConnectionText, NeverShowsASecretHoweverItIsMistyped) {
  for (const char* text :
       {"databricks://token:s3cret@h:x/p", "databricks://s3cret@h/p", "databricks://h/p?s3cret",
        "databricks://h/p?s3cret!=1", "databricks://h/p?access_token=s3cret%0A",
        "jdbc:databricks://h;PWD=s3cret;httpPath=/p;AuthMech=1",
        "jdbc:databricks://token:s3cret@h;httpPath=/p", "jdbc:databricks://h;s3cret",
        "jdbc:databricks://h;PWD=s3cret;PWD=other;httpPath=/p", "Host=h;PWD={s3cret",
        "Host=h;PWD={s3cret}x;", "Host=h;PWD=s3cret;UID=bob;AuthMech=3;HTTPPath=/p",
        "Host=h:s3cret;HTTPPath=/p;PWD=x", "Host=s3cret@h;HTTPPath=/p;PWD=x",
        "Host=h;HTTPPath=/p;Auth_Client_Secret=s3cret;AuthMech=11;Auth_Flow=1",
        "Host=h;HTTPPath=/p;SSP_accessToken=s3cret;PWD=x"}) {
    EXPECT_THAT(error_of(text), Not(HasSubstr("s3cret"))) << text;
  }
}

TEST(Uri, HasAPortOfItsOwnWhenNoneIsGiven) {  // case C4
  const auto config = read("databricks://token:x@h/sql/1.0/warehouses/abc123");

  EXPECT_EQ(config.port, 443);
  EXPECT_EQ(config.warehouse_id, "abc123");
  EXPECT_EQ(read("databricks://token:x@h:8443/p").port, 8443);
}

TEST(Uri, RefusesTwoWaysToAuthenticate) {  // case C8
  EXPECT_THAT(error_of("databricks://h/p?auth.token=a&auth.client_id=b&auth.client_secret=c"),
              HasSubstr("more than one way to authenticate: pat and oauth-m2m"));
  EXPECT_EQ(
      read("databricks://h/p?auth.token=a&clientId=b&clientSecret=c&auth.type=oauth-m2m").auth_type,
      AuthType::OauthM2m);
}

TEST(Uri, FindsTheOneWayToAuthenticateThatIsConfigured) {
  for (const auto& [query, type] : std::vector<std::pair<std::string, AuthType>>{
           {"clientId=i&clientSecret=s", AuthType::OauthM2m},
           {"auth.refresh_token=r", AuthType::OauthRefresh},
           {"auth.refresh_token=r&clientId=i&clientSecret=s", AuthType::OauthRefresh},
           {"clientId=i&auth.jwt.key_file=/k", AuthType::OauthJwt},
           {"auth.azure.client_id=i&auth.azure.client_secret=s", AuthType::AzureClientSecret},
           {"auth.metadata_service_url=http://127.0.0.1:1/t", AuthType::MetadataService},
           {"clientId=i&auth.oidc.token_file=/t", AuthType::FileOidc}}) {
    EXPECT_EQ(read("databricks://h/p?" + query).auth_type, type) << query;
  }
}

TEST(Uri, KnowsItsAuthTypes) {  // case C11
  EXPECT_THAT(error_of("databricks://token:a@h/p?auth.type=nonsense"),
              AllOf(HasSubstr("unknown auth.type 'nonsense'"), HasSubstr("oauth-m2m")));
  for (const auto& [text, type] : std::vector<std::pair<const char*, AuthType>>{
           {"OauthM2M", AuthType::OauthM2m},
           {"client_credentials", AuthType::OauthM2m},
           {"access-token", AuthType::Token},
           {"databricks-oauth", AuthType::OauthU2m},
           {"azure-oauth", AuthType::AzureU2m},
           {"Azure-SP-M2M", AuthType::AzureClientSecret}}) {
    EXPECT_EQ(parse_auth_type(text), type) << text;
  }
}

TEST(Uri, RefusesNumbersOutOfRange) {  // case C13
  EXPECT_THAT(error_of("databricks://token:x@h/p?maxRows=-5"), HasSubstr("within 1 and"));
}

TEST(Uri, NamesTheNearestOptionForOneThatIsNone) {  // case C18
  EXPECT_THAT(error_of("databricks://token:x@h/p?catalogue=1"),
              AllOf(HasSubstr("unknown option catalogue"), HasSubstr("did you mean catalog?")));
  EXPECT_THAT(error_of("databricks://token:x@h/p?fooo=1"), HasSubstr("unknown option fooo"));
}

TEST(Uri, TakesTheWorkspaceOfASharedHostFromItsQuery) {  // case C19
  const auto config = read("databricks://token:x@h/sql/1.0/warehouses/abc123?o=42");

  EXPECT_EQ(config.org_id, "42");
  EXPECT_EQ(config.http_path, "/sql/1.0/warehouses/abc123?o=42");
  EXPECT_EQ(config.warehouse_id, "abc123");
  EXPECT_THAT(config.session_confs, testing::IsEmpty());
  EXPECT_THAT(error_of("databricks://token:x@h/p?o=4x"), HasSubstr("org_id"));
}

TEST(Uri, GivesTheSameConnectionAgainAsADsn) {
  for (const char* text :
       {"databricks://token:x@h/sql/1.0/warehouses/a?o=42", "databricks://token:x@h/p?org_id=7",
        "databricks://token:x@h?cluster_id=2-3-x&org_id=1"}) {
    ConnectionConfig first = read(text);
    ConnectionConfig second = parse_dsn(to_dsn(first));
    second.token = first.token;
    EXPECT_EQ(first, second) << to_dsn(first);
  }
}

TEST(Uri, TakesWholeAddressesForTheHost) {  // case C20
  const auto config = read(
      "databricks://?host=https%3A%2F%2FWS.Cloud.Databricks.com%2F%3Fo%3D42%23x&token=a&"
      "warehouse_id=abc");

  EXPECT_EQ(config.host, "ws.cloud.databricks.com");
  EXPECT_EQ(config.org_id, "42");
  EXPECT_EQ(config.http_path, "/sql/1.0/warehouses/abc?o=42");
}

TEST(Uri, BuildsThePathOfACluster) {
  EXPECT_EQ(read("databricks://token:x@h?cluster_id=2-3-x&workspace_id=1").http_path,
            "/sql/protocolv1/o/1/2-3-x");
  EXPECT_THAT(error_of("databricks://token:x@h?cluster_id=2-3-x"), HasSubstr("org_id"));
  EXPECT_THAT(error_of("databricks://token:x@h?cluster_id=c&org_id=1&warehouse_id=w"),
              HasSubstr("exclude each other"));
}

TEST(Uri, AddsTheSlashOfThePath) {  // case C21
  EXPECT_EQ(read("databricks://token:x@h?http_path=sql/1.0/warehouses/abc123").http_path,
            "/sql/1.0/warehouses/abc123");
}

TEST(Uri, NeedsAWarehouseForTheRestProtocol) {  // case C24
  EXPECT_THAT(error_of("databricks://token:x@h/sql/protocolv1/o/1/2-3-x?protocol=sea"),
              HasSubstr("needs a SQL warehouse"));
  EXPECT_EQ(read("databricks://token:x@h/sql/protocolv1/o/1/2-3-x?protocol=auto").cluster_id,
            "2-3-x");
}

TEST(Uri, DoesNotCareAboutTheOrderOfOptions) {  // case C25
  const auto one = read("databricks://?clientSecret=c&clientId=b&http_path=/p&host=h");
  const auto other = read("databricks://?host=h&http_path=/p&clientId=b&clientSecret=c");

  EXPECT_EQ(one, other);
  EXPECT_EQ(one.auth_type, AuthType::OauthM2m);
}

TEST(Uri, RefusesTwoValuesOfOneOption) {  // rule 1
  EXPECT_THAT(error_of("databricks://token:x@h/p?catalog=a&initialCatalog=b"),
              HasSubstr("catalog and initialCatalog are one option"));
  EXPECT_EQ(read("databricks://token:x@h/p?catalog=a&initialCatalog=a").catalog, "a");
}

TEST(Uri, SendsHeadersOfTheUsersOwn) {
  EXPECT_THAT(read("databricks://token:x@h/p?http.header.X-Gateway=k").http_headers,
              UnorderedElementsAre(Pair("X-Gateway", "k")));
  for (const char* header : {"Authorization", "host", "Content-Length", "User-Agent"}) {
    EXPECT_THAT(error_of(base::concat("databricks://token:x@h/p?http.header.", header, "=k")),
                HasSubstr(header));
  }
  EXPECT_THAT(error_of("databricks://token:x@h/p?http.header.X=a%0D%0AY:b"),
              HasSubstr("control characters"));
}

TEST(Uri, TakesTheNamesOfOtherDrivers) {
  const auto config = read(
      "databricks://?server_hostname=h&http_path=/p&access_token=x&_tls_no_verify=true&"
      "use_cloud_fetch=no&retryDelayMin=250&session.ANSI_MODE=true");

  EXPECT_EQ(config.transport.tls.verify, http::TlsOptions::Verify::None);
  EXPECT_FALSE(config.cloudfetch);
  EXPECT_EQ(config.retry.wait_min, std::chrono::milliseconds(250));
  EXPECT_THAT(config.session_confs, UnorderedElementsAre(Pair("ANSI_MODE", "true")));
}

TEST(Uri, TakesTwoSwitchesOfPythonForTheWeakerOfTheTwo) {
  const auto config = read(
      "databricks://?server_hostname=h&http_path=/p&access_token=x&_tls_no_verify=true&"
      "_tls_verify_hostname=false");

  EXPECT_EQ(config.transport.tls.verify, http::TlsOptions::Verify::None);
}

}  // namespace
}  // namespace dbsql::config
