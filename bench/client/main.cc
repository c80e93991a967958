// dbsql-bench-client: what a program that uses the driver spends on a result.
//
// usage: dbsql-bench-client --dsn DSN --mode arrow|stream|rows|values --sql STATEMENT [--repeat N]
//        dbsql-bench-client --dsn DSN --mode queries --queries N
//        dbsql-bench-client --dsn DSN --mode sessions --queries N
//        dbsql-bench-client --dsn DSN --mode query-turns --queries N
//        dbsql-bench-client --dsn DSN --mode session-turns --queries N
//        dbsql-bench-client --dsn DSN --mode first --sql STATEMENT --queries N
//        dbsql-bench-client --dsn DSN --mode slow --sql STATEMENT --bytes-per-row B --rate MB
//
// The first pass reads every value, to compare checksums, and is reported as "cold"; the timed
// passes come after it in the same process. Prints one JSON object; in turns, one more for each
// line that it reads, so that several of these programs can alternate.

#include "client/workloads.h"
#include "count/counters.h"
#include "measure/report.h"

#include <dlfcn.h>

#include <cstdio>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbsql::bench {

namespace {

struct Arguments {
  std::string dsn;
  std::string mode;
  std::string statement;
  int repeat = 1;
  int queries = 1000;
  double bytes_per_row = 0;
  double rate_mb = 0;  // of a slow reader, a second
};

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (i + 1 == count) throw std::invalid_argument("option without a value: " + name);
    const std::string value = values[++i];
    if (name == "--dsn") {
      arguments.dsn = value;
    } else if (name == "--mode") {
      arguments.mode = value;
    } else if (name == "--sql") {
      arguments.statement = value;
    } else if (name == "--repeat") {
      arguments.repeat = std::stoi(value);
    } else if (name == "--queries") {
      arguments.queries = std::stoi(value);
    } else if (name == "--bytes-per-row") {
      arguments.bytes_per_row = std::stod(value);
    } else if (name == "--rate") {
      arguments.rate_mb = std::stod(value);
    } else {
      throw std::invalid_argument("unknown option " + name);
    }
  }
  return arguments;
}

/// What the preloaded counting library has seen so far; all zero without it.
DbsqlBenchCounters counters() {
  static const auto read =
      reinterpret_cast<DbsqlBenchReadCounters>(::dlsym(RTLD_DEFAULT, "dbsql_bench_read_counters"));
  DbsqlBenchCounters now{};
  if (read != nullptr) read(&now);
  return now;
}

nlohmann::json difference(const DbsqlBenchCounters& begin) {
  const DbsqlBenchCounters end = counters();
  return {{"allocations", end.allocations - begin.allocations},
          {"allocated_bytes", end.allocated_bytes - begin.allocated_bytes},
          {"copied_bytes", end.copied_bytes - begin.copied_bytes}};
}

nlohmann::json timed(const std::function<Checksum()>& pass) {
  const DbsqlBenchCounters counted = counters();
  const Usage begin = Usage::now();
  const Checksum seen = pass();
  auto report = pass_report(Usage::now() - begin, seen);
  if (counted.allocations != 0) report["counted"] = difference(counted);
  return report;
}

/// One way to read a result; `every_value` asks for a full checksum where the way has a cheaper
/// one.
using Reader = std::function<Checksum(Connection&, bool every_value)>;

Reader reader_for(const Arguments& arguments) {
  const std::string& statement = arguments.statement;
  if (arguments.mode == "arrow")
    return [=](Connection& connection, bool every_value) {
      return read_batches(connection, statement, every_value);
    };
  if (arguments.mode == "stream")
    return [=](Connection& connection, bool every_value) {
      return read_stream(connection, statement, every_value);
    };
  if (arguments.mode == "values")
    return [=](Connection& connection, bool) { return read_values(connection, statement); };
  const auto spec = PagesSpec::parse(statement);
  if (arguments.mode != "rows" || !spec)
    throw std::invalid_argument("give --mode arrow, stream, rows or values and a bench statement");
  return [=](Connection& connection, bool) {
    return read_typed_rows(connection, statement, spec->data);
  };
}

nlohmann::json run_pages(const Arguments& arguments, Connection& connection) {
  const Reader read = reader_for(arguments);
  nlohmann::json report;
  report["cold"] = timed([&] { return read(connection, true); });
  report["verified"] = {{"rows", report["cold"]["rows"]}, {"checksum", report["cold"]["checksum"]}};
  auto& passes = report["passes"][arguments.mode] = nlohmann::json::array();
  for (int i = 0; i < arguments.repeat; ++i)
    passes.push_back(timed([&] { return read(connection, false); }));
  return report;
}

/// Once, from a fresh process: what is looked at is how much memory it takes.
nlohmann::json run_slowly(const Arguments& arguments, Connection& connection) {
  select_one(connection);
  const std::int64_t base_kib = status_kib("VmRSS");
  Checksum seen;
  nlohmann::json report;
  report["passes"]["slow"].push_back(timed([&] {
    return seen = read_slowly(connection, arguments.statement, arguments.bytes_per_row,
                              arguments.rate_mb * 1e6);
  }));
  report["verified"] = {{"rows", seen.rows}, {"checksum", std::to_string(seen.cells)}};
  report["base_rss_kib"] = base_kib;
  return report;
}

/// How long a program waits for its first rows, in a session that is open.
nlohmann::json run_first(const Arguments& arguments, Connection& connection) {
  read_first_batch(connection, arguments.statement);  // warm-up
  std::vector<double> wall_us;
  const Usage begin = Usage::now();
  for (int i = 0; i < arguments.queries; ++i) {
    const double before = Usage::wall_clock_s();
    read_first_batch(connection, arguments.statement);
    wall_us.push_back((Usage::wall_clock_s() - before) * 1e6);
  }
  return queries_report(Usage::now() - begin, std::move(wall_us));
}

/// A small thing, again and again.
nlohmann::json run_again_and_again(const Arguments& arguments, const std::function<void()>& once) {
  for (int i = 0; i < 200; ++i) once();  // warm-up
  std::vector<double> wall_us;
  wall_us.reserve(static_cast<std::size_t>(arguments.queries));
  const DbsqlBenchCounters counted = counters();
  const Usage begin = Usage::now();
  for (int i = 0; i < arguments.queries; ++i) {
    const double before = Usage::wall_clock_s();
    once();
    wall_us.push_back((Usage::wall_clock_s() - before) * 1e6);
  }
  auto report = queries_report(Usage::now() - begin, std::move(wall_us));
  if (counted.allocations != 0) report["counted"] = difference(counted);
  return report;
}

/// The same in turns: each line of the input asks for another lot. The CPU of a turn is that since
/// the turn before, so that nothing is lost that threads do in between.
nlohmann::json run_in_turns(const Arguments& arguments, const std::function<void()>& once) {
  for (int i = 0; i < 200; ++i) once();  // warm-up
  double cpu_s = Usage::now().cpu_s();
  int turns = 0;
  for (std::string line; std::getline(std::cin, line); ++turns) {
    std::vector<double> wall_us;
    for (int i = 0; i < arguments.queries; ++i) {
      const double before = Usage::wall_clock_s();
      once();
      wall_us.push_back((Usage::wall_clock_s() - before) * 1e6);
    }
    const double now = Usage::now().cpu_s();
    const nlohmann::json turn = {{"wall_us", wall_us}, {"cpu_us", (now - cpu_s) * 1e6}};
    cpu_s = now;
    std::printf("%s\n", turn.dump().c_str());
    std::fflush(stdout);
  }
  return {{"turns", turns}};
}

nlohmann::json run_mode(const Arguments& arguments, const Connector& connector) {
  if (arguments.mode == "sessions")
    return run_again_and_again(arguments, [&] { connector.connect().close(); });
  if (arguments.mode == "session-turns")
    return run_in_turns(arguments, [&] { connector.connect().close(); });
  Connection connection = connector.connect();
  if (arguments.mode == "query-turns")
    return run_in_turns(arguments, [&] { select_one(connection); });
  if (arguments.mode == "queries")
    return run_again_and_again(arguments, [&] { select_one(connection); });
  if (arguments.mode == "first") return run_first(arguments, connection);
  if (arguments.mode == "slow") return run_slowly(arguments, connection);
  return run_pages(arguments, connection);
}

int run(int count, char** values) {
  const Arguments arguments = read_arguments(count, values);
  const Connector connector = Connector::from_dsn(arguments.dsn);
  nlohmann::json report = run_mode(arguments, connector);
  report["versions"] = {{"dbsql", version()}};
  report["peak_rss_kib"] = status_kib("VmHWM");
  report["threads"] = status_kib("Threads");
  std::printf("%s\n", report.dump().c_str());
  return 0;
}

}  // namespace

}  // namespace dbsql::bench

int main(int count, char** values) {
  try {
    return dbsql::bench::run(count, values);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dbsql-bench-client: %s\n", error.what());
    return 1;
  }
}
