#include "session/operation_name.h"

#include "base/text.h"
#include "session/sql_words.h"

#include <algorithm>
#include <array>

namespace dbsql::session {

std::string_view operation_name_of(std::string_view sql) noexcept {
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"ALTER", "ANALYZE", "BEGIN",    "CACHE",   "CALL",     "CLEAR",    "COMMENT", "COMMIT",
       "COPY",  "CREATE",  "DELETE",   "DESC",    "DESCRIBE", "DROP",     "EXECUTE", "EXPLAIN",
       "FROM",  "GET",     "GRANT",    "INSERT",  "LIST",     "MERGE",    "MSCK",    "OPTIMIZE",
       "PUT",   "REFRESH", "REMOVE",   "RESTORE", "REVOKE",   "ROLLBACK", "SELECT",  "SET",
       "SHOW",  "TABLE",   "TRUNCATE", "UPDATE",  "USE",      "VACUUM",   "VALUES",  "WITH"});
  SqlWords words(sql);
  while (words.skip('(')) continue;
  const std::string_view first = words.next();
  const auto is_it = [&](std::string_view word) { return base::equals_ignore_case(word, first); };
  const auto* const known = std::ranges::find_if(kKnown, is_it);
  return known != kKnown.end() ? *known : "OTHER";
}

}  // namespace dbsql::session
