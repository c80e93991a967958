// What can go wrong, and how a program decides what to do about it.
//
//   example_errors_and_timeouts 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set
//   DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stop_token>
#include <thread>

namespace {

using namespace std::chrono_literals;

// Takes far longer than anybody waits.
constexpr const char* kLongStatement =
    "SELECT count(*) FROM range(1000000) AS a CROSS JOIN range(1000000) AS b";

/// Everything the driver throws is a dbsql::Error; its properties say what makes sense next.
void report(const char* what, const dbsql::Error& error) {
  std::cout << what << ": " << to_string(error.kind()) << ", SQLSTATE " << error.sqlstate();
  if (error.outcome_unknown()) {
    std::cout << " (it may have been done: look before repeating it)";
  } else if (error.retryable()) {
    std::cout << " (worth another try)";
  }
  if (error.connection_dead()) std::cout << " (connect again)";
  std::cout << '\n';
}

void mistake_in_a_statement(dbsql::Connection& connection) {
  try {
    connection.query("SELECT * FROM no_such_table");
  } catch (const dbsql::SqlError& error) {
    report("mistake", error);  // the connection is as good as before
  }
}

void statement_with_a_time_limit(dbsql::Connection& connection) {
  try {
    // Bounds submitting and waiting; a `deadline` bounds reading as well. The warehouse is told to
    // stop when it passes.
    connection.query(kLongStatement, {}, {.timeout = 500ms});
  } catch (const dbsql::TimeoutError& error) {
    report("time limit", error);
  }
}

void statement_stopped_by_somebody_else(dbsql::Connection& connection) {
  std::stop_source stop;
  const std::jthread impatient_user([&stop] {
    std::this_thread::sleep_for(200ms);
    stop.request_stop();
  });
  try {
    connection.query(kLongStatement, {}, {.stop = stop.get_token()});
  } catch (const dbsql::CancelledError& error) {
    report("stopped", error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_errors_and_timeouts DSN\n";
    return 2;
  }
  try {
    auto connection = dbsql::Connector::from_dsn(dsn).connect({.timeout = 30s});
    mistake_in_a_statement(connection);
    statement_with_a_time_limit(connection);
    statement_stopped_by_somebody_else(connection);

    // None of it has hurt the connection.
    for (const auto& [one] : connection.query("SELECT 1").rows<int>()) {
      std::cout << "still connected: " << one << '\n';
    }
    return 0;
  } catch (const dbsql::ConfigurationError& error) {
    std::cerr << "mend the DSN: " << error.message() << '\n';
    return 2;
  } catch (const dbsql::AuthenticationError& error) {
    std::cerr << "get a new token: " << error.message() << '\n';
    return 3;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
