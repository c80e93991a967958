#include "http/url.h"

#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

TEST(Url, TakesAllPartsApart) {
  const auto url = Url::parse("https://Adb-1.Azure.Example:8443/sql/1.0/warehouses/AbC?o=42&x=%20");

  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "adb-1.azure.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/sql/1.0/warehouses/AbC");
  EXPECT_EQ(url->query, "o=42&x=%20");
}

TEST(Url, KnowsThePortOfEachScheme) {
  EXPECT_EQ(Url::parse("https://h")->port, 443);
  EXPECT_EQ(Url::parse("HTTP://h")->port, 80);
}

TEST(Url, KeepsAnAddressOfVersionSixWithoutItsBrackets) {
  const auto url = Url::parse("http://[::1]:8080/p");

  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8080");
  EXPECT_EQ(url->to_string(), "http://[::1]:8080/p");
}

TEST(Url, WritesWhatItRead) {
  for (const char* text : {"https://h", "https://h/", "https://h:1/a?b", "http://h/p?q=?",
                           "https://h?q", "https://[fe80::1]/x"}) {
    const auto url = Url::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->to_string(), text);
  }
}

TEST(Url, NamesTheOriginWithoutPathAndQuery) {
  EXPECT_EQ(Url::parse("https://h/p?secret=1")->origin(), "https://h:443");
}

TEST(Url, RefusesWhatIsNotAnHttpUrl) {
  for (const char* text : {"",
                           "h",
                           "h:443",
                           "//h",
                           "ftp://h",
                           "https:/h",
                           "https://",
                           "https://:443",
                           "https://h:",
                           "https://h:0",
                           "https://h:65536",
                           "https://h:4 3",
                           "https://h:44a",
                           "https://u@h",
                           "https://u:p@h",
                           "https://h/a b",
                           "https://h/a\nb",
                           "https://h/\xc3\xa9",
                           "https://h/#f",
                           "https://[::1",
                           "https://[]",
                           "https://[::g]",
                           "https://[::1]x",
                           "https://::1",
                           "https://h..x",
                           "https://.h",
                           "https://h\\x",
                           "https://h%20x"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
  EXPECT_FALSE(Url::parse(std::string_view("https://h\0x", 11)));
  EXPECT_FALSE(Url::parse("https://" + std::string(254, 'a')));
}

TEST(LoopbackHost, IsEveryNameOfThisMachineAlone) {
  for (const char* host :
       {"localhost", "LocalHost", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "localhost.example", "notlocalhost", "128.0.0.1", "127.0.0.1.example", "0.0.0.0",
        "10.0.0.1", "::2", "::ffff:10.0.0.1", "127"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(PercentCode, DecodesWhatItEncodes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);

  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(PercentCode, TakesPlusForABlankOnlyWhereAsked) {
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("%2B", true), "+");
}

TEST(PercentCode, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%2", "%2G", "%G2", "a%", "%%20"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

}  // namespace
}  // namespace dbsql::http
