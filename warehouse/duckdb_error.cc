#include "warehouse/duckdb_error.h"

#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_rewrite.h"

#include <nlohmann/json.hpp>

#include <array>
#include <optional>

namespace dbsql::warehouse {
namespace {

/// The parts of an engine error that decide what it is.
struct EngineReport {
  std::string type;     // Parser, Catalog, Binder, Conversion, ...
  std::string message;  // first line
  std::string subtype;
  std::string object;  // Table, Schema, Scalar Function, ...
  std::string name;
  std::string candidates;
  std::optional<std::size_t> position;

  bool says(std::string_view text) const { return message.find(text) != std::string::npos; }
};

// The engine's names of physical types, as they occur in its messages.
std::string databricks_type(std::string_view engine_type) {
  struct Row {
    std::string_view engine;
    std::string_view databricks;
  };
  constexpr std::array kRows{Row{"INT8", "TINYINT"}, Row{"INT16", "SMALLINT"}, Row{"INT32", "INT"},
                             Row{"INT64", "BIGINT"}, Row{"BOOL", "BOOLEAN"}};
  for (const auto& row : kRows) {
    if (row.engine == engine_type) return std::string(row.databricks);
  }
  return std::string(engine_type);
}

// Databricks names for the engine's, in messages.
std::string with_databricks_names(std::string text) {
  for (const std::string_view name : {"main$", "memory$"}) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), databricks_catalog(name));
    }
  }
  return text;
}

EngineReport from_json(const nlohmann::json& json) {
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  EngineReport report{.type = text("exception_type"),
                      .message = text("exception_message"),
                      .subtype = text("error_subtype"),
                      .object = text("type"),
                      .name = text("name"),
                      .candidates = text("candidates"),
                      .position = base::parse_number<std::size_t>(text("position"))};
  return report;
}

// `Parser Error: syntax error ...`, perhaps with JSON behind the colon.
EngineReport parse_report(std::string_view message) {
  const auto brace = message.find('{');
  if (brace != std::string_view::npos &&
      (brace == 0 || message.substr(0, brace).ends_with("Error: "))) {
    const auto json = nlohmann::json::parse(message.substr(brace), nullptr, false);
    if (json.is_object() && json.contains("exception_message")) return from_json(json);
  }
  EngineReport report;
  const auto colon = message.find(" Error: ");
  if (colon == std::string_view::npos) {
    report.message = message;
  } else {
    report.type = message.substr(0, colon);
    report.message = message.substr(colon + 8);
  }
  return report;
}

// The first line as one sentence with one full stop.
std::string sentence(std::string_view text) {
  auto line = text.substr(0, text.find('\n'));
  while (!line.empty() && (line.back() == '.' || line.back() == '!' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  return std::string(line) + ".";
}

// The text between the first pair of double quotes.
std::string quoted_part(std::string_view text) {
  const auto open = text.find('"');
  const auto close = open == std::string_view::npos ? open : text.find('"', open + 1);
  if (close == std::string_view::npos) return {};
  return std::string(text.substr(open + 1, close - open - 1));
}

struct Verdict {
  std::string error_class;
  std::string text;
};

std::string subject(const EngineReport& report) {
  auto name = report.name.empty() ? quoted_part(report.message) : report.name;
  if (name.empty()) {  // "Table with name x does not exist"
    const auto at = report.message.find("with name ");
    if (at != std::string::npos) {
      const auto rest = report.message.substr(at + 10);
      name = rest.substr(0, rest.find(' '));
    }
  }
  std::string quoted;
  for (const auto part : base::split(name, '.')) {
    if (!quoted.empty()) quoted += '.';
    quoted += quote_for_message(part);
  }
  return quoted;
}

Verdict judge_parser(const EngineReport& report) {
  const auto near = quoted_part(report.message);
  if (report.says("at end of input")) {
    return {"PARSE_SYNTAX_ERROR", "Syntax error at or near end of input."};
  }
  if (near.empty()) return {"PARSE_SYNTAX_ERROR", "Syntax error: " + sentence(report.message)};
  return {"PARSE_SYNTAX_ERROR", base::concat("Syntax error at or near '", near, "'.")};
}

Verdict judge_existing(const EngineReport& report) {
  if (report.says("Schema with name")) {
    return {"SCHEMA_ALREADY_EXISTS",
            base::concat("The schema ", subject(report), " already exists.")};
  }
  if (report.says("Column with name")) {
    return {"COLUMN_ALREADY_EXISTS",
            base::concat("The column ", subject(report), " already exists.")};
  }
  if (report.says("Function with name")) {
    return {"ROUTINE_ALREADY_EXISTS",
            base::concat("The function ", subject(report), " already exists.")};
  }
  return {
      "TABLE_OR_VIEW_ALREADY_EXISTS",
      base::concat("The table or view ", subject(report),
                   " already exists. Choose another name, drop it first, or say IF NOT EXISTS or "
                   "OR REPLACE.")};
}

Verdict judge_missing(const EngineReport& report) {
  if (report.object.find("Function") != std::string::npos || report.says("Function with name")) {
    return {"UNRESOLVED_ROUTINE", base::concat("There is no function ", subject(report), ".")};
  }
  if (report.object == "Type" || report.says("Type with name")) {
    return {"UNSUPPORTED_DATATYPE", base::concat("There is no data type ", subject(report), ".")};
  }
  if (report.object == "Schema" || report.message.starts_with("Schema with name")) {
    return {"SCHEMA_NOT_FOUND", base::concat("The schema ", subject(report), " cannot be found.")};
  }
  if (report.message.starts_with("Catalog ")) {
    return {"NO_SUCH_CATALOG_EXCEPTION",
            base::concat("The catalog ", subject(report), " cannot be found.")};
  }
  return {"TABLE_OR_VIEW_NOT_FOUND",
          base::concat("The table or view ", subject(report),
                       " cannot be found. Check its name, and the current catalog and schema.")};
}

Verdict judge_column(const EngineReport& report) {
  const auto name = subject(report);
  if (report.candidates.empty()) {
    return {"UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
            base::concat("There is no column, variable or function parameter ", name, " here.")};
  }
  return {"UNRESOLVED_COLUMN.WITH_SUGGESTION",
          base::concat("There is no column, variable or function parameter ", name,
                       " here. Did you mean one of [", quote_for_message(report.candidates), "]?")};
}

Verdict judge_binder(const EngineReport& report) {
  if (report.subtype == "COLUMN_NOT_FOUND" || report.says("Referenced table") ||
      report.says("does not have a column named") || report.says("not found in FROM clause")) {
    return judge_column(report);
  }
  if (report.says("does not exist")) return judge_missing(report);
  if (report.says("values were supplied")) {
    return {"INSERT_COLUMN_ARITY_MISMATCH", sentence(report.message)};
  }
  if (report.says("GROUP BY clause")) return {"MISSING_AGGREGATION", sentence(report.message)};
  if (report.says("mbiguous reference")) return {"AMBIGUOUS_REFERENCE", sentence(report.message)};
  if (report.says("already exists")) return judge_existing(report);
  if (report.says("Can only") && report.says("base table")) {
    return {"EXPECT_TABLE_NOT_VIEW", sentence(report.message)};
  }
  return {"DATATYPE_MISMATCH", sentence(report.message)};
}

// "Could not convert string 'abc' to INT32": empty when the message is another one.
std::string malformed_value(const EngineReport& report) {
  constexpr std::string_view kStart = "Could not convert string '";
  const auto middle = report.message.rfind("' to ");
  if (!report.message.starts_with(kStart) || middle == std::string::npos) return {};
  const auto value = report.message.substr(kStart.size(), middle - kStart.size());
  const auto rest = report.message.substr(middle + 5);
  return base::concat("The value '", value, "' of the type \"STRING\" cannot be cast to \"",
                      databricks_type(rest.substr(0, rest.find_first_of(" \n"))),
                      "\" because it is malformed.");
}

Verdict judge_conversion(const EngineReport& report) {
  const bool decimal = report.says("type DECIMAL");
  if (decimal && report.says("out of range")) {
    return {"NUMERIC_VALUE_OUT_OF_RANGE", sentence(report.message)};
  }
  if (report.says("out of range for the destination")) {
    return {"CAST_OVERFLOW", sentence(report.message)};
  }
  const auto malformed = malformed_value(report);
  return {"CAST_INVALID_INPUT", (malformed.empty() ? sentence(report.message) : malformed) +
                                    " Correct the value, or use `try_cast` to get NULL instead."};
}

Verdict judge_input(const EngineReport& report) {
  if (report.says("DIVIDE_BY_ZERO")) {
    return {"DIVIDE_BY_ZERO", "Division by zero. Use `try_divide` to get NULL instead."};
  }
  if (report.says("Values were not provided")) {
    return {"UNBOUND_SQL_PARAMETER", "A parameter of the statement has no value."};
  }
  if (report.says("Cast")) return judge_conversion(report);
  return {"USER_RAISED_EXCEPTION", sentence(report.message)};
}

Verdict judge_constraint(const EngineReport& report) {
  if (report.says("NOT NULL")) {
    return {"DELTA_NOT_NULL_CONSTRAINT_VIOLATED", sentence(report.message)};
  }
  return {"DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", sentence(report.message)};
}

Verdict judge_transaction(const EngineReport& report) {
  if (report.says("onflict")) return {"DELTA_CONCURRENT_APPEND", sentence(report.message)};
  return {"MULTI_STATEMENT_TRANSACTION_ROLLBACK_REQUIRED_AFTER_ABORT", sentence(report.message)};
}

Verdict judge_catalog(const EngineReport& report) {
  if (report.says("already exists")) return judge_existing(report);
  if (report.subtype == "MISSING_ENTRY" || report.says("does not exist") ||
      report.says("not found")) {
    return judge_missing(report);
  }
  if (report.says("trying to replace with type") || report.says("is of type")) {
    return {"WRONG_COMMAND_FOR_OBJECT_TYPE", sentence(report.message)};
  }
  return {"INTERNAL_ERROR", sentence(report.message)};
}

Verdict judge_overflow(const EngineReport& report) {
  return {"ARITHMETIC_OVERFLOW",
          sentence(report.message) + " Use `try_add` and its siblings to get NULL instead."};
}

Verdict judge_dependency(const EngineReport&) {
  return {"SCHEMA_NOT_EMPTY",
          "The object cannot be dropped because others depend on it; add CASCADE."};
}

Verdict judge_unsupported(const EngineReport& report) {
  return {"UNSUPPORTED_FEATURE", sentence(report.message)};
}

struct TypeRow {
  std::string_view type;
  Verdict (*judge)(const EngineReport&);
};

constexpr std::array kJudges{
    TypeRow{"Parser", judge_parser},          TypeRow{"Syntax", judge_parser},
    TypeRow{"Catalog", judge_catalog},        TypeRow{"Binder", judge_binder},
    TypeRow{"Conversion", judge_conversion},  TypeRow{"Mismatch Type", judge_conversion},
    TypeRow{"Out of Range", judge_overflow},  TypeRow{"Invalid Input", judge_input},
    TypeRow{"Constraint", judge_constraint},  TypeRow{"TransactionContext", judge_transaction},
    TypeRow{"Dependency", judge_dependency},  TypeRow{"Not implemented", judge_unsupported},
    TypeRow{"Permission", judge_unsupported},
};

Verdict judge(const EngineReport& report) {
  for (const auto& row : kJudges) {
    if (report.type == row.type) return row.judge(report);
  }
  return {"INTERNAL_ERROR", sentence(report.message)};
}

}  // namespace

EngineError translate_engine_error(std::string_view engine_message, std::string_view sql,
                                   const SqlText& translated) {
  const auto report = parse_report(engine_message);
  if (base::equals_ignore_case(report.type, "interrupt")) return make_cancelled_error();
  const auto verdict = judge(report);
  SourcePosition position;
  // Errors about values may point into a macro of ours, which is no place in the client's
  // statement.
  const bool about_values = report.type == "Conversion" || report.type == "Invalid Input";
  if (report.position && !sql.empty() && !about_values) {
    const bool at_end = *report.position >= translated.size();
    position = at_end ? sql.size() : translated.source_of(*report.position);
  }
  return make_sql_error(verdict.error_class, with_databricks_names(verdict.text), sql, position);
}

}  // namespace dbsql::warehouse
