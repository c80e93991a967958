#include "tests/cli/shell.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace dbsql::cli::test {

Outcome run_shell(const std::vector<std::string>& arguments, std::string_view input,
                  const Environment& environment) {
  Program shell(DBSQL_SHELL, arguments, environment);
  shell.send(input);
  return shell.wait();
}

std::string unreachable_dsn() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(probe);
  if (!is_bound) throw std::runtime_error("no free port");
  return "token:dapi0@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) +
         "/sql/1.0/warehouses/none?retry.max_attempts=1";
}

LocalWarehouse& LocalWarehouse::shared() {
  static LocalWarehouse warehouse;
  return warehouse;
}

LocalWarehouse::LocalWarehouse(const std::vector<std::string>& arguments) {
  std::string flights = "id,origin,delay\n";
  for (int id = 0; id < kFlights; ++id) {
    flights += std::to_string(id) + (id % 2 == 0 ? ",JFK," : ",ORD,") +
               (id % 10 == 0 ? "" : std::to_string(id % 97 - 10)) + "\n";
  }
  data_.write("flights.csv", flights);
  std::vector<std::string> all{"--print-dsn", "--quiet", "--load",
                               "flights=" + data_.path("flights.csv")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  program_ = std::make_unique<Program>(DBSQL_WAREHOUSE, all);
  if (!program_->await_output("\n")) {
    throw std::runtime_error("the local warehouse does not start: " + program_->wait().err);
  }
  dsn_ = program_->output().substr(0, program_->output().find('\n'));
}

// Killed by Program when it does not end by itself.
LocalWarehouse::~LocalWarehouse() { program_->signal(SIGTERM); }

void LocalWarehouse::kill() {
  program_->signal(SIGKILL);
  program_->wait();
}

}  // namespace dbsql::cli::test
