#include "http/proxy.h"

#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace dbsql::http {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Source = ProxyOptions::Source;

base::EnvironmentLookup variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

Url url_of(std::string_view text) { return *Url::parse(text); }

/// The proxy's URL; empty = none.
std::string proxy_of(const ProxyRules& rules, std::string_view url) {
  const Proxy* proxy = rules.proxy_for(url_of(url));
  return proxy == nullptr ? std::string() : proxy->url;
}

ProxyRules from_environment(std::map<std::string, std::string, std::less<>> values) {
  return ProxyRules({}, variables(std::move(values)));
}

constexpr const char* kWorkspace = "https://ws.cloud.databricks.com/sql/1.0/warehouses/a";

TEST(ParseProxy, ReadsEachPart) {
  const auto proxy = parse_proxy("socks5h://me:p%40ss%3Aword@Proxy.Example:9000/");

  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->url, "socks5h://proxy.example:9000");
  EXPECT_EQ(proxy->username, "me");
  EXPECT_EQ(proxy->password, "p@ss:word");
}

TEST(ParseProxy, HasASchemeAndPortsByDefault) {
  EXPECT_EQ(parse_proxy("proxy")->url, "http://proxy:80");
  EXPECT_EQ(parse_proxy("proxy:3128")->url, "http://proxy:3128");
  EXPECT_EQ(parse_proxy("https://proxy")->url, "https://proxy:443");
  EXPECT_EQ(parse_proxy("https://proxy:80")->url, "https://proxy:80");
  EXPECT_EQ(parse_proxy("SOCKS5://proxy")->url, "socks5://proxy:1080");
  EXPECT_EQ(parse_proxy("[fe80::1]:8080")->url, "http://[fe80::1]:8080");
  EXPECT_EQ(parse_proxy("http://[fe80::1]")->url, "http://[fe80::1]:80");
}

TEST(ParseProxy, RefusesWhatIsNone) {
  for (const char* text :
       {"", "  ", "http://", "ftp://proxy:21", "socks4://proxy", "http://proxy:0",
        "http://proxy:99999", "http://proxy:80/path", "http://a b", "http://u:%zz@proxy",
        "http://proxy?x=1", "http://proxy\r\nX: 1"}) {
    EXPECT_FALSE(parse_proxy(text)) << text;
  }
}

bool bypasses(std::string_view list, std::string_view url) {
  return BypassList(list).contains(url_of(url));
}

TEST(BypassList, TakesAHostForItselfAndAllBelowIt) {
  for (const char* list : {"databricks.com", ".databricks.com", "*.databricks.com",
                           "a.example, .DATABRICKS.com ,b.example", "databricks.com."}) {
    EXPECT_TRUE(bypasses(list, kWorkspace)) << list;
    EXPECT_FALSE(bypasses(list, "https://notdatabricks.com/")) << list;
    EXPECT_FALSE(bypasses(list, "https://databricks.com.evil.example/")) << list;
  }
  EXPECT_TRUE(bypasses("databricks.com", "https://databricks.com./x"));
  EXPECT_FALSE(bypasses("", kWorkspace));
  EXPECT_FALSE(bypasses(",, ,", kWorkspace));
}

TEST(BypassList, TakesAStarForEverything) {
  EXPECT_TRUE(bypasses("*", kWorkspace));
  EXPECT_TRUE(bypasses("a.example,*", kWorkspace));
  EXPECT_FALSE(bypasses("*x", kWorkspace));
}

TEST(BypassList, HoldsAPortToItsWord) {
  EXPECT_TRUE(bypasses("host.example:8443", "https://host.example:8443/"));
  EXPECT_FALSE(bypasses("host.example:8443", "https://host.example/"));
  EXPECT_TRUE(bypasses("host.example:443", "https://host.example/"));
  EXPECT_TRUE(bypasses("[2001:db8::1]:443", "https://[2001:db8::1]/"));
  EXPECT_FALSE(bypasses("[2001:db8::1]:444", "https://[2001:db8::1]/"));
}

TEST(BypassList, ComparesAddressesAndNotTheirSpelling) {
  EXPECT_TRUE(bypasses("192.0.2.7", "http://192.0.2.7/"));
  EXPECT_FALSE(bypasses("2.7", "http://192.0.2.7/")) << "that is no domain below another";
  EXPECT_TRUE(bypasses("2001:DB8:0:0::1", "http://[2001:db8::1]/"));
  EXPECT_FALSE(bypasses("192.0.2.70", "http://192.0.2.7/"));
}

TEST(BypassList, TakesNetworks) {
  EXPECT_TRUE(bypasses("10.0.0.0/8", "http://10.1.2.3/"));
  EXPECT_FALSE(bypasses("10.0.0.0/8", "http://11.1.2.3/"));
  EXPECT_TRUE(bypasses("192.168.4.0/22", "http://192.168.7.255/"));
  EXPECT_FALSE(bypasses("192.168.4.0/22", "http://192.168.8.0/"));
  EXPECT_TRUE(bypasses("0.0.0.0/0", "http://192.0.2.1/"));
  EXPECT_TRUE(bypasses("2001:db8::/32", "http://[2001:db8:ffff::1]/"));
  EXPECT_FALSE(bypasses("2001:db8::/32", "http://[2001:db9::1]/"));
  for (const char* nonsense : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "x/8", "/"})
    EXPECT_FALSE(bypasses(nonsense, "http://10.1.2.3/")) << nonsense;
}

TEST(ProxyRules, AreFromTheEnvironmentByDefault) {
  const auto rules =
      from_environment({{"HTTPS_PROXY", "http://secure:1"}, {"http_proxy", "http://plain:2"}});

  EXPECT_EQ(proxy_of(rules, kWorkspace), "http://secure:1");
  EXPECT_EQ(proxy_of(rules, "http://elsewhere.example/"), "http://plain:2");
  EXPECT_EQ(proxy_of(from_environment({}), kWorkspace), "");
}

TEST(ProxyRules, PreferTheVariableOfTheSchemeAndTakeAnEmptyOneForNone) {
  const std::map<std::string, std::string, std::less<>> all{{"ALL_PROXY", "socks5h://all:3"}};
  EXPECT_EQ(proxy_of(from_environment(all), kWorkspace), "socks5h://all:3");
  EXPECT_EQ(proxy_of(from_environment({{"ALL_PROXY", "http://all:3"}, {"HTTPS_PROXY", "s:1"}}),
                     kWorkspace),
            "http://s:1");
  EXPECT_EQ(proxy_of(from_environment({{"HTTPS_PROXY", ""}}), kWorkspace), "");
}

// A web server hands `Proxy: http://attacker` of a request to its CGI programs as HTTP_PROXY.
TEST(ProxyRules, DoNotTakeAProxyFromTheClientOfAWebServer) {
  const auto cgi = from_environment({{"REQUEST_METHOD", "GET"}, {"HTTP_PROXY", "http://attacker"}});
  const auto shell = from_environment({{"HTTP_PROXY", "http://mine:3128"}});

  EXPECT_EQ(proxy_of(cgi, "http://elsewhere.example/"), "");
  EXPECT_EQ(proxy_of(shell, "http://elsewhere.example/"), "http://mine:3128");
}

TEST(ProxyRules, HonourNoProxyOfTheEnvironment) {  // case H24
  const auto rules =
      from_environment({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", ".databricks.com"}});

  EXPECT_EQ(proxy_of(rules, kWorkspace), "");
  EXPECT_EQ(proxy_of(rules, "https://storage.example/file"), "http://p:1");
}

TEST(ProxyRules, PreferTheOptionsToAllOfTheEnvironment) {  // case H25
  const auto environment = variables({{"HTTPS_PROXY", "http://other:1"}, {"NO_PROXY", "*"}});
  const ProxyRules given({.source = Source::Given, .proxy = {.url = "http://mine:2"}}, environment);
  const ProxyRules none({.source = Source::None}, variables({{"HTTPS_PROXY", "http://other:1"}}));

  EXPECT_EQ(proxy_of(given, kWorkspace), "http://mine:2");
  EXPECT_EQ(proxy_of(none, kWorkspace), "");
}

TEST(ProxyRules, HonourTheListOfTheOptionsWithEitherSource) {
  const ProxyRules given(
      {.source = Source::Given, .proxy = {.url = "http://mine:2"}, .bypass = ".databricks.com"},
      variables({}));
  const ProxyRules both({.bypass = "a.example"},
                        variables({{"HTTPS_PROXY", "p:1"}, {"no_proxy", "b.example"}}));

  EXPECT_EQ(proxy_of(given, kWorkspace), "");
  EXPECT_EQ(proxy_of(both, "https://a.example/"), "");
  EXPECT_EQ(proxy_of(both, "https://b.example/"), "");
  EXPECT_EQ(proxy_of(both, "https://c.example/"), "http://p:1");
}

TEST(ProxyRules, NeverLeadToThisMachineOrToTheMetadataOfACloud) {  // case A27
  const ProxyRules rules({.source = Source::Given, .proxy = {.url = "http://mine:2"}},
                         variables({}));

  for (const char* url :
       {"http://localhost:8080/", "https://127.0.0.1/", "http://[::1]:1/", "http://a.localhost/",
        "http://169.254.169.254/metadata/identity/oauth2/token", "http://169.254.169.254./",
        "http://metadata.google.internal/computeMetadata/v1/", "http://Metadata.Google.Internal./"})
    EXPECT_EQ(proxy_of(rules, url), "") << url;
  EXPECT_EQ(proxy_of(rules, "http://169.254.169.253/"), "http://mine:2");
}

TEST(ProxyRules, NameTheVariableThatIsNoProxyWhenItIsNeeded) {
  const auto rules = from_environment({{"HTTPS_PROXY", "ftp://u:s3cret@proxy"}});

  EXPECT_EQ(proxy_of(rules, "https://localhost/"), "");
  EXPECT_EQ(proxy_of(rules, "http://elsewhere.example/"), "");
  const Error error = capture_error([&] { proxy_of(rules, kWorkspace); });
  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("HTTPS_PROXY"), Not(HasSubstr("s3cret"))));
}

}  // namespace
}  // namespace dbsql::http
