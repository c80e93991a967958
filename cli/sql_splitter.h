#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// One statement of a script.
struct SqlStatement {
  std::string text;  ///< without the `;` and the white space around it; comments are kept
  int line = 1;      ///< where its first word stands
};

/// Cuts SQL text into statements at `;`, as the text arrives.
///
/// It knows what may hide a `;`: strings ('..' and ".." with backslash escapes, raw r'..'), `..`
/// names, $$..$$ function bodies, -- comments and nested /* */ comments. Text that holds only white
/// space and comments is no statement.
///
/// Ownership: holds the text that is not handed out yet, nothing more.
/// Cost: every byte is looked at once, however the text is cut into pieces.
class SqlSplitter {
 public:
  void feed(std::string_view text);

  /// The next statement that has ended with `;`; empty until more text is fed.
  std::optional<SqlStatement> next();

  /// At the end of the text: the statement behind the last `;`, if there is one.
  /// Afterwards the splitter starts again at line 1.
  std::optional<SqlStatement> finish();

  /// Nothing is waiting but white space and finished comments.
  bool is_empty() const noexcept;

  /// Forgets what is waiting.
  void clear();

 private:
  enum class State : std::uint8_t { Sql, Quoted, RawQuoted, LineComment, BlockComment, Dollar };

  bool scan(bool at_end);
  bool step(bool at_end);
  bool step_sql(bool at_end);
  bool step_dollar_tag(bool at_end);
  void step_block_comment();
  std::optional<SqlStatement> take(std::size_t end);
  char peek(std::size_t distance) const noexcept;
  bool after_word() const noexcept;

  std::string text_;
  std::size_t start_ = 0;     // of the statement being read
  std::size_t position_ = 0;  // everything before it is scanned
  State state_ = State::Sql;
  char quote_ = '\0';       // Quoted, RawQuoted: what ends it
  int depth_ = 0;           // BlockComment: how deep it is nested
  std::string dollar_tag_;  // Dollar: `$$` or `$name$`
  bool has_words_ = false;  // the statement holds more than white space and comments
  int line_ = 1;            // of position_
  int statement_line_ = 1;  // of the first word
};

/// Whether a statement can change nothing: it begins with SELECT, SHOW, DESCRIBE, EXPLAIN or
/// VALUES.
bool only_reads(std::string_view statement);

/// A statement on one line, as a history keeps it: line ends between words become spaces.
/// Empty when that would change its meaning: a line end inside a string, or a `--` comment.
std::optional<std::string> on_one_line(std::string_view statement);

}  // namespace dbsql::cli
