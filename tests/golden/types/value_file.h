#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::test {

/// What a value is read as.
struct Expected {
  std::string type;   ///< type text of the column, `NOT NULL` behind it where NULL cannot be
  std::string text;   ///< as `RowRef::text` gives it
  std::string typed;  ///< in the notation of golden/types/typed_form.h
};

/// One row of values.tsv: a value, and what every way of sending it must give.
struct GoldenValue {
  std::string id;
  std::string zone;    ///< of the session
  std::string source;  ///< a SQL expression; `=`: the typed form, built as Arrow data
  Expected expected;
  std::map<std::string, Expected, std::less<>> exceptions;  ///< by the name of the form

  const Expected& expected_in(std::string_view form) const;
};

/// Reads the file whose format is described at its top. \throws std::runtime_error naming the line
std::vector<GoldenValue> read_value_file(const std::string& path);

}  // namespace dbsql::test
