#include "telemetry/host_key.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsql::telemetry {
namespace {

TEST(TelemetryHost, HasOneKeyHoweverItIsWritten) {
  for (const char* written :
       {"example.databricks.com", "example.databricks.com/", "example.databricks.com//",
        "https://example.databricks.com", "http://example.databricks.com",
        "HTTPS://Example.Databricks.com/", "  example.databricks.com  ",
        "example.databricks.com:443", "example.databricks.com."}) {
    EXPECT_EQ(host_key(written), "example.databricks.com") << written;
  }
  EXPECT_EQ(host_key("example.databricks.com:8443"), "example.databricks.com:8443");
  EXPECT_EQ(host_key("http://127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(host_key(""), "");
  EXPECT_EQ(host_key(" https:// "), "");
}

TEST(TelemetryHost, IsRefusedWhenCredentialsCouldEndUpElsewhere) {
  using namespace std::string_literals;
  for (const std::string& host :
       {"user@example.com"s, "user:pw@example.com"s, "a b.com"s, "example.com\r"s,
        "example.com\nx"s, "example.com\t"s, "exa\xE2\x80\x8Bmple.com"s,
        "\xEF\xBB\xBF"
        "example.com"s,
        "example.com\\x"s, "example.com/path"s, "example.com?x"s, "example.com#x"s, "//x"s, ""s}) {
    EXPECT_FALSE(is_safe_destination(host, "adb-1.azuredatabricks.net")) << host;
  }
}

TEST(TelemetryHost, IsRefusedInsideWhenTheConnectionGoesOutside) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8080", "0.0.0.0", "10.1.2.3", "192.168.1.1", "172.16.0.1",
        "172.31.255.255", "169.254.169.254", "[::1]", "[fd00::1]", "[fe80::1]", "localhost",
        "api.localhost", "metadata.google.internal", "100.100.100.200"}) {
    EXPECT_FALSE(is_safe_destination(host, "adb-1.azuredatabricks.net")) << host;
  }
}

TEST(TelemetryHost, IsTakenWhenItIsPublicOrTheConnectionsOwn) {
  EXPECT_TRUE(is_safe_destination("172.32.0.1", "adb-1.azuredatabricks.net"));
  EXPECT_TRUE(is_safe_destination("adb-1.azuredatabricks.net", "adb-1.azuredatabricks.net"));
  EXPECT_TRUE(is_safe_destination("127.0.0.1:8443", "127.0.0.1:8443"));
  EXPECT_TRUE(is_safe_destination("localhost:1", "127.0.0.1:8443"));
}

TEST(TelemetryHost, FindsTheWorkspaceInThePath) {
  EXPECT_EQ(org_id_of("/sql/1.0/warehouses/abc?o=123"), "123");
  EXPECT_EQ(org_id_of("/sql/1.0/warehouses/abc?x=1&o=45&token=x"), "45");
  EXPECT_EQ(org_id_of("sql/protocolv1/o/678/0123-cluster"), "678");
  EXPECT_EQ(org_id_of("/sql/1.0/warehouses/abc?o=abc"), "");
  EXPECT_EQ(org_id_of("/sql/1.0/warehouses/abc"), "");
}

TEST(TelemetryHost, TellsOnlyTheShapeOfAPath) {
  EXPECT_EQ(path_shape("/sql/1.0/warehouses/abc?o=1&token=x"), "/sql/1.0/warehouses/abc");
  EXPECT_EQ(path_shape("/sql/protocolv1/o/12/0123-cluster/"), "sql/protocolv1/o/12/0123-cluster");
  EXPECT_EQ(path_shape("/cliservice"), "other");
  EXPECT_EQ(path_shape("/sql/1.0/warehouses/abc/secret"), "other");
  EXPECT_EQ(path_shape("/sql/1.0/warehouses/a b"), "other");
  EXPECT_EQ(path_shape(""), "other");
}

}  // namespace
}  // namespace dbsql::telemetry
