#include <dbsql/quote.h>

namespace dbsql {

std::string quote_string(std::string_view text) {
  std::string quoted = "'";
  quoted.reserve(text.size() + 2);
  for (const char c : text) {
    switch (c) {
      case '\'':
      case '\\':
        quoted += '\\';
        quoted += c;
        break;
      case '\0':
        quoted += "\\u0000";  // not \0, which would swallow digits behind it
        break;
      default:
        quoted += c;
    }
  }
  quoted += '\'';
  return quoted;
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted.append(c == '`' ? 2 : 1, c);
  quoted += '`';
  return quoted;
}

}  // namespace dbsql
