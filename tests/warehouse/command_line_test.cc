#include "warehouse/command_line.h"

#include "support/test_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using warehouse::CommandLine;

CommandLine parse(const std::vector<std::string_view>& arguments) {
  return warehouse::parse_command_line(arguments);
}

std::string refusal(const std::vector<std::string_view>& arguments) {
  try {
    parse(arguments);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(WarehouseCommandLine, HasDefaultsThatServeOnLoopback) {
  const CommandLine line = parse({});

  EXPECT_EQ(line.server.host, "127.0.0.1");
  EXPECT_EQ(line.server.port, 0);
  EXPECT_EQ(line.server.service.max_protocol, 0xA508);
  EXPECT_FALSE(line.server.tls);
  EXPECT_EQ(line.action, CommandLine::Action::Serve);
}

TEST(WarehouseCommandLine, ReadsEveryOption) {
  const CommandLine line = parse({"--port",
                                  "8443",
                                  "--host=0.0.0.0",
                                  "--data",
                                  "/d",
                                  "--load",
                                  "a=/x.parquet",
                                  "--load",
                                  "b=/y=z.csv",
                                  "--token",
                                  "t",
                                  "--tls-dir",
                                  "/t",
                                  "--flavor",
                                  "Spark",
                                  "--max-protocol",
                                  "hive_v8",
                                  "--engine",
                                  "/e.so",
                                  "--direct-results-wait",
                                  "250ms",
                                  "--session-idle-timeout",
                                  "60s",
                                  "--feature-flag",
                                  "a.b=true",
                                  "--feature-flag-life",
                                  "60s",
                                  "--print-telemetry",
                                  "--print-dsn",
                                  "--quiet"});

  EXPECT_EQ(line.server.port, 8443);
  EXPECT_EQ(line.server.host, "0.0.0.0");
  EXPECT_EQ(line.server.engine.directory, "/d");
  ASSERT_EQ(line.server.tables.size(), 2U);
  EXPECT_EQ(line.server.tables[1].first, "b");
  EXPECT_EQ(line.server.tables[1].second, "/y=z.csv");
  EXPECT_EQ(line.server.token, "t");
  EXPECT_TRUE(line.server.tls);
  EXPECT_EQ(line.server.tls_directory, "/t");
  EXPECT_EQ(line.server.service.flavor, warehouse::Flavor::Spark);
  EXPECT_EQ(line.server.service.max_protocol, 7);
  EXPECT_EQ(line.server.engine.library, "/e.so");
  EXPECT_EQ(line.server.service.direct_results_wait, std::chrono::milliseconds(250));
  EXPECT_EQ(line.server.service.session_idle_timeout, std::chrono::seconds(60));
  EXPECT_EQ(line.server.telemetry.flags.at("a.b"), "true");
  EXPECT_EQ(line.server.telemetry.flag_life, std::chrono::seconds(60));
  EXPECT_TRUE(line.print_telemetry);
  EXPECT_TRUE(line.print_dsn);
  EXPECT_TRUE(line.quiet);
}

TEST(WarehouseCommandLine, TheFlavorDecidesWhichVersionsThereAre) {
  EXPECT_EQ(parse({"--flavor", "databricks"}).server.service.max_protocol, 0xA508);
  EXPECT_EQ(parse({"--flavor", "databricks-old"}).server.service.max_protocol, 0xA503);
  EXPECT_EQ(parse({"--flavor", "spark"}).server.service.max_protocol, 9);
  EXPECT_EQ(parse({"--max-protocol", "V1", "--flavor=databricks-old"}).server.service.max_protocol,
            0xA501);
  EXPECT_THAT(refusal({"--max-protocol", "V8", "--flavor", "spark"}), HasSubstr("up to HIVE_V10"));
  EXPECT_THAT(refusal({"--flavor", "hive"}), HasSubstr("databricks-old or spark"));
}

TEST(WarehouseCommandLine, SaysWhatIsWrong) {
  EXPECT_THAT(refusal({"--prot", "1"}), HasSubstr("unknown argument --prot"));
  EXPECT_THAT(refusal({"--port"}), HasSubstr("--port needs a value"));
  EXPECT_THAT(refusal({"--port", "70000"}), HasSubstr("0 to 65535"));
  EXPECT_THAT(refusal({"--load", "flights"}), HasSubstr("NAME=FILE"));
  EXPECT_THAT(refusal({"--max-protocol", "V10"}), HasSubstr("V1 to V9"));
  EXPECT_THAT(refusal({"--tls=yes"}), HasSubstr("takes no value"));
  EXPECT_THAT(refusal({"--direct-results-wait", "soon"}), HasSubstr("250ms or 5s"));
}

TEST(WarehouseCommandLine, AnAuthorityForClientsMeansTls) {
  const auto line = parse({"--client-ca", "/c.pem"});

  EXPECT_TRUE(line.server.tls);
  EXPECT_EQ(line.server.client_ca_file, "/c.pem");
}

TEST(WarehouseCommandLine, NamesOfACertificateAreNamesOfHosts) {
  EXPECT_EQ(parse({"--tls-name", "a.example", "--tls-name=b.example"}).server.tls_names,
            (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_THAT(refusal({"--tls-name", "a.example,IP:10.0.0.1"}), HasSubstr("name of a host"));
}

TEST(WarehouseCommandLine, SaysWhoMayComeIn) {
  const TemporaryFile key("-----BEGIN PUBLIC KEY-----");
  const std::string signer = "signer=" + key.path();
  const std::string issuer = "--issuer=https://i.example=" + key.path();
  const auto line = parse({"--auth", "oauth", "--auth=pat:dapi1", "--client", "machine:a:b",
                           "--client", "program", "--client-key", signer, issuer, "--token-life",
                           "60s", "--rotate-refresh-tokens"});

  const auto& identity = line.server.identity;
  EXPECT_TRUE(identity.requires_tokens);
  EXPECT_EQ(line.server.token, "dapi1");
  ASSERT_EQ(identity.clients.size(), 3U);
  EXPECT_EQ(identity.clients[0].id, "machine");
  EXPECT_EQ(identity.clients[0].secret, "a:b");
  EXPECT_EQ(identity.clients[1].secret, "");
  EXPECT_THAT(identity.clients[2].public_key_pem, HasSubstr("PUBLIC KEY"));
  EXPECT_EQ(identity.issuers.at(0).issuer, "https://i.example");
  EXPECT_EQ(identity.token_life.count(), 60);
  EXPECT_TRUE(identity.rotates_refresh_tokens);
  EXPECT_FALSE(parse({"--auth", "none"}).server.identity.requires_tokens);
}

TEST(WarehouseCommandLine, RefusesIdentitiesThatLeadNowhereAndRepeatsNoSecret) {
  EXPECT_THAT(refusal({"--auth", "oaut"}), HasSubstr("none, pat:TOKEN or oauth"));
  EXPECT_THAT(refusal({"--auth", "pat:"}), HasSubstr("pat:TOKEN"));
  EXPECT_THAT(refusal({"--client", "a:b"}), HasSubstr("add --auth oauth"));
  EXPECT_THAT(refusal({"--auth", "oauth", "--flavor", "spark"}), HasSubstr("passwords only"));
  EXPECT_THAT(refusal({"--client", ":s3cret"}),
              testing::AllOf(HasSubstr("ID:SECRET"), testing::Not(HasSubstr("s3cret"))));
  EXPECT_THAT(refusal({"--client-key", "signer"}), HasSubstr("ID=FILE"));
  EXPECT_THAT(refusal({"--issuer", "u=/nowhere"}), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal({"--token-life", "10ms"}), HasSubstr("at least 1s"));
}

TEST(WarehouseCommandLine, HelpNamesEveryOption) {
  for (const char* option : {"--port",
                             "--host",
                             "--data",
                             "--load",
                             "--token",
                             "--tls",
                             "--tls-dir",
                             "--client-ca",
                             "--tls-name",
                             "--auth",
                             "--client",
                             "--client-key",
                             "--issuer",
                             "--token-life",
                             "--rotate-refresh-tokens",
                             "--max-protocol",
                             "--flavor",
                             "--engine",
                             "--direct-results-wait",
                             "--session-idle-timeout",
                             "--feature-flag",
                             "--feature-flag-life",
                             "--print-telemetry",
                             "--print-dsn",
                             "--quiet"}) {
    EXPECT_THAT(std::string(warehouse::help_text()), HasSubstr(option));
  }
  EXPECT_EQ(parse({"--help"}).action, CommandLine::Action::PrintHelp);
  EXPECT_EQ(parse({"--version"}).action, CommandLine::Action::PrintVersion);
}

TEST(WarehouseProtocol, NamesAndNumbersAgree) {
  for (const char* name : {"V1", "V8", "V9", "HIVE_V1", "HIVE_V10"}) {
    EXPECT_EQ(warehouse::protocol_name(warehouse::parse_protocol(name)), name);
  }
}

}  // namespace
}  // namespace dbsql::test
