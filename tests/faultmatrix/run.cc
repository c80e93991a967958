#include "faultmatrix/run.h"

#include <dbsql/dbsql.h>

#include "base/text.h"

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

namespace dbsql::faultmatrix {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Machines are shared: what is later than this is late on any of them.
constexpr milliseconds kAllowance{2000};
constexpr milliseconds kHang{20'000};

std::string dsn_for(const Schedule& schedule, const warehouse::Server& server) {
  return base::concat(server.dsn(),
                      "?retry.wait_min=1ms&retry.wait_max=4ms&retry.max_attempts=4&maxRows=",
                      schedule.page_rows, "&result.lz4=", schedule.lz4 ? "true" : "false",
                      "&cloudfetch.enabled=", schedule.by_files ? "true" : "false",
                      "&cloudfetch.threads=", schedule.threads);
}

ExecuteOptions options_for(const Schedule& schedule) {
  ExecuteOptions options;
  options.deadline = std::chrono::steady_clock::now() + schedule.timeout;  // of the reading, too
  return options;
}

/// Reads the whole result and compares every cell with what the statement must give.
Report read(const Schedule& schedule, Connection& connection) {
  const std::string sql =
      base::concat("SELECT id, concat('row ', CAST(id AS STRING)) AS t FROM range(", schedule.rows,
                   ") ORDER BY id");
  std::int64_t next = 0;
  try {
    Result result = connection.query(sql, {}, options_for(schedule));
    for (const auto [id, text] : result.rows<std::int64_t, std::string_view>()) {
      if (id < next) return {Outcome::Duplicate, base::concat("row ", id, " after row ", next)};
      if (id != next || text != base::concat("row ", id))
        return {Outcome::SilentLoss, base::concat("row ", id, " where ", next, " was expected")};
      ++next;
    }
  } catch (const Error& error) {
    return {Outcome::TypedError, std::string(dbsql::to_string(error.kind()))};
  }
  if (next != schedule.rows)
    return {Outcome::SilentLoss, base::concat(next, " of ", schedule.rows, " rows and no error")};
  return {};
}

/// Writes one row and looks at the table past the wire.
Report write(const Schedule& schedule, Connection& connection, warehouse::Server& server) {
  static std::uint64_t next_key = 0;
  const std::uint64_t key = ++next_key;
  std::string problem;
  bool unknown = false;
  try {
    connection.execute(base::concat("INSERT INTO faultmatrix VALUES (", key, ")"), {},
                       options_for(schedule));
  } catch (const Error& error) {
    problem = dbsql::to_string(error.kind());
    unknown = error.outcome_unknown();
  }
  const std::int64_t found =
      server.scalar(base::concat("SELECT count(*) FROM faultmatrix WHERE id = ", key));
  if (found > 1) return {Outcome::Duplicate, "the write was applied twice"};
  if (problem.empty())
    return found == 1 ? Report{}
                      : Report{Outcome::SilentLoss, "the write was reported and is not there"};
  if (found == 1 && !unknown)
    return {Outcome::Duplicate,
            base::concat("applied, but reported as failed for certain: ", problem)};
  return {Outcome::TypedError, problem};
}

}  // namespace

Report run(const Schedule& schedule, warehouse::Server& server) {
  server.faults().clear();
  try {
    Connection connection = Connector::from_dsn(dsn_for(schedule, server)).connect();
    for (const auto& rule : schedule.faults) server.faults().add(rule);
    const auto started = steady_clock::now();
    Report report =
        schedule.insert ? write(schedule, connection, server) : read(schedule, connection);
    const auto elapsed = steady_clock::now() - started;
    server.faults().clear();
    if (elapsed > schedule.timeout + kHang) return {Outcome::Hang, report.detail};
    if (elapsed > schedule.timeout + kAllowance) return {Outcome::Overrun, report.detail};
    return report;
  } catch (const std::exception& error) {
    server.faults().clear();
    return {Outcome::SilentLoss,
            base::concat("an error of another type: ", std::string_view(error.what()))};
  }
}

}  // namespace dbsql::faultmatrix
