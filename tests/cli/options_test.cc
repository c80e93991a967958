#include "cli/options.h"

#include "cli/command.h"
#include "cli/duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Options parse(const std::vector<const char*>& arguments, std::string_view environment_dsn = "") {
  return parse_options(arguments, environment_dsn);
}

std::string complaint(const std::vector<const char*>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Options, HaveQuietDefaults) {
  const Options options = parse({});

  EXPECT_EQ(options.format, Format::Table);
  EXPECT_TRUE(options.header);
  EXPECT_EQ(options.row_limit, 0);
  EXPECT_FALSE(options.timeout.has_value());
  EXPECT_FALSE(options.null_text.has_value());
  EXPECT_FALSE(options.quiet || options.timing || options.help || options.version);
}

TEST(Options, TakeValuesAfterAnEqualsSignOrAsTheNextArgument) {
  EXPECT_EQ(parse({"--format=csv"}).format, Format::Csv);
  EXPECT_EQ(parse({"--format", "csv"}).format, Format::Csv);
  EXPECT_EQ(parse({"--null="}).null_text, "");
  EXPECT_EQ(parse({"--null", "-"}).null_text, "-");
  EXPECT_EQ(parse({"-o", "a.csv"}).output_file, "a.csv");
  EXPECT_EQ(parse({"-oa.csv"}).output_file, "a.csv");
  EXPECT_EQ(parse({"--output=a=b.csv"}).output_file, "a=b.csv");
}

TEST(Options, KeepSqlAndFilesInTheirOrder) {
  const Options options = parse({"-e", "SELECT 1", "-f", "a.sql", "--execute=SELECT 2", "-f-"});

  ASSERT_EQ(options.sources.size(), 4U);
  EXPECT_EQ(options.sources[0].value, "SELECT 1");
  EXPECT_EQ(options.sources[1].kind, SqlSource::Kind::File);
  EXPECT_EQ(options.sources[2].value, "SELECT 2");
  EXPECT_EQ(options.sources[3].value, "-");
}

TEST(Options, PreferTheCommandLineToTheEnvironmentForTheDsn) {
  EXPECT_EQ(parse({}, "environment").dsn, "environment");
  EXPECT_EQ(parse({"--dsn", "argument"}, "environment").dsn, "argument");
}

TEST(Options, ReadEverySwitch) {
  const Options options = parse(
      {"--timeout=1.5m", "--limit", "10", "--no-header", "--timing", "-q", "--help", "--version"});

  EXPECT_EQ(options.timeout, 90s);
  EXPECT_EQ(options.row_limit, 10);
  EXPECT_FALSE(options.header);
  EXPECT_TRUE(options.timing && options.quiet && options.help && options.version);
}

TEST(Options, CollectAllowedPaths) {
  const Options options = parse({"--allow-path", "/data", "--allow-path=rel/x"});

  EXPECT_EQ(options.allowed_paths, (std::vector<std::string>{"/data", "rel/x"}));
  EXPECT_THAT(complaint({"--allow-path="}), HasSubstr("the path is empty"));
}

TEST(Options, JoinShortSwitches) {
  const Options options = parse({"-qeSELECT 1"});

  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.sources.at(0).value, "SELECT 1");
}

TEST(Options, NameTheNearestOptionForAnUnknownOne) {
  EXPECT_EQ(complaint({"--fromat", "csv"}), "unknown option --fromat; did you mean --format?");
  EXPECT_EQ(complaint({"--noheader"}), "unknown option --noheader; did you mean --no-header?");
  EXPECT_EQ(complaint({"--time=3"}), "unknown option --time; did you mean --timeout?");
  EXPECT_EQ(complaint({"-timing"}), "unknown option -timing; did you mean --timing?");
  EXPECT_EQ(complaint({"--something-else"}), "unknown option --something-else");
  EXPECT_EQ(complaint({"-qx"}), "unknown option -x");
}

TEST(Options, SayWhatIsWrongWithAValue) {
  EXPECT_THAT(complaint({"--format", "xml"}), HasSubstr("table, csv, tsv, json, ndjson or arrow"));
  EXPECT_THAT(complaint({"--timeout", "soon"}), HasSubstr("30s"));
  EXPECT_THAT(complaint({"--timeout", "0"}), HasSubstr("30s"));
  EXPECT_THAT(complaint({"--limit", "0"}), HasSubstr("1 or more"));
  EXPECT_THAT(complaint({"--limit", "10x"}), HasSubstr("1 or more"));
  EXPECT_THAT(complaint({"--limit", "99999999999999999999"}), HasSubstr("1 or more"));
  EXPECT_EQ(complaint({"-e"}), "-e needs a value: -e SQL");
  EXPECT_EQ(complaint({"--dsn"}), "--dsn needs a value: --dsn DSN");
  EXPECT_EQ(complaint({"--timing=yes"}), "--timing takes no value");
}

TEST(Options, SayWhereSqlGoes) {
  EXPECT_THAT(complaint({"SELECT 1"}), HasSubstr("-e SQL"));
  EXPECT_THAT(complaint({"-"}), HasSubstr("-f FILE"));
}

TEST(Options, AreAllInTheHelp) {
  const std::string help = help_text();

  for (const char* option : {"--dsn", "-e, --execute", "-f, --file", "--format", "-o, --output",
                             "--timeout", "--limit", "--allow-path", "--no-header", "--null",
                             "--timing", "-q, --quiet", "-h, --help", "--version", "DBSQL_DSN"}) {
    EXPECT_THAT(help, HasSubstr(option));
  }
}

TEST(Duration, ReadsNumbersWithUnits) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("30"), 30s);
  EXPECT_EQ(parse_duration("0.5s"), 500ms);
  EXPECT_EQ(parse_duration("2h"), 2h);
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text :
       {"", "s", "-1s", "0", "0.0001ms0", "1d", "1 s", "1e3s", "nan", "inf", "99999999h", "1s "}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, IsWrittenWithAUnitThatSuitsIt) {
  EXPECT_EQ(format_duration(1500us), "1.5 ms");
  EXPECT_EQ(format_duration(42ms), "42 ms");
  EXPECT_EQ(format_duration(999600us), "1.00 s");
  EXPECT_EQ(format_duration(3421ms), "3.42 s");
  EXPECT_EQ(format_duration(12345ms), "12.3 s");
  EXPECT_EQ(format_duration(125s), "2 min 5 s");
}

TEST(Count, SeparatesThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
}

TEST(Command, IsALineThatBeginsWithABackslash) {
  EXPECT_EQ(parse_command("SELECT 1;"), std::nullopt);
  EXPECT_EQ(parse_command("  "), std::nullopt);
  EXPECT_EQ(parse_command("\\?\n")->kind, Command::Kind::Help);
  EXPECT_EQ(parse_command("  \\d  main.`my table` ;\n")->argument, "main.`my table`");
  EXPECT_EQ(parse_command("\\format csv\n")->argument, "csv");
  EXPECT_EQ(parse_command("\\o\n")->argument, "");
}

TEST(Command, LeavesOnPlainWordsToo) {
  for (const char* line : {"\\q", "\\quit", "quit", "exit;", "exit\n"}) {
    EXPECT_EQ(parse_command(line)->kind, Command::Kind::Quit) << line;
  }
}

TEST(Command, NamesTheNearestForAnUnknownOne) {
  const auto complaint_about = [](const char* line) -> std::string {
    try {
      parse_command(line);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no complaint";
  };

  EXPECT_EQ(complaint_about("\\fromat csv"), "unknown command \\fromat; did you mean \\format?");
  EXPECT_EQ(complaint_about("\\xyzzy"), "unknown command \\xyzzy; \\? lists the commands");
  EXPECT_EQ(complaint_about("\\q now"), "\\q takes no argument");
}

TEST(Command, HelpListsThemAll) {
  for (const char* name : {"\\?", "\\d", "\\format", "\\null", "\\o", "\\timing", "\\q"}) {
    EXPECT_THAT(command_help(), HasSubstr(std::string("  ") + name));
  }
}

}  // namespace
}  // namespace dbsql::cli
