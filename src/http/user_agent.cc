#include "http/user_agent.h"

#include <dbsql/version.h>

#include "base/redact.h"
#include "base/text.h"

#include <sys/utsname.h>

#include <array>

namespace dbsql::http {
namespace {

constexpr std::size_t kLongestEntry = 256;
// How access tokens and OAuth secrets of the platform begin.
constexpr std::array<std::string_view, 5> kTokenPrefixes = {"dapi", "dkea", "dskea", "dsapi",
                                                            "dose"};

bool looks_like_a_token(std::string_view entry) {
  for (const auto prefix : kTokenPrefixes) {
    if (base::starts_with_ignore_case(entry, prefix)) return true;
  }
  return base::redact(entry) != entry;
}

std::string clean(std::string_view entry) {
  std::string cleaned;
  for (const char c : entry) {
    const bool visible = c >= ' ' && c < '\x7f';
    if (visible && c != '(' && c != ')' && cleaned.size() < kLongestEntry) cleaned += c;
  }
  return std::string(base::trim(cleaned));
}

std::string platform() {
  utsname system{};
  if (uname(&system) != 0) return "unknown";
  return base::concat(base::to_lower(system.sysname), "-", std::string_view(system.machine));
}

struct Agent {
  std::string_view variable;
  std::string_view name;
};
constexpr std::array<Agent, 7> kAgents{{{"ANTIGRAVITY_AGENT", "antigravity"},
                                        {"CLAUDECODE", "claude-code"},
                                        {"CLINE_ACTIVE", "cline"},
                                        {"CODEX_CI", "codex"},
                                        {"CURSOR_AGENT", "cursor"},
                                        {"GEMINI_CLI", "gemini-cli"},
                                        {"OPENCODE", "opencode"}}};

/// The program that drives this one; empty when there is none, or more than one claims to.
std::string_view agent_in(const base::EnvironmentLookup& environment) {
  const auto is_set = [&](std::string_view variable) {
    return !environment(variable).value_or(std::string()).empty();
  };
  const std::string off = environment("DATABRICKS_DISABLE_AGENT_DETECTION").value_or("");
  if (off == "1" || base::equals_ignore_case(off, "true")) return {};
  std::string_view found;
  for (const Agent& agent : kAgents) {
    if (!is_set(agent.variable)) continue;
    if (!found.empty()) return {};
    found = agent.name;
  }
  return found;
}

}  // namespace

std::string user_agent(std::string_view entry, std::string_view api,
                       const base::EnvironmentLookup& environment) {
  std::string text = base::concat("DatabricksSqlCpp/", version());
  const std::string cleaned = clean(entry);
  if (!cleaned.empty()) {
    text += base::concat(" (", looks_like_a_token(cleaned) ? "redacted" : cleaned, ")");
  }
  text += base::concat(" platform/", platform(), " api/", api);
  const std::string_view agent = environment ? agent_in(environment) : std::string_view();
  if (!agent.empty()) text += base::concat(" agent/", agent);
  return text;
}

}  // namespace dbsql::http
