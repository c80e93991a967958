#pragma once

#include "warehouse/server.h"

#include <span>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// What `dbsql-warehouse` was asked to do.
struct CommandLine {
  enum class Action : std::uint8_t { Serve, PrintHelp, PrintVersion };
  Action action = Action::Serve;
  ServerOptions server;
  bool print_dsn = false;
  bool print_telemetry = false;
  bool quiet = false;
  bool names_protocol = false;  ///< `--max-protocol` was given
};

/// \throws std::invalid_argument naming the argument that is wrong
CommandLine parse_command_line(std::span<const std::string_view> arguments);

std::string_view help_text() noexcept;

}  // namespace dbsql::warehouse
