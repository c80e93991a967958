#include "warehouse/sql_error.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

struct ClassState {
  std::string_view error_class;
  std::string_view sqlstate;
};

// The classes this engine raises; a class with a subclass is looked up by its first part.
constexpr std::array kStates{
    ClassState{"AMBIGUOUS_REFERENCE", "42704"},
    ClassState{"ARITHMETIC_OVERFLOW", "22003"},
    ClassState{"CAST_INVALID_INPUT", "22018"},
    ClassState{"CAST_OVERFLOW", "22003"},
    ClassState{"AUTOCOMMIT_SET_DURING_ACTIVE_TRANSACTION", "25000"},
    ClassState{"CATALOG_ALREADY_EXISTS", "42710"},
    ClassState{"COLUMN_ALREADY_EXISTS", "42711"},
    ClassState{"CONFIG_NOT_AVAILABLE", "42K0I"},
    ClassState{"DATATYPE_MISMATCH", "42K09"},
    ClassState{"DELTA_CONCURRENT_APPEND", "2D521"},
    ClassState{"DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "23502"},
    ClassState{"DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "23001"},
    ClassState{"DIVIDE_BY_ZERO", "22012"},
    ClassState{"EMPTY_LOCAL_FILE_IN_STAGING_ACCESS_QUERY", "22023"},
    ClassState{"EXPECT_TABLE_NOT_VIEW", "42809"},
    ClassState{"FILE_IN_STAGING_PATH_ALREADY_EXISTS", "42710"},
    ClassState{"INSERT_COLUMN_ARITY_MISMATCH", "21S01"},
    ClassState{"INTERNAL_ERROR", "XX000"},
    ClassState{"INVALID_CONF_VALUE", "22022"},
    ClassState{"INVALID_PARAMETER_VALUE", "22023"},
    ClassState{"INVALID_SQL_ARG", "42K08"},
    ClassState{"INVALID_STAGING_PATH_IN_STAGING_ACCESS_QUERY", "42604"},
    ClassState{"INVALID_TYPED_LITERAL", "42604"},
    ClassState{"MISSING_AGGREGATION", "42803"},
    ClassState{"MULTI_STATEMENT_TRANSACTION_ALREADY_ACTIVE", "25000"},
    ClassState{"MULTI_STATEMENT_TRANSACTION_NO_ACTIVE_TRANSACTION", "25000"},
    ClassState{"MULTI_STATEMENT_TRANSACTION_ROLLBACK_REQUIRED_AFTER_ABORT", "25000"},
    ClassState{"NO_SUCH_CATALOG_EXCEPTION", "42704"},
    ClassState{"NUMERIC_VALUE_OUT_OF_RANGE", "22003"},
    ClassState{"OPERATION_CANCELED", "HY008"},
    ClassState{"PARSE_EMPTY_STATEMENT", "42617"},
    ClassState{"PARSE_SYNTAX_ERROR", "42601"},
    ClassState{"PATH_NOT_FOUND", "42K03"},
    ClassState{"ROUTINE_ALREADY_EXISTS", "42723"},
    ClassState{"SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000"},
    ClassState{"SCHEMA_ALREADY_EXISTS", "42P06"},
    ClassState{"SCHEMA_NOT_EMPTY", "2BP01"},
    ClassState{"SCHEMA_NOT_FOUND", "42704"},
    ClassState{"TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"},
    ClassState{"TABLE_OR_VIEW_NOT_FOUND", "42P01"},
    ClassState{"TRANSACTION_NOT_SUPPORTED", "0A000"},
    ClassState{"UC_VOLUME_NOT_FOUND", "42704"},
    ClassState{"UNBOUND_SQL_PARAMETER", "42P02"},
    ClassState{"UNCLOSED_BRACKETED_COMMENT", "42601"},
    ClassState{"UNRESOLVED_COLUMN", "42703"},
    ClassState{"UNRESOLVED_ROUTINE", "42883"},
    ClassState{"UNSUPPORTED_DATATYPE", "0A000"},
    ClassState{"UNSUPPORTED_FEATURE", "0A000"},
    ClassState{"USER_RAISED_EXCEPTION", "P0001"},
    ClassState{"VOLUME_ALREADY_EXISTS", "42000"},
    ClassState{"WRONG_COMMAND_FOR_OBJECT_TYPE", "42809"},
    ClassState{"WRONG_NUM_ARGS", "42605"},
};

struct LineAndColumn {
  std::size_t line = 1;
  std::size_t column = 0;
};

LineAndColumn locate(std::string_view sql, std::size_t position) {
  const auto before = sql.substr(0, std::min(position, sql.size()));
  const auto newline = before.rfind('\n');
  return {
      .line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
      .column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1};
}

// The statement with a line of `^^^` under the line where the error is.
std::string excerpt(std::string_view sql, const LineAndColumn& at) {
  std::string text = "\n\n== SQL ==\n";
  std::size_t number = 0;
  for (const auto line : base::split(sql, '\n')) {
    text += line;
    text += '\n';
    if (++number == at.line) text += std::string(at.column, '-') + "^^^\n";
  }
  text.pop_back();
  return text;
}

bool is_syntax_class(std::string_view error_class) {
  return sqlstate_of(error_class) == "42601" || error_class == "PARSE_EMPTY_STATEMENT";
}

std::string place(std::string_view error_class, std::string_view sql, SourcePosition position) {
  if (!position || sql.empty()) return {};
  const auto at = locate(sql, *position);
  if (!is_syntax_class(error_class)) {
    return base::concat("; line ", at.line, " pos ", at.column);
  }
  return base::concat(" (line ", at.line, ", pos ", at.column, ")", excerpt(sql, at));
}

}  // namespace

std::string_view sqlstate_of(std::string_view error_class) noexcept {
  const auto main_class = error_class.substr(0, error_class.find('.'));
  const auto found = std::find_if(kStates.begin(), kStates.end(), [&](const ClassState& row) {
    return row.error_class == main_class;
  });
  return found == kStates.end() ? std::string_view("XX000") : found->sqlstate;
}

EngineError make_sql_error(std::string_view error_class, std::string_view text,
                           std::string_view sql, SourcePosition position) {
  const auto state = sqlstate_of(error_class);
  return {.sqlstate = std::string(state),
          .error_class = std::string(error_class),
          .message = base::concat("[", error_class, "] ", text, " SQLSTATE: ", state,
                                  place(error_class, sql, position))};
}

void throw_sql_error(std::string_view error_class, std::string_view text, std::string_view sql,
                     SourcePosition position) {
  throw make_sql_error(error_class, text, sql, position);
}

EngineError make_cancelled_error() {
  return make_sql_error("OPERATION_CANCELED", "The statement was cancelled before it finished.");
}

std::string quote_for_message(std::string_view identifier) {
  std::string quoted = "`";
  for (const char c : identifier) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted += '`';
}

}  // namespace dbsql::warehouse
