#include "telemetry/tags_page.h"

#include "base/text.h"
#include "telemetry/tags.h"

#include <array>
#include <string_view>

namespace dbsql::telemetry {
namespace {

constexpr std::string_view kEntry = "entry.sql_driver_log.";

void append_row(const TagRow& row, std::string& page) {
  const std::string_view path =
      row.path.starts_with(kEntry) ? row.path.substr(kEntry.size()) : row.path;
  page += base::concat("| ", row.name, " | `", path, "` | ", to_word(row.kind), " | ", row.meaning,
                       " |\n");
}

/// A table of what is sent in records that `belongs` to.
template <class Belongs>
void append_table(std::string_view title, std::string& page, Belongs&& belongs) {
  page += base::concat("\n### ", title,
                       "\n\n| Fact | Place in the record | Value | Meaning |\n|---|---|---|---|\n");
  for (const TagRow& row : tags()) {
    if (is_sent(row) && belongs(row)) append_row(row, page);
  }
}

}  // namespace

std::string tags_page() {
  const auto in_all = [](const TagRow& row) {
    return includes(row.records, RecordKind::SessionEnd);
  };
  const auto of_statements = [&](const TagRow& row) {
    return !in_all(row) && includes(row.records, RecordKind::Volume);
  };
  const auto of_connections = [&](const TagRow& row) {
    return !in_all(row) && !of_statements(row);
  };
  std::string page;
  append_table("In every record", page, in_all);
  append_table("When a session is opened", page, of_connections);
  append_table("Of a statement, a listing, a cancel, a moved file", page, of_statements);
  page += "\n### Known, but sent nowhere\n\n| Fact | Meaning |\n|---|---|\n";
  for (const TagRow& row : tags()) {
    if (!is_sent(row)) page += base::concat("| ", row.name, " | ", row.meaning, " |\n");
  }
  return page;
}

}  // namespace dbsql::telemetry
