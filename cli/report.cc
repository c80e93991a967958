#include "cli/report.h"

#include "cli/display_text.h"

namespace dbsql::cli {
namespace {

/// Several lines keep their shape, set in under the first.
void append_message(std::string_view message, std::string& out) {
  while (true) {
    const std::size_t end = message.find('\n');
    std::string_view line = message.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    append_display_text(line, out);
    out += '\n';
    if (end == std::string_view::npos) return;
    message.remove_prefix(end + 1);
    if (message.empty()) return;
    out += "  ";
  }
}

void append_identity(const Error& error, std::string& out) {
  out += "  SQLSTATE ";
  append_display_text(error.sqlstate(), out);
  if (!error.error_class().empty()) {
    out += " (";
    append_display_text(error.error_class(), out);
    out += ')';
  }
  if (!error.statement_id().empty()) {
    out += ", statement ";
    append_display_text(error.statement_id(), out);
  }
  if (error.attempts() > 1) out += ", " + std::to_string(error.attempts()) + " attempts";
  out += '\n';
}

}  // namespace

std::string describe(const Error& error, const ScriptStatement* statement) {
  std::string text = "error: ";
  append_message(error.message(), text);
  append_identity(error, text);
  if (statement != nullptr && !statement->origin.empty()) {
    text += "  in ";
    append_display_text(statement->origin, text);
    text += ", line " + std::to_string(statement->sql.line) + "\n";
  }
  if (error.outcome_unknown() && !(statement != nullptr && only_reads(statement->sql.text))) {
    text += "  The warehouse may have run the statement: look before you run it again.\n";
  }
  if (error.retry_after()) {
    text += "  Try again in " + std::to_string(error.retry_after()->count()) + " s.\n";
  }
  return text;
}

std::string describe(std::string_view message) {
  std::string text = "error: ";
  append_message(message, text);
  return text;
}

}  // namespace dbsql::cli
