// A statement that runs on the server while the program does something else.
//
//   example_submit 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace {

using namespace std::chrono_literals;

void wait_in_small_steps(dbsql::Connection& connection) {
  auto handle =
      connection.submit("SELECT sum(a.id * b.id) FROM range(2000) AS a, range(10000) AS b");
  int steps = 0;
  while (!handle.wait({.timeout = 100ms})) ++steps;  // here the program does other work
  auto result = handle.result();
  for (const auto& [sum] : result.rows<std::int64_t>())
    std::cout << "sum: " << sum << (steps > 0 ? ", and there was time for more" : "") << '\n';
}

void think_better_of_it(dbsql::Connection& connection) {
  auto handle =
      connection.submit("SELECT count(*) FROM range(1000000) AS a CROSS JOIN range(1000000) AS b");
  handle.cancel();  // any thread may do this
  try {
    handle.wait();
  } catch (const dbsql::CancelledError&) {
    std::cout << "cancelled\n";
  }
}

/// A statement outlives its handle and is found again by its id, here from another connection.
void hand_over(const dbsql::Connector& connector, dbsql::Connection& submitter) {
  auto handle = submitter.submit("SELECT id FROM range(1000)");
  handle.detach();

  auto taker = connector.connect();
  auto result = taker.attach(handle.id()).result();
  std::int64_t rows = 0;
  while (auto batch = result.next_batch()) {
    rows += batch->length;
    batch->release(&*batch);
  }
  std::cout << "taken over: " << rows << " rows\n";
}

}  // namespace

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_submit DSN\n";
    return 2;
  }
  try {
    const auto connector = dbsql::Connector::from_dsn(dsn);
    auto connection = connector.connect();
    wait_in_small_steps(connection);
    think_better_of_it(connection);
    hand_over(connector, connection);
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
