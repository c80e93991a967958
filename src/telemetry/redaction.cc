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

constexpr std::string_view kMask = "***";
constexpr std::size_t kLongestSwept = 2048;
// What follows one of these up to the next separator is the name of somebody or something.
constexpr std::array<std::string_view, 10> kFolders = {
    "/home/", "/Users/", "\\Users\\",     "/var/lib/",     "/opt/",
    "/srv/",  "/app/",   "/var/folders/", "/private/var/", "\\\\"};
constexpr std::array<std::string_view, 4> kSecretWords = {"token", "secret", "api key", "api_key"};

bool is_separator(char c) noexcept { return c == '/' || c == '\\'; }

bool is_end(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == ',' || c == ';' ||
         c == ')' || c == ']';
}

/// Masks the first name after each such folder.
std::string without_folders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto folder = std::ranges::find_if(kFolders, [&](std::string_view each) {
      return base::starts_with_ignore_case(text.substr(at), each);
    });
    if (folder == kFolders.end()) {
      out += text[at++];
      continue;
    }
    out += text.substr(at, folder->size());
    at += folder->size();
    const std::size_t name = at;
    while (at < text.size() && !is_separator(text[at]) && !is_end(text[at])) ++at;
    if (at > name) out += kMask;
  }
  return out;
}

/// Masks the value of `token=...` and `"secret": "..."`, which the general redactor leaves alone.
std::string without_named_values(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto word = std::ranges::find_if(kSecretWords, [&](std::string_view each) {
      return base::starts_with_ignore_case(text.substr(at), each);
    });
    std::size_t value = word == kSecretWords.end() ? at : at + word->size();
    while (value > at && value < text.size() && (text[value] == '"' || text[value] == ' ')) ++value;
    const bool is_pair =
        value > at && value < text.size() && (text[value] == '=' || text[value] == ':');
    if (!is_pair) {
      out += text[at++];
      continue;
    }
    ++value;
    while (value < text.size() && (text[value] == '"' || text[value] == ' ')) ++value;
    out += text.substr(at, value - at);
    at = value;
    while (at < text.size() && !is_end(text[at]) && text[at] != '&' && text[at] != '}') ++at;
    out += kMask;
  }
  return out;
}

std::string swept(std::string_view text) {
  return without_named_values(without_folders(base::redact(text)));
}

}  // namespace

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && text.size() <= WireId::kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string redacted(std::string_view text, std::size_t longest) {
  // Once more after cutting: half a secret may look like one in another way.
  const std::string clean = swept(base::cut(swept(text), kLongestSwept));
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
