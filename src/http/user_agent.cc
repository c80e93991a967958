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

}  // namespace

std::string user_agent(std::string_view entry, std::string_view api) {
  std::string text = base::concat("DatabricksSqlCpp/", version());
  const std::string cleaned = clean(entry);
  if (!cleaned.empty()) {
    text += base::concat(" (", looks_like_a_token(cleaned) ? "redacted" : cleaned, ")");
  }
  text += base::concat(" platform/", platform(), " api/", api);
  return text;
}

}  // namespace dbsql::http
