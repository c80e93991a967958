#include "config/connection_text.h"
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
using testing::UnorderedElementsAre;

ConnectionConfig read(std::string_view text) { return read_connection_text(text).build(); }

ConnectionConfig odbc(std::string_view text) {
  return read(std::string("Host=h;HTTPPath=/p;").append(text));
}

std::string error_of(std::string_view text) {
  return capture_error([&] { read(text); }).message();
}

std::string odbc_error(std::string_view text) {
  return capture_error([&] { odbc(text); }).message();
}

TEST(JdbcUrl, KeepsEqualSignsOfAValue) {  // case C27
  const auto config = read(
      "jdbc:databricks://H:443/default;httpPath=/sql/1.0/warehouses/abc;AuthMech=3;UID=token;"
      "PWD=ab==");

  EXPECT_EQ(config.token, "ab==");
  EXPECT_EQ(config.schema, "default");
  EXPECT_EQ(config.host, "h");
}

TEST(JdbcUrl, PrefersANamedSchemaToThatOfThePath) {
  EXPECT_EQ(read("jdbc:databricks://h:443/default;httpPath=/p;PWD=x;ConnSchema=s").schema, "s");
}

TEST(JdbcUrl, SendsTheSettingsThatTheDriverSends) {
  const auto config = read(
      "jdbc:databricks://h;httppath=/p;pwd=x;ansi_mode=true;SSP_spark.x=1;TimeZone=Europe/Rome;"
      "EnableArrow=0;EnableAsyncExec=1;transportMode=http;ssl=1");

  EXPECT_THAT(config.session_confs,
              UnorderedElementsAre(Pair("ansi_mode", "true"), Pair("spark.x", "1"),
                                   Pair("timezone", "Europe/Rome")));
  EXPECT_FALSE(config.arrow);
}

TEST(JdbcUrl, TurnsTheLogOnAsTheDriverDoes) {
  const auto config =
      read("jdbc:databricks://h;httppath=/p;pwd=x;LogLevel=5;LogPath=/tmp/logs;LogFileCount=3");

  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.log.file, "/tmp/logs");
  EXPECT_EQ(config.log.file_count, 3);
  EXPECT_EQ(read("jdbc:databricks://h;httppath=/p;pwd=x;LogLevel=0").log.level, "off");
  EXPECT_EQ(read("jdbc:databricks://h;httppath=/p;pwd=x").log.level, "");
}

TEST(JdbcUrl, RefusesOtherUnknownKeys) {
  EXPECT_THAT(error_of("jdbc:databricks://h;httpPth=/p;PWD=x"),
              AllOf(HasSubstr("unknown option httpPth"), HasSubstr("did you mean httpPath?")));
}

TEST(JdbcUrl, RefusesAKeyWithTwoValues) {
  EXPECT_THAT(error_of("jdbc:databricks://h;httpPath=/p;httpPath=/q;PWD=x"),
              HasSubstr("httpPath is given twice"));
  EXPECT_EQ(read("jdbc:databricks://h;httpPath=/p;httpPath=/p;PWD=x").http_path, "/p");
}

TEST(JdbcUrl, TakesHeadersWithTheirCase) {
  EXPECT_THAT(read("jdbc:databricks://h;httpPath=/p;PWD=x;http.header.X-Key=k").http_headers,
              UnorderedElementsAre(Pair("X-Key", "k")));
}

TEST(OdbcString, ReadsBraces) {  // case C28
  EXPECT_EQ(read("Host=H;PWD={a;b}}c};UID=token;AuthMech=3;HTTPPath=/p").token, "a;b}c");
  EXPECT_EQ(odbc("Catalog= {x=y} ;PWD=t").catalog, "x=y");
}

TEST(OdbcString, RefusesBracesThatDoNotClose) {
  EXPECT_THAT(odbc_error("PWD={x"), HasSubstr("no closing '}'"));
  EXPECT_THAT(odbc_error("PWD={x}y"), HasSubstr("closing '}'"));
  EXPECT_THAT(odbc_error("=x"), HasSubstr("without a key"));
}

TEST(OdbcString, LetsTheFirstOfAKindCount) {  // case C29
  EXPECT_EQ(read("Host=A;host=B;HTTPPath=/p;PWD=x").host, "a");
}

TEST(OdbcString, KnowsTheMechanismsAndFlows) {  // cases C30, C31, C32
  EXPECT_THAT(odbc_error("AuthMech=11;Auth_Flow=7"), AllOf(HasSubstr("0 ("), HasSubstr("3 (")));
  EXPECT_THAT(odbc_error("AuthMech=1;PWD=x"), AllOf(HasSubstr("3"), HasSubstr("11")));
  EXPECT_THAT(odbc_error("UID=bob;PWD=x;AuthMech=3"), HasSubstr("UID=token"));
  EXPECT_EQ(odbc("AuthMech=11;Auth_Flow=0;Auth_AccessToken=x").token, "x");
  EXPECT_EQ(
      odbc("AuthMech=11;Auth_Flow=1;Auth_Client_ID=i;Auth_Client_Secret=s").auth.client_secret,
      "s");
  EXPECT_EQ(odbc("AuthMech=11;Auth_Flow=2").auth_type, AuthType::OauthU2m);
  EXPECT_EQ(odbc("AuthMech=11;Auth_Flow=3").auth_type, AuthType::AzureMsi);
  EXPECT_EQ(odbc("AuthMech=11;Auth_Flow=1;UseJWTAssertion=1;Auth_JWT_Key_File=/k").auth_type,
            AuthType::OauthJwt);
}

TEST(OdbcString, SendsServerSideProperties) {  // case C33
  EXPECT_THAT(odbc("PWD=x;SSP_spark.sql.ansi.enabled=true").session_confs,
              UnorderedElementsAre(Pair("spark.sql.ansi.enabled", "true")));
}

TEST(OdbcString, RefusesUnknownKeysByName) {
  EXPECT_THAT(odbc_error("PWD=x;Catalogg=a"),
              AllOf(HasSubstr("unknown option Catalogg"), HasSubstr("did you mean catalog?")));
}

TEST(OdbcString, TurnsSwitchesIntoOptions) {
  EXPECT_EQ(odbc("PWD=x;AllowHostNameCNMismatch=1").transport.tls.verify,
            http::TlsOptions::Verify::Ca);
  EXPECT_EQ(odbc("PWD=x;AllowHostNameCNMismatch=0").transport.tls.verify,
            http::TlsOptions::Verify::Full);
  EXPECT_THAT(odbc_error("PWD=x;AllowHostNameCNMismatch=maybe"), HasSubstr("true or false"));
  EXPECT_THAT(odbc_error("PWD=x;SSL=0"), HasSubstr("plain http"));
}

TEST(OdbcString, TakesSwitchesOfCertificatesTogetherInAnyOrder) {
  for (const char* text : {"PWD=x;AllowSelfSignedServerCert=1;AllowHostNameCNMismatch=1",
                           "PWD=x;AllowHostNameCNMismatch=1;AllowSelfSignedServerCert=1"})
    EXPECT_EQ(odbc(text).transport.tls.verify, http::TlsOptions::Verify::None) << text;
}

TEST(OdbcString, KeepsWorkingWithKeysThatOnlyThatDriverNeeds) {
  EXPECT_EQ(odbc("PWD=x;LogFileSize=6;UseNativeQuery=1;DefaultStringColumnLength=255"),
            odbc("PWD=x"));
}

TEST(OdbcString, RefusesTokensThatAreNone) {  // case C34
  for (const char* token : {"undefined", "null", "{  }", "{abc\r\nX: y}"}) {
    EXPECT_THAT(odbc_error(std::string("PWD=").append(token)),
                AllOf(HasSubstr("token"), Not(HasSubstr("X: y"))));
  }
}

}  // namespace
}  // namespace dbsql::config
