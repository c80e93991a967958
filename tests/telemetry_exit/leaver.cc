// Ends in one of the ways in which programs do that do not care.
//   leaver DSN leak     the connection is never destroyed
//   leaver DSN static   it is destroyed with the static objects
//   leaver DSN running  another thread is running a statement
//   leaver DSN hosts    several connectors, closed one after the other
//   leaver DSN shutdown telemetry_shutdown(), and then as `leak`

#include <dbsql/dbsql.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

dbsql::Connection connect_to(const std::string& dsn) {
  dbsql::Connection connection = dbsql::Connector::from_dsn(dsn).connect();
  connection.query("SELECT 1").close();
  return connection;
}

void leave_static(const std::string& dsn) {
  static std::optional<dbsql::Connection> connection;
  connection.emplace(connect_to(dsn));
}

/// Never destroyed, but not lost: a search for leaks must find only what the library has lost.
dbsql::Connection& leak(const std::string& dsn) {
  static dbsql::Connection* connection = nullptr;
  connection = new dbsql::Connection(connect_to(dsn));  // NOLINT: that is the point
  return *connection;
}

void leave_running(const std::string& dsn) {
  std::thread([&connection = leak(dsn)] {
    try {
      connection.query("SELECT count(*) FROM range(20000000000)").close();
    } catch (const dbsql::Error&) {
    }
  }).detach();
}

void close_one_after_the_other(const std::string& dsn) {
  constexpr int kConnectors = 6;
  std::vector<dbsql::Connection> connections;
  for (int i = 0; i < kConnectors; ++i) connections.push_back(connect_to(dsn));
  for (dbsql::Connection& connection : connections) connection.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_FAILURE;
  const std::string dsn = argv[1];
  const std::string_view how = argv[2];
  if (how == "leak") leak(dsn);
  if (how == "static") leave_static(dsn);
  if (how == "running") leave_running(dsn);
  if (how == "hosts") close_one_after_the_other(dsn);
  if (how == "shutdown") {
    leak(dsn);
    dbsql::telemetry_shutdown();
  }
  std::exit(EXIT_SUCCESS);  // NOLINT(concurrency-mt-unsafe): that is the point
}
