#include "protocol/query_tags.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <algorithm>
#include <string_view>

namespace dbsql::protocol {

namespace {

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

/// Where the first `separator` stands that no backslash precedes; the text's length when none does.
std::size_t find_plain(std::string_view text, char separator) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator) return i;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

}  // namespace

std::string encode_query_tags(const QueryTags& tags) {
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

QueryTags parse_query_tags(std::string_view text) {
  QueryTags tags;
  while (!text.empty()) {
    const std::size_t end = find_plain(text, ',');
    const std::string_view tag = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (tag.empty()) continue;
    const std::size_t colon = find_plain(tag, ':');
    std::optional<std::string> value;
    if (colon < tag.size()) value = unescaped(tag.substr(colon + 1));
    tags.emplace_back(unescaped(tag.substr(0, colon)), std::move(value));
  }
  return tags;
}

}  // namespace dbsql::protocol
