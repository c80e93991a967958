#include "cli/explain_auth.h"

#include <dbsql/auth_explanation.h>
#include <dbsql/token_provider.h>

#include "cli/connecting.h"
#include "cli/display_text.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <chrono>
#include <sstream>
#include <string>

namespace dbsql::cli {

ExitCode explain_auth(const Options& options) {
  TokenContext context;
  if (options.timeout) context.deadline = std::chrono::steady_clock::now() + *options.timeout;
  const AuthExplanation explanation = connection_of(options).explain_auth(context);
  // Other programs have their word in it: nothing of that may act on the terminal.
  std::istringstream lines(explanation.to_text());
  std::string shown;
  for (std::string line; std::getline(lines, line);) {
    append_display_text(line, shown);
    shown += '\n';
  }
  write_text(STDOUT_FILENO, shown);
  return explanation.failure.empty() ? ExitCode::Ok : ExitCode::Usage;
}

}  // namespace dbsql::cli
