// Opens connections from many threads at once and asks each for one row.
//
// usage: login_program DSN THREADS        starts when a line comes on standard input; prints
// "ready" before
//
// Prints the number of connections that worked, and the first error of one that did not. Exit code
// 0 = all worked.

#include <dbsql/dbsql.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Outcome {
  std::mutex mutex;
  int good = 0;           // guarded by mutex
  std::string complaint;  // guarded by mutex
};

void use_one_connection(const std::string& dsn, Outcome& outcome) {
  std::string complaint;
  int rows = 0;
  try {
    auto connection = dbsql::Connector::from_dsn(dsn).connect();
    auto result = connection.query("SELECT 1");
    for (const auto& [one] : result.rows<std::int32_t>()) rows += one;
  } catch (const std::exception& error) {
    complaint = error.what();
  }
  const std::lock_guard lock(outcome.mutex);
  outcome.good += rows;
  if (outcome.complaint.empty()) outcome.complaint = complaint;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string dsn = argv[1];
  const int count = std::atoi(argv[2]);
  std::puts("ready");
  std::fflush(stdout);
  if (std::getchar() == EOF) return 2;
  Outcome outcome;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back([&] { use_one_connection(dsn, outcome); });
  for (std::thread& thread : threads) thread.join();
  std::printf("%d worked\n%s\n", outcome.good, outcome.complaint.c_str());
  return outcome.good == count ? 0 : 1;
}
