#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// A filter on object names; compares without regard to ASCII case.
class NamePattern {
 public:
  /// The SQL pattern language of metadata calls: `%` any run, `_` one character, `\` makes the next
  /// one literal; a lone backslash at the end is itself (reference/metadata.md 3).
  static NamePattern like(std::string_view pattern);
  /// The pattern language of SHOW: `*` any run, `.` one character, `|` alternatives.
  static NamePattern glob(std::string_view pattern);
  static NamePattern exact(std::string_view name);

  bool matches(std::string_view name) const;

 private:
  struct Element {
    enum class Kind : char { Literal, AnyOne, AnyRun } kind;
    char literal;
  };
  using Sequence = std::vector<Element>;
  static bool matches(const Sequence& sequence, std::string_view name);

  std::vector<Sequence> alternatives_;
};

}  // namespace dbsql::warehouse
