#include "config/dsn.h"

#include "base/text.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::config {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr std::string_view kHost = "token:dapi1@ws.example:443/sql/1.0/warehouses/abc";

ConnectionConfig with(std::string_view query) { return parse_dsn(base::concat(kHost, "?", query)); }

std::string error_of(std::string_view dsn) {
  const Error error = capture_error([&] { parse_dsn(dsn); });
  EXPECT_EQ(error.kind(), ErrorKind::Configuration) << dsn;
  EXPECT_THAT(error.message(), StartsWith("invalid DSN: "));
  return error.message();
}

std::string error_with(std::string_view query) { return error_of(base::concat(kHost, "?", query)); }

TEST(Dsn, ReadsTheUsualForm) {  // case C1
  const auto config = parse_dsn("token:dapi1@WS.example:443/sql/1.0/warehouses/abc123");

  EXPECT_EQ(config.scheme, "https");
  EXPECT_EQ(config.host, "ws.example");
  EXPECT_EQ(config.port, 443);
  EXPECT_EQ(config.http_path, "/sql/1.0/warehouses/abc123");
  EXPECT_EQ(config.token, "dapi1");
  EXPECT_EQ(config.auth_type, AuthType::Token);
  EXPECT_THAT(config.session_confs, IsEmpty());
}

TEST(Dsn, TakesASchemeInFront) {
  EXPECT_EQ(parse_dsn("https://token:x@h:443/p").scheme, "https");
  EXPECT_EQ(parse_dsn("http://token:x@localhost:80/p").scheme, "http");
}

TEST(Dsn, TakesALocalWarehouseWithoutPathAndToken) {  // case C2
  const auto config = parse_dsn("http://localhost:8080");

  EXPECT_EQ(config.http_path, "");
  EXPECT_EQ(config.auth_type, AuthType::None);
}

TEST(Dsn, TakesAddressesOfVersionSix) {
  const auto config = parse_dsn("http://token:x@[::1]:8080/p");

  EXPECT_EQ(config.host, "::1");
  EXPECT_EQ(config.port, 8080);
}

TEST(Dsn, RefusesPlainHttpToOtherMachines) {  // case C3
  EXPECT_THAT(error_of("http://token:x@h:443/p"), HasSubstr("plain http"));
}

TEST(Dsn, NeedsAPort) {  // cases C4, C5
  EXPECT_THAT(error_of("token:x@h/p"), HasSubstr("port"));
  EXPECT_THAT(error_of("token:x@[::1]/p"), HasSubstr("port"));
  for (const char* port : {"foo", "", "0", "65536", "-1", "443x"}) {
    EXPECT_THAT(error_of(base::concat("token:x@h:", port, "/p")), HasSubstr("port")) << port;
  }
}

TEST(Dsn, NeedsAHostAndAPath) {
  EXPECT_THAT(error_of("token:x@:443/p"), HasSubstr("host"));
  EXPECT_THAT(error_of("token:x@h:443"), HasSubstr("http path"));
  EXPECT_THAT(error_of(""), HasSubstr("port"));
}

TEST(Dsn, RefusesOtherUsersThanToken) {  // case C6
  EXPECT_THAT(error_of("jim:x@h:443/p"),
              AllOf(HasSubstr("basic authentication"), Not(HasSubstr("jim"))));
  EXPECT_THAT(error_of("Token:x@h:443/p"), HasSubstr("basic authentication"));
}

TEST(Dsn, TakesAUserAndAPasswordForASparkServer) {
  const auto config = parse_dsn("jim:p%40ss:w@h:10001/cliservice");

  EXPECT_EQ(config.auth_type, AuthType::Basic);
  EXPECT_EQ(config.user, "jim");
  EXPECT_EQ(config.password, "p@ss:w");
  EXPECT_EQ(to_dsn(config), "jim:***@h:10001/cliservice?authType=basic");
}

TEST(Dsn, TakesBasicAuthenticationOnAnyPathWhenItIsAskedFor) {
  const auto config = parse_dsn("h:443/gateway/hive?authType=basic&auth.user=jim&auth.password=x");

  EXPECT_EQ(config.auth_type, AuthType::Basic);
  EXPECT_EQ(config.user, "jim");
  EXPECT_EQ(config.password, "x");
}

TEST(Dsn, GivesSparkServersTheUserTheyInsistOn) {
  const auto config = parse_dsn("http://127.0.0.1:10001/cliservice");

  EXPECT_EQ(config.auth_type, AuthType::Basic);
  EXPECT_EQ(config.user, "anonymous");
  EXPECT_EQ(config.password, "anonymous");
  EXPECT_EQ(parse_dsn("token:x@h:443/cliservice").auth_type, AuthType::Token);
}

TEST(Dsn, RefusesUsersThatBasicAuthenticationCannotSend) {
  EXPECT_THAT(error_of("a%3Ab:x@h:443/cliservice"), HasSubstr("colon"));
  EXPECT_THAT(error_of("a:x%0A@h:443/cliservice"), HasSubstr("control characters"));
  EXPECT_THAT(error_of("h:443/cliservice?auth.password=x"), HasSubstr("auth.user"));
  EXPECT_THAT(error_of("h:443/p?authType=basic&accessToken=x"), HasSubstr("exclude each other"));
  EXPECT_THAT(error_of("h:443/p?authType=pat&accessToken=x&auth.user=u"),
              HasSubstr("authType=basic"));
}

TEST(Dsn, SendsNoSecretsInTheClearUnlessTold) {
  EXPECT_THAT(error_of("http://jim:x@h:10001/cliservice"), HasSubstr("allow_insecure_http"));
  EXPECT_EQ(parse_dsn("http://jim:x@h:10001/cliservice?allow_insecure_http=true").scheme, "http");
}

TEST(Dsn, RefusesAnEmptyToken) {  // case C7
  EXPECT_THAT(error_of("token@h:443/p"), HasSubstr("the token is empty"));
  EXPECT_THAT(error_of("token:@h:443/p"), HasSubstr("the token is empty"));
}

TEST(Dsn, DecodesEscapesInUserAndQuery) {
  EXPECT_EQ(parse_dsn("token:a%2Fb%40c@h:443/p").token, "a/b@c");
  EXPECT_EQ(with("catalog=a%20b").catalog, "a b");
  EXPECT_EQ(with("catalog=a+b").catalog, "a b");
  EXPECT_EQ(with("catalog=a%2Bb").catalog, "a+b");
}

TEST(Dsn, KeepsEscapesOfThePath) {
  EXPECT_EQ(parse_dsn("token:x@h:443/a%20b").http_path, "/a%20b");
}

TEST(Dsn, RefusesBrokenEscapes) {
  EXPECT_THAT(error_of("token:a%2@h:443/p"), HasSubstr("'%'"));
  EXPECT_THAT(error_with("catalog=%zz"), HasSubstr("'%'"));
}

TEST(Dsn, TakesTheTokenFromTheQuery) {
  EXPECT_EQ(parse_dsn("h:443/p?accessToken=a%3Db").token, "a=b");
  EXPECT_EQ(parse_dsn("h:443/p?accessToken=a=b").token, "a=b");
  EXPECT_EQ(parse_dsn("h:443/p?auth.token=t").token, "t");
  EXPECT_EQ(parse_dsn("h:443/p?authType=pAt&accessToken=a").token, "a");
}

TEST(Dsn, TakesAnUnknownAuthTypeForAnAbsentOne) {  // case C11
  EXPECT_EQ(parse_dsn("h:443/p?authType=nonsense&accessToken=a").auth_type, AuthType::Token);
  EXPECT_EQ(parse_dsn("h:443/p?authType=Unknown&accessToken=a").auth_type, AuthType::Token);
}

TEST(Dsn, RefusesTwoDifferentTokens) {
  EXPECT_THAT(error_of("token:one@h:443/p?accessToken=two"),
              AllOf(Not(HasSubstr("one@")), Not(HasSubstr("two@"))));
  EXPECT_EQ(parse_dsn("token:one@h:443/p?accessToken=one").token, "one");
}

TEST(Dsn, NeedsCredentialsForAServer) {  // case C10
  EXPECT_THAT(error_of("h:443/p"), HasSubstr("no credentials"));
  EXPECT_THAT(error_of("h:443/p?authType=Pat"), HasSubstr("no credentials"));
  EXPECT_THAT(error_of("localhost:443/p?authType=Pat"), HasSubstr("no credentials"));
}

TEST(Dsn, TakesAServicePrincipal) {
  for (const char* query : {"authType=OauthM2M&clientId=b&clientSecret=c%3D%3D",
                            "clientID=b&clientSecret=c==", "auth.client_id=b&clientSecret=c=="}) {
    const auto config = parse_dsn(base::concat("h:443/p?", query));
    EXPECT_EQ(config.auth_type, AuthType::OauthM2m) << query;
    EXPECT_EQ(config.auth.client_id, "b");
    EXPECT_EQ(config.auth.client_secret, "c==");
  }
}

TEST(Dsn, NeedsBothHalvesOfAServicePrincipal) {  // case C9
  for (const char* query :
       {"authType=oauthm2m&clientId=b", "clientId=b", "clientID=b", "clientSecret=s3cret"}) {
    EXPECT_THAT(error_of(base::concat("h:443/p?", query)),
                AllOf(HasSubstr("auth.client_id and auth.client_secret are both needed"),
                      Not(HasSubstr("s3cret"))))
        << query;
  }
}

TEST(Dsn, PrefersATokenAsGoDoes) {  // case C8
  const auto config = parse_dsn("h:443/p?accessToken=a&clientId=b&clientSecret=c");

  EXPECT_EQ(config.auth_type, AuthType::Token);
  EXPECT_EQ(config.token, "a");
}

TEST(Dsn, ReadsTheNamespace) {
  const auto config = with("catalog=main&schema=default");

  EXPECT_EQ(config.catalog, "main");
  EXPECT_EQ(config.schema, "default");
}

TEST(Dsn, ReadsTheRowsPerFetch) {  // cases C12, C13
  EXPECT_EQ(with("maxRows=5").max_rows_per_fetch, 5);
  EXPECT_EQ(with("maxRows=-5").max_rows_per_fetch, 100'000);
  EXPECT_EQ(with("maxRows=0").max_rows_per_fetch, 100'000);
  EXPECT_THAT(error_with("maxRows=abc"), AllOf(HasSubstr("maxRows"), HasSubstr("abc")));
  EXPECT_THAT(error_with("result.max_rows_per_fetch=-5"), HasSubstr("within 1 and"));
}

TEST(Dsn, ReadsTheStatementTimeout) {
  EXPECT_EQ(with("timeout=90").query_timeout, 90s);
  EXPECT_EQ(with("timeout=2m").query_timeout, 120s);
  EXPECT_EQ(with("query.timeout=1500ms").query_timeout, 2s);  // the server takes whole seconds
  EXPECT_THAT(error_with("timeout=-1"), HasSubstr("timeout"));
  EXPECT_THAT(error_with("timeout=soon"), HasSubstr("soon"));
}

TEST(Dsn, ReadsTheUserAgentEntry) {
  EXPECT_EQ(with("userAgentEntry=acme%2Btool").user_agent_entry, "acme+tool");
}

TEST(Dsn, ReadsSwitchesInAllForms) {  // case C14
  for (const char* value : {"T", "yes", "1", "TRUE", "on"}) {
    EXPECT_TRUE(with(base::concat("result.lz4=", value)).lz4);
    EXPECT_TRUE(with(base::concat("useCloudFetch=", value)).cloudfetch);
    EXPECT_THAT(with(base::concat("useCloudFetch=", value)).session_confs, IsEmpty());
  }
  EXPECT_FALSE(with("result.lz4=off").lz4);
  EXPECT_FALSE(with("useCloudFetch=no").cloudfetch);
  EXPECT_THAT(error_with("useCloudFetch=maybe"),
              AllOf(HasSubstr("useCloudFetch"), HasSubstr("maybe")));
}

TEST(Dsn, AcceptsOptionsOfResultFilesAndDecimals) {
  const auto config = with(
      "useCloudFetch=false&maxDownloadThreads=10&result.memory_budget=64000000&"
      "useArrowNativeDecimal=false&useKernel=false");

  EXPECT_FALSE(config.cloudfetch);
  EXPECT_EQ(config.cloudfetch_threads, 10);
  EXPECT_EQ(config.memory_budget, 64'000'000);
  EXPECT_THAT(config.session_confs, IsEmpty());
  EXPECT_THAT(error_with("maxDownloadThreads=x"), HasSubstr("maxDownloadThreads"));
  EXPECT_THAT(error_with("useKernel=true"), HasSubstr("not available in this version"));
}

TEST(Dsn, TurnsMetricViewsIntoTheirSessionSetting) {
  EXPECT_THAT(with("enableMetricViewMetadata=true").session_confs,
              ElementsAre(Pair("spark.sql.thriftserver.metadata.metricview.enabled", "true")));
  EXPECT_THAT(with("enableMetricViewMetadata=false").session_confs, IsEmpty());
}

TEST(Dsn, BuildsThePathOfAWarehouse) {  // cases C22, C23
  EXPECT_EQ(parse_dsn("token:x@h:443?warehouseId=abc").http_path, "/sql/1.0/warehouses/abc");
  EXPECT_EQ(parse_dsn("token:x@h:443/sql/1.0/warehouses/abc?warehouseId=abc").http_path,
            "/sql/1.0/warehouses/abc");
  EXPECT_THAT(error_of("token:x@h:443/sql/1.0/warehouses/abc?warehouseId=zzz"),
              HasSubstr("another warehouse"));
}

TEST(Dsn, ReadsTheOptionsOfTelemetry) {  // reference/telemetry.md 1.2
  const auto telemetry = [](std::string_view query) { return with(query).telemetry; };
  const TelemetryOptions defaults;

  for (const char* on : {"true", "1", "TRUE", "on"})
    EXPECT_EQ(telemetry(base::concat("enableTelemetry=", std::string_view(on))).enabled, true)
        << on;
  for (const char* off : {"false", "0", "off"})
    EXPECT_EQ(telemetry(base::concat("enableTelemetry=", std::string_view(off))).enabled, false)
        << off;
  EXPECT_EQ(telemetry("maxRows=5").enabled, std::nullopt);
  EXPECT_TRUE(telemetry("forceEnableTelemetry=1").is_forced);
  EXPECT_THAT(with("forceEnableTelemetry=1").session_confs, IsEmpty());
  EXPECT_EQ(telemetry("telemetry_batch_size=50").batch_size, 50);
  EXPECT_EQ(telemetry("telemetry_batch_size=0"), defaults);
  EXPECT_EQ(telemetry("telemetry_batch_size=-10"), defaults);
  EXPECT_EQ(telemetry("telemetry_flush_interval=10s").flush_interval, std::chrono::seconds(10));
  EXPECT_EQ(telemetry("telemetry_flush_interval=2500").flush_interval,
            std::chrono::milliseconds(2500));
  EXPECT_EQ(telemetry("telemetry_flush_interval=-5s"), defaults);
  EXPECT_EQ(telemetry("telemetry_flush_interval=0"), defaults);
  EXPECT_EQ(telemetry("telemetry_flush_interval=1ms").flush_interval,
            std::chrono::milliseconds(100));
  const auto retries = telemetry("telemetry_retry_count=5&telemetry_retry_delay=500ms");
  EXPECT_EQ(retries.retry_count, 5);
  EXPECT_EQ(retries.retry_delay, std::chrono::milliseconds(500));
}

TEST(Dsn, RefusesATypoInAnOptionOfTelemetry) {
  for (const char* query : {"enableTelemetry=maybe", "telemetry_batch_size=invalid",
                            "telemetry_flush_interval=invalid"}) {
    EXPECT_THAT(error_with(query), HasSubstr(std::string(query).substr(0, 15))) << query;
  }
}

TEST(Dsn, PassesTheTimeZoneOnInAnyCase) {  // case C16
  for (const char* key : {"timezone", "TimeZone", "TIMEZONE", "session.timezone"}) {
    EXPECT_THAT(with(base::concat(key, "=America/Denver")).session_confs,
                ElementsAre(Pair("timezone", "America/Denver")));
  }
  EXPECT_THAT(error_with("timezone=a;b"), HasSubstr("timezone"));
}

TEST(Dsn, MakesEverythingElseASessionSetting) {  // case C17
  EXPECT_THAT(with("ansi_mode=false&foo=1&foo=2&o=42&session.catalog=c").session_confs,
              ElementsAre(Pair("ansi_mode", "false"), Pair("catalog", "c"), Pair("foo", "1"),
                          Pair("o", "42")));
}

TEST(Dsn, NeedsANameForASessionSetting) {
  EXPECT_THAT(error_with("session.=1"), HasSubstr("no name"));
}

TEST(Dsn, TakesAnEmptyValueForNone) {
  EXPECT_EQ(with("catalog=&foo=&maxRows=&=x&&"), parse_dsn(kHost));
}

TEST(Dsn, NeverMakesASecretASessionSetting) {
  for (const char* key : {"accesstoken", "token", "PASSWORD", "pwd", "access_token", "clientsecret",
                          "Auth_AccessToken"}) {
    EXPECT_THAT(error_with(base::concat(key, "=s3cret")),
                AllOf(HasSubstr(key), Not(HasSubstr("s3cret"))))
        << key;
  }
}

TEST(Dsn, ReadsTheCanonicalNames) {
  const auto config = with(
      "tls.verify=CA&tls.ca_file=/etc/"
      "ca.pem&retry.max_attempts=1&retry.wait_min=250ms&retry.wait_max=2s&"
      "retry.total_timeout=60&retry.rate_limit_timeout=30s&http.connect_timeout=5s&http.request_"
      "timeout=0&"
      "result.lz4=false&result.max_rows_per_fetch=7&user_agent_entry=x&QUERY.TIMEOUT=3");

  EXPECT_EQ(config.transport.tls.verify, http::TlsOptions::Verify::Ca);
  EXPECT_EQ(config.transport.tls.ca_file, "/etc/ca.pem");
  EXPECT_EQ(config.retry, (http::RetryOptions{1, 250ms, 2s, 60s, 30s}));
  EXPECT_EQ(config.transport.connect_timeout, 5s);
  EXPECT_EQ(config.request_timeout, 0s);
  EXPECT_FALSE(config.lz4);
  EXPECT_EQ(config.max_rows_per_fetch, 7);
  EXPECT_EQ(config.user_agent_entry, "x");
  EXPECT_EQ(config.query_timeout, 3s);
}

TEST(Dsn, ReadsHowRowsAndTypesTravel) {
  EXPECT_FALSE(with("result.format=Columns").arrow);
  EXPECT_TRUE(with("result.format=arrow").arrow);
  EXPECT_EQ(with("result.native_types=all").native_types, NativeTypes{});
  EXPECT_EQ(with("result.native_types=None").native_types,
            (NativeTypes{false, false, false, false, false}));
  EXPECT_EQ(with("result.native_types=decimal,%20Nested").native_types,
            (NativeTypes{false, true, true, false, false}));
  EXPECT_THAT(error_with("result.native_types=decimal,floats"),
              AllOf(HasSubstr("decimal,floats"), HasSubstr("timestamp")));
  EXPECT_THAT(error_with("result.format=rows"), HasSubstr("arrow columns"));
}

TEST(Dsn, RefusesTwoNamesOfOneOptionWithTwoValues) {
  EXPECT_EQ(with("maxRows=5&result.max_rows_per_fetch=5").max_rows_per_fetch, 5);
  EXPECT_EQ(with("maxRows=5&maxRows=6").max_rows_per_fetch,
            5);  // as Go: the first of a repeated key
  EXPECT_THAT(error_with("maxRows=5&result.max_rows_per_fetch=6"),
              AllOf(HasSubstr("maxRows"), HasSubstr("result.max_rows_per_fetch")));
}

TEST(Dsn, RefusesNumbersOutOfRange) {  // case C26
  for (const char* query :
       {"retry.max_attempts=0", "retry.max_attempts=-1", "http.connect_timeout=0",
        "retry.wait_min=2s&retry.wait_max=1s", "result.max_rows_per_fetch=0"}) {
    error_with(query);
  }
}

TEST(Dsn, RefusesOtherDialectsWithoutShowingThem) {
  for (const char* dsn :
       {"jdbc:databricks://h:443/default;PWD=s3cret", "databricks://token:s3cret@h:443/p",
        "HTTPS://token:s3cret@h:443/p", "Host=h;PWD=s3cret"}) {
    EXPECT_THAT(error_of(dsn), Not(HasSubstr("s3cret"))) << dsn;
  }
}

TEST(Dsn, NeverShowsATokenHoweverItIsMistyped) {
  for (const char* dsn : {"token:s3cret/x@h:443/p", "token:s3cret@h/p", "tokens3cret@h:443/p",
                          "s3cret@h:443/p", "token:s3cret@h:443", "token:s3cret%@h:443/p",
                          "token:s3cret@h:443/p#x", "token:s3cret", "token:s3cret@http://h:443/p",
                          "token:s3 cret@h:443/p", "h:s3cret/p", "h:443/p?accessToken=s3%cret"}) {
    const std::string message = error_of(dsn);
    EXPECT_THAT(message,
                AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("s3 cret")), Not(HasSubstr("s3%"))))
        << dsn;
  }
}

TEST(DsnText, HidesTheToken) {
  EXPECT_EQ(to_dsn(parse_dsn(kHost)), "token:***@ws.example:443/sql/1.0/warehouses/abc");
}

TEST(DsnText, GivesTheSameConfigurationAgain) {
  for (const std::string_view dsn :
       {std::string_view("http://localhost:8080"), std::string_view("http://token:x@[::1]:1/p"),
        std::string_view(
            "token:x@h:443/"
            "a%20b?catalog=a%26b%3Dc&schema=%C3%A4&session.maxRows=1&session.session.x=2&"
            "tls.verify=none&tls.ca_file=/a%20b.pem&retry.wait_min=250ms&result.lz4=no&maxRows=7&"
            "timeout=9&userAgentEntry=a%2Bb&timezone=Europe/Berlin&o=1&enableMetricViewMetadata=1&"
            "http.request_timeout=0&result.format=columns&"
            "result.native_types=timestamp,interval,void")}) {
    ConnectionConfig first = parse_dsn(dsn);
    ConnectionConfig second = parse_dsn(to_dsn(first));
    EXPECT_EQ(second.token, first.token.empty() ? "" : "***");
    first.token = second.token;
    EXPECT_EQ(first, second) << to_dsn(first);
  }
}

TEST(ParseDsn, TakesAListOfLocalPathsForVolumes) {
  const ConnectionConfig config =
      parse_dsn("token:t@host:443/sql?staging.allowed_paths=/data,%20rel/x%20,,/a%20b");

  EXPECT_EQ(config.staging_allowed_paths, (std::vector<std::string>{"/data", "rel/x", "/a b"}));
  EXPECT_EQ(parse_dsn("token:t@host:443" + to_dsn(config).substr(to_dsn(config).find("/sql")))
                .staging_allowed_paths,
            config.staging_allowed_paths);
  EXPECT_TRUE(parse_dsn("token:t@host:443/sql").staging_allowed_paths.empty());
}

}  // namespace
}  // namespace dbsql::config
