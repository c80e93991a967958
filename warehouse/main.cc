#include <dbsql/version.h>

#include "base/text.h"
#include "warehouse/command_line.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using dbsql::base::concat;
using dbsql::warehouse::CommandLine;
using dbsql::warehouse::Server;

constexpr int kStopped = 0;
constexpr int kCannotStart = 1;
constexpr int kUsage = 2;

void print(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

/// The signals that end the program, blocked in this thread and all that it starts.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// The whole DSN: with what the client has to trust.
/// \param shows_secret  for a script; people's terminals and logs keep what they see
std::string complete_dsn(const Server& server, bool shows_secret) {
  std::string dsn = server.dsn(shows_secret);
  if (server.ca_file().empty()) return dsn;
  const bool has_options = dsn.find('?') != std::string::npos;
  return concat(dsn, has_options ? "&" : "?", "tls.ca_file=", server.ca_file());
}

void announce(const CommandLine& line, const Server& server) {
  if (line.print_dsn) print(stdout, complete_dsn(server, true) + "\n");
  if (line.quiet) return;
  std::string text = concat("dbsql-warehouse: listening on ", line.server.host, ":", server.port(),
                            line.server.tls ? " (HTTPS)\n" : "\n");
  if (!server.ca_file().empty()) text += concat("dbsql-warehouse: trust ", server.ca_file(), "\n");
  if (!line.print_dsn) text += concat("dbsql-warehouse: DSN ", complete_dsn(server, false), "\n");
  print(stderr, text);
}

int serve(CommandLine line) {
  const sigset_t signals = block_stop_signals();
  if (line.print_telemetry)
    line.server.telemetry.on_record = [](std::string_view record) {
      print(stdout, concat(record, "\n"));
    };
  Server server(line.server);
  announce(line, server);
  int received = 0;
  sigwait(&signals, &received);
  if (!line.quiet) print(stderr, "dbsql-warehouse: stopping\n");
  // A second signal, while this one is being served, ends the program at once.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  server.stop();
  return kStopped;
}

int run(std::span<const std::string_view> arguments) {
  CommandLine line;
  try {
    line = dbsql::warehouse::parse_command_line(arguments);
  } catch (const std::invalid_argument& error) {
    print(stderr, concat("dbsql-warehouse: ", error.what(), "\n"));
    return kUsage;
  }
  switch (line.action) {
    case CommandLine::Action::PrintHelp:
      print(stdout, dbsql::warehouse::help_text());
      return kStopped;
    case CommandLine::Action::PrintVersion:
      print(stdout, concat("dbsql-warehouse ", dbsql::version(), "\n"));
      return kStopped;
    case CommandLine::Action::Serve:
      break;
  }
  try {
    return serve(std::move(line));
  } catch (const dbsql::warehouse::EngineError& error) {
    print(stderr, concat("dbsql-warehouse: ", error.message, "\n"));
  } catch (const std::exception& error) {
    print(stderr, concat("dbsql-warehouse: ", error.what(), "\n"));
  }
  return kCannotStart;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  return run(arguments);
}
