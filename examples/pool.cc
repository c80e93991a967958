// Many threads, few connections.
//
//   example_pool 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::int64_t answer(dbsql::ConnectionPool& pool, std::int64_t question) {
  auto connection = pool.acquire({.timeout = 30s});
  auto result = connection->query("SELECT :x * 2", {{"x", question}});
  for (const auto [doubled] : result.rows<std::int64_t>()) return doubled;
  return 0;
}  // the connection goes back, and its result with it

void serve(dbsql::ConnectionPool& pool) {
  std::atomic<std::int64_t> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (std::int64_t i = 1; i <= 20; ++i)
      threads.emplace_back([&pool, &sum, i] { sum += answer(pool, i); });
  }
  const auto stats = pool.stats();
  std::cout << "sum: " << sum << ", " << stats.acquired
            << " uses of at most 4 connections: " << (stats.opened <= 4 ? "yes" : "no") << '\n';
}

/// Whatever one user leaves behind, the next one finds a connection as it was opened.
void leave_something_behind(dbsql::ConnectionPool& pool) {
  {
    auto connection = pool.acquire();
    connection->set_autocommit(false);
    connection->query("SELECT 1");
  }  // rolled back in the background
  std::cout << "autocommit: " << pool.acquire()->autocommit() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_pool DSN\n";
    return 2;
  }
  try {
    dbsql::ConnectionPool pool(dbsql::Connector::from_dsn(dsn), {.max_open = 4});
    serve(pool);
    leave_something_behind(pool);
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
