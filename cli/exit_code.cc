#include "cli/exit_code.h"

namespace dbsql::cli {

ExitCode exit_code_of_connect(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::InvalidArgument:
    case ErrorKind::Configuration:
      return ExitCode::Usage;
    case ErrorKind::Timeout:
    case ErrorKind::Cancelled:
      return ExitCode::Stopped;
    default:
      return ExitCode::Connect;
  }
}

ExitCode exit_code_of_statement(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::Timeout:
    case ErrorKind::Cancelled:
      return ExitCode::Stopped;
    case ErrorKind::Unauthenticated:
    case ErrorKind::Network:
    case ErrorKind::Tls:
    case ErrorKind::Redirect:
    case ErrorKind::Unavailable:
    case ErrorKind::RateLimited:
      return ExitCode::Connect;
    default:
      return ExitCode::Failed;
  }
}

}  // namespace dbsql::cli
