#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbsql::config {

/// Which SQL types travel as Arrow types of their own; the others travel as text
/// (reference/results.md 1.1).
struct NativeTypes {
  bool timestamp = true;  ///< TIMESTAMP and TIMESTAMP_NTZ
  bool decimal = true;    ///< at the top level; inside nested values decimals are always native
  bool nested = true;     ///< ARRAY, MAP, STRUCT
  bool interval = true;
  bool null = true;  ///< VOID

  friend bool operator==(const NativeTypes&, const NativeTypes&) = default;
};

/// Reads `all`, `none` or names of the members with commas between; nothing for any other word.
std::optional<NativeTypes> parse_native_types(std::string_view text);

/// The same in canonical form.
std::string native_types_text(const NativeTypes& types);

}  // namespace dbsql::config
