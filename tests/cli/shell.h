#pragma once

#include "tests/cli/program.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::cli::test {

/// Runs the built shell to its end. \param input  what is piped into it
Outcome run_shell(const std::vector<std::string>& arguments, std::string_view input = {},
                  const Environment& environment = {});

/// A DSN that nobody answers: the port was free a moment ago. One attempt, so that the failure
/// comes at once.
std::string unreachable_dsn();

/// The local warehouse as a program of its own, with a table `flights` of `kFlights` rows. Started
/// once for all tests that use it, on a free port, and stopped when the test program ends.
class LocalWarehouse {
 public:
  static constexpr int kFlights = 50'000;

  static LocalWarehouse& shared();
  /// \param arguments  more of them, for instance `{"--token", "t"}`
  explicit LocalWarehouse(const std::vector<std::string>& arguments = {});
  ~LocalWarehouse();
  LocalWarehouse(const LocalWarehouse&) = delete;
  LocalWarehouse& operator=(const LocalWarehouse&) = delete;

  const std::string& dsn() const noexcept { return dsn_; }
  /// For tests that stop the warehouse: failures are reported after one attempt.
  std::string impatient_dsn() const { return dsn_ + "?retry.max_attempts=1"; }
  Environment environment() const { return {{"DBSQL_DSN", dsn_}}; }

  /// Runs the shell against this warehouse.
  Outcome run(const std::vector<std::string>& arguments, std::string_view input = {}) const {
    return run_shell(arguments, input, environment());
  }

  /// Ends it at once, as a crash would.
  void kill();

 private:
  TemporaryFolder data_;
  std::unique_ptr<Program> program_;
  std::string dsn_;
};

}  // namespace dbsql::cli::test
