#include "base/text.h"
#include "config/connection_text.h"
#include "config/dsn.h"
#include "config/jdbc_url.h"
#include "config/odbc_string.h"
#include "config/options.h"
#include "config/uri.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dbsql::config {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Source = http::ProxyOptions::Source;
using Tls = http::TlsOptions;

ConnectionConfig dsn(std::string_view query) {
  return parse_dsn(base::concat("token:x@ws.example:443/p?", query));
}
/// In the form that also knows the names of Python, Node and ADBC.
ConnectionConfig uri(std::string_view query) {
  return read_uri(base::concat("databricks://token:x@ws.example/p?", query)).build();
}
ConnectionConfig odbc(std::string_view keys) {
  return read_odbc_string(base::concat("Host=ws.example;HTTPPath=/p;PWD=x;", keys)).build();
}
ConnectionConfig jdbc(std::string_view keys) {
  return read_jdbc_url(base::concat("jdbc:databricks://ws.example:443;httpPath=/p;PWD=x;", keys))
      .build();
}
std::string error_of(std::string_view query) {
  const Error error = capture_error([&] { dsn(query); });
  EXPECT_EQ(error.kind(), ErrorKind::Configuration) << query;
  return error.message();
}

const http::ProxyOptions& proxy(const ConnectionConfig& config) { return config.transport.proxy; }

TEST(ProxyOption, IsTheEnvironmentsUnlessThereIsOne) {
  EXPECT_EQ(proxy(dsn("")).source, Source::Environment);
  EXPECT_EQ(proxy(dsn("proxy.url=http://p:3128")).source, Source::Given);
  EXPECT_EQ(proxy(dsn("proxy.url=http://p:3128")).proxy.url, "http://p:3128");
}

TEST(ProxyOption, TakesCredentialsFromTheUrlOrFromTheirOwnOptions) {
  const auto in_url = dsn("proxy.url=http://me:s%2540cret@p:3128");
  const auto apart = dsn("proxy.url=http://p:3128&proxy.username=me&proxy.password=s%40cret");

  EXPECT_EQ(proxy(in_url).proxy, proxy(apart).proxy);
  EXPECT_EQ(proxy(apart).proxy.username, "me");
  EXPECT_EQ(proxy(apart).proxy.password, "s@cret");
}

TEST(ProxyOption, IsSwitchedOff) {
  EXPECT_EQ(proxy(dsn("proxy.url=Direct")).source, Source::None);
  EXPECT_EQ(proxy(odbc("UseProxy=0;ProxyHost=p;ProxyPort=1")).source, Source::None);
  EXPECT_EQ(proxy(jdbc("UseProxy=0")).source, Source::None);
}

TEST(ProxyOption, HasTheNamesOfOtherDrivers) {
  const auto expected =
      dsn("proxy.url=http://p:3128&proxy.username=me&proxy.password=s3cret&proxy.bypass=a,b");

  EXPECT_EQ(proxy(odbc("UseProxy=1;ProxyHost=p;ProxyPort=3128;ProxyUID=me;ProxyPWD=s3cret;"
                       "ProxyIgnoreList=a,b")),
            proxy(expected));
  EXPECT_EQ(proxy(jdbc("UseProxy=1;ProxyHost=p;ProxyPort=3128;ProxyAuth=1;ProxyUID=me;"
                       "ProxyPwd=s3cret;ProxyIgnoreList=a,b")),
            proxy(expected));
  EXPECT_EQ(proxy(uri("adbc.proxy_options.use_proxy=true&adbc.proxy_options.proxy_host=p&"
                      "adbc.proxy_options.proxy_port=3128&adbc.proxy_options.proxy_uid=me&"
                      "adbc.proxy_options.proxy_pwd=s3cret&"
                      "adbc.proxy_options.proxy_ignore_list=a,b")),
            proxy(expected));
  EXPECT_EQ(proxy(uri("databricks.http.proxy.url=http://p:3128&http.proxy.username=me&"
                      "http.proxy.password=s3cret&http.proxy.bypass_hosts=a,b")),
            proxy(expected));
}

TEST(ProxyOption, CountsTheKindsOfAuthenticationAsOtherDriversDo) {
  using Auth = http::Proxy::Auth;
  const std::string host = "ProxyHost=p;ProxyPort=1;";
  EXPECT_EQ(proxy(jdbc(host + "ProxyAuth=0")).proxy.auth, Auth::None);
  EXPECT_EQ(proxy(jdbc(host + "ProxyAuth=1")).proxy.auth, Auth::Basic);
  EXPECT_EQ(proxy(jdbc(host + "ProxyAuth=2")).proxy.auth, Auth::Negotiate);
  EXPECT_EQ(proxy(uri("proxy.url=http://p&_proxy_auth_method=negotiate")).proxy.auth,
            Auth::Negotiate);
  EXPECT_THAT(capture_error([&] { jdbc(host + "ProxyAuth=3"); }).message(),
              HasSubstr("basic negotiate none"));
}

TEST(ProxyOption, SaysWhatDoesNotGoTogether) {
  EXPECT_THAT(error_of("proxy.url=ftp://p"), HasSubstr("socks5h"));
  EXPECT_THAT(error_of("proxy.url=http://p&proxy.host=q"), HasSubstr("exclude"));
  EXPECT_THAT(error_of("proxy.url=http://p&proxy.port=1"), HasSubstr("proxy.port"));
  EXPECT_THAT(error_of("proxy.username=me"), HasSubstr("proxy.url"));
  EXPECT_THAT(error_of("proxy.enabled=true"), HasSubstr("proxy.url"));
  EXPECT_THAT(error_of("proxy.url=http://p&proxy.password=s3cret"),
              AllOf(HasSubstr("proxy.username"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(error_of("proxy.url=http://a:b@p&proxy.username=c&proxy.password=d"),
              HasSubstr("differ"));
  EXPECT_THAT(error_of("proxy.url=http://p&proxy.username=a:b&proxy.password=c"),
              HasSubstr("colon"));
  EXPECT_THAT(error_of("proxy.url=http://p&proxy.username=a&proxy.password=b%0D%0AX:%20y"),
              HasSubstr("line break"));
}

TEST(ProxyOption, NeverShowsItsPassword) {
  for (const char* url : {"http://me:s3cret@p:3128", "socks5h://me:s3cret@p", "me:s3cret@p:3128",
                          "nonsense://me:s3cret@p"}) {
    OptionSet set = read_connection_text("token:x@ws.example:443/p");
    set.set_key("proxy.url", url, "map");
    set.set_key("proxy.password", "s3cret", "map");

    EXPECT_THAT(set.report(), Each(Not(HasSubstr("s3cret")))) << url;
    EXPECT_THAT(set.report(), Contains(AllOf(HasSubstr("proxy.url"), HasSubstr("@p")))) << url;
  }
  EXPECT_THAT(to_dsn(dsn("proxy.url=http://me:s3cret@p:3128&tls.client_cert=/c.pem&"
                         "tls.client_key_password=s3cret")),
              AllOf(Not(HasSubstr("s3cret")), HasSubstr("p:3128"),
                    HasSubstr("tls.client_key_password=***")));
  EXPECT_THAT(error_of("proxy.url=nonsense://me:s3cret@p"), Not(HasSubstr("s3cret")));
}

TEST(TlsOption, HasTheNamesOfOtherDrivers) {
  const auto expected =
      dsn("tls.client_cert=/c&tls.client_key=/k&tls.client_key_password=w&tls.ca_file=/a")
          .transport.tls;

  EXPECT_EQ(uri("_tls_client_cert_file=/c&_tls_client_cert_key_file=/k&"
                "_tls_client_cert_key_password=w&_tls_trusted_ca_file=/a")
                .transport.tls,
            expected);
  EXPECT_EQ(odbc("TwoWaySSL=1;ClientCert=/c;ClientPrivateKey=/k;ClientPrivateKeyPassword=w;"
                 "TrustedCerts=/a")
                .transport.tls,
            expected);
  EXPECT_EQ(
      uri("clientCert=/c&clientKey=/k&customCaCert=/a&tls.client_key_password=w").transport.tls,
      expected);
  const Tls jdbc_tls = jdbc("SSLKeyStore=/c;SSLKeyStorePwd=w;SSLTrustStore=/a").transport.tls;
  EXPECT_EQ(jdbc_tls.client_cert, "/c");
  EXPECT_EQ(jdbc_tls.client_key_password, "w");
  EXPECT_EQ(jdbc_tls.ca_file, "/a");
}

TEST(TlsOption, SpeaksNoVersionThatIsBroken) {
  EXPECT_EQ(dsn("").transport.tls.min_version, Tls::Version::Tls12);
  EXPECT_EQ(odbc("Min_TLS=1.3").transport.tls.min_version, Tls::Version::Tls13);
  EXPECT_THAT(error_of("tls.min_version=1.1"), HasSubstr("1.2 1.3"));
}

TEST(TlsOption, SaysWhatDoesNotGoTogether) {
  EXPECT_THAT(error_of("tls.ca_mode=replace"), HasSubstr("tls.ca_file"));
  EXPECT_THAT(error_of("tls.client_key=/k"), HasSubstr("tls.client_cert"));
  EXPECT_THAT(error_of("tls.client_key_password=s3cret"),
              AllOf(HasSubstr("tls.client_cert"), Not(HasSubstr("s3cret"))));
  EXPECT_EQ(dsn("tls.ca_mode=replace&tls.ca_file=/a").transport.tls.ca_mode, Tls::CaMode::Replace);
}

TEST(TlsOption, DoesNotPretendToAskForRevokedCertificates) {
  EXPECT_THAT(capture_error([] { jdbc("CheckCertRevocation=1"); }).message(), HasSubstr("revoked"));
  EXPECT_EQ(jdbc("CheckCertRevocation=0").transport, jdbc("").transport);
}

TEST(HttpOption, BoundsTheRequestsAtOneTime) {
  EXPECT_EQ(dsn("").pool_size, 100);
  EXPECT_EQ(jdbc("HttpConnectionPoolSize=7").pool_size, 7);
  EXPECT_THAT(error_of("http.pool_size=0"), HasSubstr("within 1 and"));
}

TEST(HttpOption, TakesPlainHttpFromTheSwitchesOfOtherDrivers) {
  EXPECT_EQ(read_uri("databricks://localhost:80/p?http.tls.enabled=false").build().scheme, "http");
}

TEST(RetryOption, TakesStatusesThatStatementsMayBeRepeatedAfter) {
  EXPECT_THAT(uri("_retry_dangerous_codes=502,%20504").retry.dangerous_statuses,
              ElementsAre(502, 504));
  EXPECT_THAT(dsn("retry.dangerous_codes=[500]").retry.dangerous_statuses, ElementsAre(500));
  for (const char* code : {"400", "401", "429", "501", "505", "600", "-1", "x", "5e2"})
    EXPECT_THAT(error_of(base::concat("retry.dangerous_codes=", code)), HasSubstr("500 to 599"));
}

}  // namespace
}  // namespace dbsql::config
