#include "warehouse/sql_functions.h"

#include "base/text.h"
#include "warehouse/sql_error.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

constexpr int kAnyCount = -1;

/// One function and its form in the engine: `$1` is the first argument, `$*` all of them.
struct FunctionRule {
  std::string_view name;
  int arguments;
  std::string_view form;
};

constexpr std::string_view kSizeForm =
    "CAST(CASE json_type(to_json($1)) WHEN 'ARRAY' THEN json_array_length(to_json($1)) "
    "WHEN 'OBJECT' THEN len(json_keys(to_json($1))) END AS INTEGER)";

constexpr std::string_view kTypeofForm =
    "CASE typeof($1) WHEN 'INTEGER' THEN 'int' WHEN 'VARCHAR' THEN 'string' "
    "WHEN 'BLOB' THEN 'binary' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp' "
    "WHEN 'TIMESTAMP' THEN 'timestamp_ntz' WHEN 'JSON' THEN 'variant' WHEN '\"NULL\"' THEN 'void' "
    "WHEN 'HUGEINT' THEN 'bigint' ELSE lower(typeof($1)) END";

constexpr auto kRules = std::to_array<FunctionRule>({
    // Collections
    {"array", kAnyCount, "list_value($*)"},
    {"size", 1, kSizeForm},
    {"cardinality", 1, kSizeForm},
    {"array_size", 1, "CAST(len($1) AS INTEGER)"},
    {"element_at", 2, "($1)[$2]"},
    {"try_element_at", 2, "($1)[$2]"},
    {"get", 2, "($1)[($2) + 1]"},
    {"sequence", 2, "generate_series($1, $2)"},
    {"sequence", 3, "generate_series($1, $2, $3)"},
    {"sort_array", 1, "list_sort($1)"},
    {"sort_array", 2, "CASE WHEN $2 THEN list_sort($1) ELSE list_reverse_sort($1) END"},
    {"array_join", 2, "array_to_string($1, $2)"},
    {"array_remove", 2, "list_filter($1, x__ -> x__ <> ($2))"},
    {"array_repeat", 2, "list_transform(range($2), x__ -> $1)"},
    {"array_union", 2, "list_distinct(list_concat($1, $2))"},
    {"array_intersect", 2, "list_intersect($1, $2)"},
    {"array_min", 1, "list_min($1)"},
    {"array_max", 1, "list_max($1)"},
    {"arrays_overlap", 2, "list_has_any($1, $2)"},
    {"slice", 3, "list_slice($1, $2, ($2) + ($3) - 1)"},
    {"transform", 2, "list_transform($1, $2)"},
    {"filter", 2, "list_filter($1, $2)"},
    {"exists", 2, "(len(list_filter($1, $2)) > 0)"},
    {"forall", 2, "(len(list_filter($1, $2)) = len($1))"},
    {"map_from_arrays", 2, "map($1, $2)"},
    {"map_from_entries", 1, "map_from_entries($1)"},
    {"map_contains_key", 2, "map_contains($1, $2)"},
    {"explode", 1, "unnest($1)"},
    {"explode_outer", 1, "unnest(CASE WHEN len($1) > 0 THEN $1 ELSE [NULL] END)"},
    // Conditions
    {"if", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"},
    {"iff", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"},
    {"nvl", 2, "coalesce($1, $2)"},
    {"nvl2", 3, "CASE WHEN ($1) IS NOT NULL THEN $2 ELSE $3 END"},
    {"isnull", 1, "(($1) IS NULL)"},
    {"isnotnull", 1, "(($1) IS NOT NULL)"},
    {"isnan", 1, "isnan($1)"},
    {"try_divide", 2, "system.main.\"/\"($1, nullif($2, 0))"},
    {"try_add", 2, "try(($1) + ($2))"},
    {"try_subtract", 2, "try(($1) - ($2))"},
    {"try_multiply", 2, "try(($1) * ($2))"},
    {"try_to_number", 1, "try_cast($1 AS DECIMAL(38, 0))"},
    {"raise_error", 1, "error(CAST($1 AS VARCHAR))"},
    {"equal_null", 2, "(($1) IS NOT DISTINCT FROM ($2))"},
    {"typeof", 1, kTypeofForm},
    // Text
    {"char_length", 1, "length($1)"},
    {"character_length", 1, "length($1)"},
    {"len", 1, "length($1)"},
    {"octet_length", 1, "octet_length(encode($1))"},
    {"ucase", 1, "upper($1)"},
    {"lcase", 1, "lower($1)"},
    {"charindex", 2, "instr($2, $1)"},
    {"locate", 2, "instr($2, $1)"},
    {"split", 2, "string_split_regex($1, $2)"},
    {"split_part", 3, "split_part($1, $2, $3)"},
    {"regexp_extract", 2, "regexp_extract($1, $2, 1)"},
    {"regexp_replace", 3, "regexp_replace($1, $2, $3, 'g')"},
    {"regexp_like", 2, "regexp_matches($1, $2)"},
    {"rlike", 2, "regexp_matches($1, $2)"},
    {"regexp", 2, "regexp_matches($1, $2)"},
    {"regexp_count", 2, "len(regexp_extract_all($1, $2))"},
    {"replace", 2, "replace($1, $2, '')"},
    {"lpad", 2, "lpad($1, CAST($2 AS INTEGER), ' ')"},
    {"rpad", 2, "rpad($1, CAST($2 AS INTEGER), ' ')"},
    {"btrim", 1, "trim($1)"},
    {"btrim", 2, "trim($1, $2)"},
    {"space", 1, "repeat(' ', $1)"},
    {"char", 1, "chr(CAST($1 AS INTEGER))"},
    {"initcap", 1,
     "array_to_string(list_transform(string_split($1, ' '), x__ -> "
     "upper(x__[1]) || lower(x__[2:])), ' ')"},
    {"unbase64", 1, "from_base64($1)"},
    {"base64", 1, "to_base64(dbsql_to_binary($1))"},
    {"encode", 2, "encode($1)"},
    {"decode", 2, "decode($1)"},
    {"to_binary", 1, "unhex($1)"},
    {"sha", 1, "sha1($1)"},
    {"sha2", 2, "sha256($1)"},
    {"format_string", kAnyCount, "printf($*)"},
    // Numbers
    {"ceil", 1, "CAST(ceil($1) AS BIGINT)"},
    {"ceiling", 1, "CAST(ceil($1) AS BIGINT)"},
    {"floor", 1, "CAST(floor($1) AS BIGINT)"},
    {"power", 2, "pow($1, $2)"},
    {"rand", 0, "random()"},
    {"negative", 1, "(-($1))"},
    {"positive", 1, "(+($1))"},
    {"pmod", 2, "((($1) % ($2)) + ($2)) % ($2)"},
    {"shiftleft", 2, "(($1) << ($2))"},
    {"shiftright", 2, "(($1) >> ($2))"},
    {"e", 0, "exp(1)"},
    {"log10", 1, "log10($1)"},
    {"log", 1, "ln($1)"},
    {"bround", 1, "round_even($1, 0)"},
    {"bround", 2, "round_even($1, $2)"},
    // Dates and times
    {"current_timestamp", 0, "now()"},
    {"localtimestamp", 0, "CAST(now() AS TIMESTAMP)"},
    {"current_date", 0, "CAST(now() AS DATE)"},
    {"curdate", 0, "CAST(now() AS DATE)"},
    {"current_timezone", 0, "current_setting('TimeZone')"},
    {"to_date", 1, "CAST($1 AS DATE)"},
    {"to_timestamp", 1, "CAST($1 AS TIMESTAMPTZ)"},
    {"to_timestamp_ntz", 1, "CAST($1 AS TIMESTAMP)"},
    {"try_to_timestamp", 1, "TRY_CAST($1 AS TIMESTAMPTZ)"},
    {"date_add", 2, "(CAST($1 AS DATE) + CAST($2 AS INTEGER))"},
    {"date_sub", 2, "(CAST($1 AS DATE) - CAST($2 AS INTEGER))"},
    {"datediff", 2, "CAST(date_diff('day', CAST($2 AS DATE), CAST($1 AS DATE)) AS INTEGER)"},
    {"date_diff", 2, "CAST(date_diff('day', CAST($2 AS DATE), CAST($1 AS DATE)) AS INTEGER)"},
    {"add_months", 2, "CAST(CAST($1 AS DATE) + to_months(CAST($2 AS INTEGER)) AS DATE)"},
    {"date_part", 2, "date_part($1, $2)"},
    {"year", 1, "CAST(year(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"month", 1, "CAST(month(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"day", 1, "CAST(day(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"dayofmonth", 1, "CAST(day(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"hour", 1, "CAST(hour(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"minute", 1, "CAST(minute(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"second", 1, "CAST(second(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"quarter", 1, "CAST(quarter(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"dayofyear", 1, "CAST(dayofyear(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"weekofyear", 1, "CAST(weekofyear(CAST($1 AS TIMESTAMP)) AS INTEGER)"},
    {"dayofweek", 1, "CAST(dayofweek(CAST($1 AS TIMESTAMP)) + 1 AS INTEGER)"},
    {"weekday", 1, "CAST(isodow(CAST($1 AS TIMESTAMP)) - 1 AS INTEGER)"},
    {"unix_timestamp", 0, "CAST(floor(epoch(now())) AS BIGINT)"},
    {"unix_timestamp", 1, "CAST(floor(epoch(CAST($1 AS TIMESTAMPTZ))) AS BIGINT)"},
    {"to_unix_timestamp", 1, "CAST(floor(epoch(CAST($1 AS TIMESTAMPTZ))) AS BIGINT)"},
    {"from_unixtime", 1, "strftime(CAST(to_timestamp($1) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S')"},
    {"timestamp_seconds", 1, "to_timestamp($1)"},
    {"timestamp_millis", 1, "CAST(epoch_ms(CAST($1 AS BIGINT)) AT TIME ZONE 'UTC' AS TIMESTAMPTZ)"},
    {"timestamp_micros", 1, "(make_timestamp(CAST($1 AS BIGINT)) AT TIME ZONE 'UTC')"},
    {"unix_micros", 1, "epoch_us($1)"},
    {"unix_millis", 1, "epoch_ms($1)"},
    {"unix_seconds", 1, "CAST(floor(epoch($1)) AS BIGINT)"},
    {"make_timestamp", 6,
     "CAST(make_timestamp($1, $2, $3, $4, $5, CAST($6 AS DOUBLE)) AS TIMESTAMPTZ)"},
    {"make_timestamp_ntz", 6, "make_timestamp($1, $2, $3, $4, $5, CAST($6 AS DOUBLE))"},
    {"make_ym_interval", 0, "to_months(0)"},
    {"make_ym_interval", 1, "to_years($1)"},
    {"make_ym_interval", 2, "(to_years($1) + to_months($2))"},
    // Aggregates
    {"collect_list", 1, "list($1) FILTER (WHERE ($1) IS NOT NULL)"},
    {"collect_set", 1, "list(DISTINCT $1) FILTER (WHERE ($1) IS NOT NULL)"},
    {"some", 1, "bool_or($1)"},
    {"every", 1, "bool_and($1)"},
    {"percentile", 2, "quantile_cont($1, $2)"},
    {"percentile_approx", 2, "approx_quantile($1, $2)"},
    {"approx_percentile", 2, "approx_quantile($1, $2)"},
    {"first_value", 1, "first($1)"},
    {"std", 1, "stddev($1)"},
    // JSON and VARIANT
    {"parse_json", 1, "CAST($1 AS JSON)"},
    {"try_parse_json", 1, "TRY_CAST($1 AS JSON)"},
    {"to_json", 1, "CAST(to_json($1) AS VARCHAR)"},
    {"to_variant_object", 1, "to_json($1)"},
    {"get_json_object", 2, "json_extract_string($1, $2)"},
    {"variant_get", 2, "json_extract($1, $2)"},
    {"is_variant_null", 1, "(json_type($1) = 'NULL')"},
    {"schema_of_variant", 1, "json_structure($1)"},
    // Casts in the form of functions
    {"string", 1, "dbsql_to_string($1)"},
    {"boolean", 1, "CAST($1 AS BOOLEAN)"},
    {"tinyint", 1, "dbsql_to_TINYINT($1)"},
    {"smallint", 1, "dbsql_to_SMALLINT($1)"},
    {"int", 1, "dbsql_to_INTEGER($1)"},
    {"bigint", 1, "dbsql_to_BIGINT($1)"},
    {"float", 1, "CAST($1 AS FLOAT)"},
    {"double", 1, "CAST($1 AS DOUBLE)"},
    {"decimal", 1, "CAST($1 AS DECIMAL(10, 0))"},
    {"binary", 1, "dbsql_to_binary($1)"},
    {"date", 1, "CAST($1 AS DATE)"},
    {"timestamp", 1, "CAST($1 AS TIMESTAMPTZ)"},
    // The session
    {"version", 0, "'4.0.0 0000000000000000000000000000000000000000'"},
    {"uuid", 0, "CAST(uuid() AS VARCHAR)"},
});

void append_form(SqlText& out, const FunctionCall& call, std::string_view form) {
  out.append({}, call.source);
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '$' || i + 1 >= form.size()) {
      out.append(form.substr(i, 1));
      continue;
    }
    const char which = form[++i];
    if (which != '*') {
      out.append(call.arguments[static_cast<std::size_t>(which - '1')]);
      continue;
    }
    for (std::size_t k = 0; k < call.arguments.size(); ++k) {
      if (k > 0) out.append(", ");
      out.append(call.arguments[k]);
    }
  }
}

SqlText text_of(const FunctionCall& call, std::string_view form) {
  SqlText out;
  append_form(out, call, form);
  return out;
}

std::optional<SqlText> by_rule(const FunctionCall& call) {
  const auto count = static_cast<int>(call.arguments.size());
  for (const auto& rule : kRules) {
    if (rule.arguments != count && rule.arguments != kAnyCount) continue;
    if (base::equals_ignore_case(rule.name, call.name)) return text_of(call, rule.form);
  }
  return std::nullopt;
}

// map(k1, v1, k2, v2, ...)
SqlText rewrite_map(const FunctionCall& call) {
  if (call.arguments.size() % 2 != 0) {
    throw_sql_error("WRONG_NUM_ARGS", "The function `map` takes pairs of keys and values.");
  }
  SqlText out;
  out.append("map([", call.source);
  for (std::size_t i = 0; i < call.arguments.size(); i += 2) {
    if (i > 0) out.append(", ");
    out.append(call.arguments[i]);
  }
  out.append("], [");
  for (std::size_t i = 1; i < call.arguments.size(); i += 2) {
    if (i > 1) out.append(", ");
    out.append(call.arguments[i]);
  }
  out.append("])");
  return out;
}

// NULL in, NULL out; the engine's own function skips nulls.
SqlText rewrite_concat(const FunctionCall& call) {
  SqlText out;
  for (const auto& argument : call.arguments) {
    out.append(out.empty() ? "((" : ") || (", call.source);
    out.append(argument);
  }
  out.append("))");
  return out;
}

// named_struct('a', 1, 'b', 2)
SqlText rewrite_named_struct(const FunctionCall& call) {
  SqlText out;
  out.append("struct_pack(", call.source);
  for (std::size_t i = 0; i + 1 < call.arguments.size(); i += 2) {
    const auto& name = call.written[i];
    if (name.size() != 1 || name[0].kind != TokenKind::String) {
      throw_sql_error("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                      "The names of `named_struct` must be string literals.");
    }
    if (i > 0) out.append(", ");
    out.append(engine_identifier(string_value(name[0])) + " := ");
    out.append(call.arguments[i + 1]);
  }
  out.append(")");
  return out;
}

// struct(a, 1, b + 1 AS c): fields a, col2, c
std::string struct_field_name(std::span<const Token> written, std::size_t index) {
  const auto& last = written.back();
  const bool named = written.size() >= 2 && (written[written.size() - 2].is_word("AS") ||
                                             written[written.size() - 2].is_operator("."));
  if (last.is_identifier() && (named || written.size() == 1)) return identifier_value(last);
  return base::concat("col", index + 1);
}

SqlText rewrite_struct(const FunctionCall& call) {
  SqlText out;
  out.append("struct_pack(", call.source);
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) out.append(", ");
    out.append(engine_identifier(struct_field_name(call.written[i], i)) + " := ");
    out.append(call.arguments[i]);
  }
  out.append(")");
  return out;
}

// make_interval(years, months, weeks, days, hours, mins, secs), make_dt_interval(days, hours, mins,
// secs)
SqlText rewrite_interval(const FunctionCall& call, std::span<const std::string_view> functions) {
  SqlText out;
  out.append("(to_days(0)", call.source);
  for (std::size_t i = 0; i < call.arguments.size() && i < functions.size(); ++i) {
    out.append(base::concat(" + ", functions[i], "("));
    out.append(call.arguments[i]);
    out.append(")");
  }
  out.append(")");
  return out;
}

// dateadd(unit, amount, date) and datediff(unit, start, end): the unit is a bare word.
std::optional<SqlText> rewrite_unit_call(const FunctionCall& call) {
  const auto& unit = call.written[0];
  if (unit.size() != 1 || unit[0].kind != TokenKind::Word) return std::nullopt;
  const auto name = base::to_lower(unit[0].text);
  if (base::to_lower(call.name).ends_with("diff")) {
    return text_of(call, base::concat("date_diff('", name,
                                      "', CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP))"));
  }
  return text_of(call, base::concat("(($3) + to_", name, name.ends_with('s') ? "" : "s",
                                    "(CAST($2 AS INTEGER)))"));
}

// Functions with a date pattern; only literal patterns can be translated.
std::optional<SqlText> rewrite_pattern_call(const FunctionCall& call, std::string_view form) {
  const auto& written = call.written[1];
  if (written.size() != 1 || written[0].kind != TokenKind::String) return std::nullopt;
  const auto pattern = strftime_pattern(string_value(written[0]));
  if (!pattern) return std::nullopt;
  const auto at = form.find('%');
  return text_of(
      call, base::concat(form.substr(0, at), engine_string_literal(*pattern), form.substr(at + 1)));
}

std::optional<SqlText> special_case(std::string_view name, const FunctionCall& call) {
  constexpr std::array<std::string_view, 7> kInterval{
      "to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"};
  const auto count = call.arguments.size();
  if (name == "map" && count > 0) return rewrite_map(call);
  if (name == "concat" && count > 1) return rewrite_concat(call);
  if (name == "named_struct") return rewrite_named_struct(call);
  if (name == "struct" && count > 0) return rewrite_struct(call);
  if (name == "make_interval") return rewrite_interval(call, kInterval);
  if (name == "make_dt_interval") return rewrite_interval(call, std::span(kInterval).subspan(3));
  if (count == 3 && (name == "dateadd" || name == "date_add" || name == "timestampadd" ||
                     name == "datediff" || name == "date_diff" || name == "timestampdiff")) {
    return rewrite_unit_call(call);
  }
  if (count != 2) return std::nullopt;
  if (name == "date_format")
    return rewrite_pattern_call(call, "strftime(CAST($1 AS TIMESTAMP), %)");
  if (name == "from_unixtime") {
    return rewrite_pattern_call(call, "strftime(CAST(to_timestamp($1) AS TIMESTAMP), %)");
  }
  if (name == "to_date") return rewrite_pattern_call(call, "CAST(strptime($1, %) AS DATE)");
  if (name == "to_timestamp") {
    return rewrite_pattern_call(call, "CAST(strptime($1, %) AS TIMESTAMPTZ)");
  }
  return std::nullopt;
}

std::optional<SqlText> session_call(std::string_view name, const FunctionCall& call,
                                    const SessionNames& session) {
  if (!call.arguments.empty()) return std::nullopt;
  const auto literal = [&](const std::string& value) {
    return SqlText(engine_string_literal(value), call.source);
  };
  if (name == "current_catalog") return literal(session.catalog);
  if (name == "current_schema" || name == "current_database") return literal(session.schema);
  if (name == "current_user" || name == "session_user" || name == "user") {
    return literal(session.user);
  }
  return std::nullopt;
}

struct PatternRow {
  std::string_view pattern;
  std::string_view strftime;
};

// Longest first.
constexpr std::array kPatterns{
    PatternRow{"SSSSSS", "%f"}, PatternRow{"yyyy", "%Y"}, PatternRow{"EEEE", "%A"},
    PatternRow{"MMMM", "%B"},   PatternRow{"SSS", "%g"},  PatternRow{"MMM", "%b"},
    PatternRow{"EEE", "%a"},    PatternRow{"DDD", "%j"},  PatternRow{"yy", "%y"},
    PatternRow{"MM", "%m"},     PatternRow{"dd", "%d"},   PatternRow{"HH", "%H"},
    PatternRow{"hh", "%I"},     PatternRow{"mm", "%M"},   PatternRow{"ss", "%S"},
    PatternRow{"y", "%Y"},      PatternRow{"M", "%-m"},   PatternRow{"d", "%-d"},
    PatternRow{"H", "%-H"},     PatternRow{"h", "%-I"},   PatternRow{"m", "%-M"},
    PatternRow{"s", "%-S"},     PatternRow{"E", "%a"},    PatternRow{"a", "%p"},
};

}  // namespace

std::optional<std::string> strftime_pattern(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) {
    if (pattern.front() == '\'') {
      const auto close = pattern.find('\'', 1);
      if (close == std::string_view::npos) return std::nullopt;
      out += close == 1 ? "'" : pattern.substr(1, close - 1);
      pattern.remove_prefix(close + 1);
      continue;
    }
    const auto row = std::find_if(kPatterns.begin(), kPatterns.end(), [&](const PatternRow& r) {
      return pattern.starts_with(r.pattern);
    });
    if (row != kPatterns.end()) {
      out += row->strftime;
      pattern.remove_prefix(row->pattern.size());
      continue;
    }
    const char c = pattern.front();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return std::nullopt;
    out += c == '%' ? std::string("%%") : std::string(1, c);
    pattern.remove_prefix(1);
  }
  return out;
}

std::optional<SqlText> rewrite_call(const FunctionCall& call, const SessionNames& session) {
  const auto name = base::to_lower(call.name);
  if (auto text = session_call(name, call, session)) return text;
  if (auto text = special_case(name, call)) return text;
  return by_rule(call);
}

}  // namespace dbsql::warehouse
