// Runs random fault schedules over whole queries and writes, inline and through files. Each must
// end in the exact rows or in a typed error, in time. The last line counts; the exit status is 0
// only when nothing was lost, doubled or late.
//
// usage: dbsql-faultmatrix [--schedules N] [--seed S] [--from K]

#include <dbsql/log.h>

#include "base/text.h"
#include "faultmatrix/run.h"
#include "faultmatrix/schedule.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>

namespace {

using dbsql::faultmatrix::Outcome;

struct Arguments {
  std::uint64_t schedules = 1000;
  std::uint64_t seed = 1;
  std::uint64_t from = 0;
};

std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = values[i];
    const auto number =
        i + 1 < count ? dbsql::base::parse_number<std::uint64_t>(values[i + 1]) : std::nullopt;
    if (!number) return std::nullopt;
    if (name == "--schedules") {
      arguments.schedules = *number;
    } else if (name == "--seed") {
      arguments.seed = *number;
    } else if (name == "--from") {
      arguments.from = *number;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

int run_all(const Arguments& arguments) {
  dbsql::set_log_level(dbsql::LogLevel::Off);
  dbsql::warehouse::ServerOptions options;
  options.service.direct_results_wait = std::chrono::milliseconds(20);
  options.service.long_poll_wait = std::chrono::milliseconds(50);
  options.service.inline_limit_bytes = 4096;
  options.service.file_bytes = 40'000;
  options.service.links_per_page = 4;
  dbsql::warehouse::Server server(options);
  server.scalar_text("CREATE OR REPLACE TABLE faultmatrix (id BIGINT)");
  std::array<std::uint64_t, 6> counts{};
  for (std::uint64_t i = arguments.from; i < arguments.from + arguments.schedules; ++i) {
    const auto schedule = dbsql::faultmatrix::make_schedule(arguments.seed, i);
    const auto report = dbsql::faultmatrix::run(schedule, server);
    ++counts[static_cast<std::size_t>(report.outcome)];
    if (report.outcome != Outcome::Exact && report.outcome != Outcome::TypedError)
      std::printf("schedule %llu of seed %llu: %s\n  %s\n", static_cast<unsigned long long>(i),
                  static_cast<unsigned long long>(arguments.seed), report.detail.c_str(),
                  schedule.to_string().c_str());
  }
  const auto count = [&](Outcome outcome) {
    return static_cast<unsigned long long>(counts[static_cast<std::size_t>(outcome)]);
  };
  std::printf(
      "schedules=%llu exact=%llu typed_errors=%llu silent_losses=%llu duplicates=%llu hangs=%llu "
      "overruns=%llu\n",
      static_cast<unsigned long long>(arguments.schedules), count(Outcome::Exact),
      count(Outcome::TypedError), count(Outcome::SilentLoss), count(Outcome::Duplicate),
      count(Outcome::Hang), count(Outcome::Overrun));
  const bool clean = count(Outcome::Exact) + count(Outcome::TypedError) == arguments.schedules;
  return clean ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
  const auto arguments = parse(count, values);
  if (!arguments) {
    std::fputs("usage: dbsql-faultmatrix [--schedules N] [--seed S] [--from K]\n", stderr);
    return 2;
  }
  try {
    return run_all(*arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faultmatrix: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
