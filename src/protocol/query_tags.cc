#include "protocol/query_tags.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <string_view>

namespace dbsql::protocol {

namespace {

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

}  // namespace

std::string encode_query_tags(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& tags) {
  std::string text;
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.find_first_of(":,") != std::string::npos)
      throw_error(
          {.kind = ErrorKind::InvalidArgument,
           .message = base::concat("the query tag key \"", key,
                                   "\" is empty or contains a colon or a comma; choose another")});
    if (!text.empty()) text += ',';
    append_escaped(text, key, "\\");
    if (!value) continue;
    text += ':';
    append_escaped(text, *value, "\\:,");
  }
  return text;
}

}  // namespace dbsql::protocol
