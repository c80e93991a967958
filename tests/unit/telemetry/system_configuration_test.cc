#include "telemetry/system_configuration.h"

#include "telemetry/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace dbsql::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

SystemSource sample_source() {
  SystemSource source;
  source.environment = [](std::string_view name) {
    return name == "LANG" ? std::optional<std::string>("de_DE.UTF-8") : std::nullopt;
  };
  source.read_file = [](std::string_view) {
    return std::string("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
  };
  source.program = [] { return std::string("/home/u/app.bin"); };
  source.kernel_release = [] { return std::string("6.1.0"); };
  source.architecture = [] { return std::string("x86_64"); };
  return source;
}

TEST(TelemetrySystem, KnowsTheMachine) {
  const SystemConfiguration system = read_system_configuration(sample_source());

  EXPECT_EQ(system.driver_name, "databricks-sql-cpp");
  EXPECT_EQ(system.runtime_name, "C++20");
  EXPECT_EQ(system.os_version, "Debian GNU/Linux 12");
  EXPECT_EQ(system.os_arch, "x86_64");
  EXPECT_EQ(system.locale_name, "de_DE");
  EXPECT_EQ(system.char_set_encoding, "UTF-8");
  EXPECT_EQ(system.process_name, "app");
  EXPECT_FALSE(system_configuration().driver_version.empty());
}

TEST(TelemetrySystem, LosesOneFactWhenOneLookUpFails) {
  SystemSource source = sample_source();
  source.program = []() -> std::string { throw std::runtime_error("no such file"); };

  const SystemConfiguration system = read_system_configuration(source);

  EXPECT_EQ(system.process_name, "");
  for (const std::string* each :
       {&system.driver_version, &system.runtime_name, &system.runtime_version,
        &system.runtime_vendor, &system.os_name, &system.os_version, &system.os_arch,
        &system.driver_name, &system.locale_name, &system.char_set_encoding}) {
    EXPECT_FALSE(each->empty());
  }
}

TEST(TelemetrySystem, TakesTheQuotesOffAVersion) {
  SystemSource source = sample_source();
  source.read_file = [](std::string_view) { return std::string("PRETTY_NAME='Alpine 3'\n"); };
  EXPECT_EQ(read_system_configuration(source).os_version, "Alpine 3");

  source.read_file = [](std::string_view) { return std::string("PRETTY_NAME=Arch\n"); };
  EXPECT_EQ(read_system_configuration(source).os_version, "Arch");

  source.read_file = [](std::string_view) { return std::string(); };
  EXPECT_EQ(read_system_configuration(source).os_version, "6.1.0");
}

TEST(TelemetrySystem, FallsBackToAKnownLocale) {
  SystemSource source = sample_source();
  source.environment = [](std::string_view) { return std::optional<std::string>("C.UTF-8"); };

  EXPECT_EQ(read_system_configuration(source).locale_name, "en_US");
}

TEST(TelemetryRedaction, TellsOnlyTheNameOfAProgram) {
  EXPECT_EQ(program_name("/home/u/app.bin --password=x"), "app");
  EXPECT_EQ(program_name("C:\\Users\\u\\report.exe"), "report");
  EXPECT_EQ(program_name("psql"), "psql");
  EXPECT_EQ(program_name(".hidden"), ".hidden");
  EXPECT_EQ(program_name(std::string(100, 'a')).size(), 64U);
  EXPECT_EQ(program_name(""), "");
}

TEST(TelemetryRedaction, MasksWhatLooksLikeASecret) {
  for (const char* text :
       {"Bearer MARKabcdefgh",   "Basic MARKabcdefgh",  "https://user:MARK@host/x",
        "dapiMARK12345678",      "dkeaMARK12345678",    "dskeaMARK12345678",
        "dsapiMARK12345678",     "doseMARK12345678",    "eyJhMARK.eyJiMARK.cMARK",
        "password=MARK",         "\"token\": \"MARK\"", "client_secret=MARK",
        "{\"secret\":\"MARK\"}", "api_key: MARK",       "access_token=MARK&x",
        "/home/MARK/x",          "/Users/MARK/y",       "C:\\Users\\MARK\\y",
        "/var/lib/MARK/z",       "/opt/MARK/bin",       "/srv/MARK",
        "/app/MARK/run",         "\\\\MARK\\share"}) {
    EXPECT_THAT(redacted(text, 256), Not(HasSubstr("MARK"))) << text;
  }
  EXPECT_EQ(redacted("acme+reports/1.2", 256), "acme+reports/1.2");
}

TEST(TelemetryRedaction, CutsBetweenCharacters) {
  EXPECT_EQ(redacted("a\xC3\xA4", 2), "a");
  EXPECT_EQ(redacted(std::string(5000, 'x'), 256).size(), 256U);
}

}  // namespace
}  // namespace dbsql::telemetry
