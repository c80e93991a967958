#pragma once

#include <dbsql/error.h>

namespace dbsql::cli {

/// How the program ends (docs/shell.md).
enum class ExitCode : int {
  Ok = 0,
  Failed = 1,   ///< a statement failed, or its result could not be written
  Usage = 2,    ///< the command line, the DSN or another setting is wrong
  Connect = 3,  ///< the warehouse cannot be reached, or refuses the credentials
  Stopped = 4,  ///< timeout, Ctrl-C or SIGTERM
};

/// What an error of `Connector::connect()` means to a script.
ExitCode exit_code_of_connect(const Error& error) noexcept;

/// What an error of a statement means to a script. A connection that breaks while a statement runs
/// is `Connect` too: it is not the statement that has to be mended.
ExitCode exit_code_of_statement(const Error& error) noexcept;

}  // namespace dbsql::cli
