#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// What a line that begins with a backslash asks for.
struct Command {
  enum class Kind : std::uint8_t { Help, Describe, Format, Null, Output, Telemetry, Timing, Quit };
  Kind kind = Kind::Help;
  std::string argument;  ///< without the white space around it; may be empty
};

/// Reads `\d NAME`, `\format csv` and the like; `exit` and `quit` too.
/// \return empty when the line is no command
/// \throws UsageError  an unknown command (naming the nearest one), an argument too few or too many
std::optional<Command> parse_command(std::string_view line);

/// What `\?` prints; it comes from the table that `parse_command` reads.
std::string command_help();

}  // namespace dbsql::cli
