#include "telemetry/redaction.h"

#include "base/one_line.h"
#include "base/redact.h"
#include "base/text.h"
#include "telemetry/record.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kLongestSwept = 2048;
}  // namespace

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && text.size() <= WireId::kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string redacted(std::string_view text, std::size_t longest) {
  // Once more after cutting: half a secret may look like one in another way.
  const std::string clean =
      base::redact_strictly(base::cut(base::redact_strictly(text), kLongestSwept));
  return std::string(base::cut(clean, longest));
}

std::string program_name(std::string_view command) {
  constexpr std::size_t kLongest = 64;
  command = command.substr(0, command.find_first_of(" \t\r\n"));
  const auto slash = command.find_last_of("/\\");
  if (slash != std::string_view::npos) command.remove_prefix(slash + 1);
  const auto dot = command.rfind('.');
  if (dot != std::string_view::npos && dot > 0) command = command.substr(0, dot);
  return redacted(command, kLongest);
}

}  // namespace dbsql::telemetry
