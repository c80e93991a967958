#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_interval.h"
#include "warehouse/sql_rewrite.h"
#include "warehouse/type_sql.h"

#include <algorithm>
#include <array>

// The part of the rewriter for literals and casts.
namespace dbsql::warehouse {
namespace {

bool is_interval(const SqlType& type) {
  return type.kind == TypeKind::YearMonthInterval || type.kind == TypeKind::DayTimeInterval;
}

// What stands around the operand of a cast. Some types are converted by macros of ours, because
// Databricks cuts fractions off where the engine rounds, and has its own text of timestamps and
// bytes.
struct CastFrame {
  std::string before;
  std::string after;
};

CastFrame cast_frame(const SqlType& type, bool strict) {
  switch (type.kind) {
    case TypeKind::TinyInt:
    case TypeKind::SmallInt:
    case TypeKind::Int:
    case TypeKind::BigInt:
      return {base::concat(strict ? "dbsql_to_" : "dbsql_try_to_", engine_type_text(type), "("),
              ")"};
    case TypeKind::String:
    case TypeKind::Varchar:
    case TypeKind::Char:
      return {"dbsql_to_string(", ")"};
    case TypeKind::Binary:
      return {"dbsql_to_binary(", ")"};
    case TypeKind::Variant:
      return {"to_json(", ")"};
    default:
      return {strict ? "CAST(" : "TRY_CAST(", base::concat(" AS ", engine_type_text(type), ")")};
  }
}

}  // namespace

// Adjacent strings are one string.
void SqlRewriter::string_step(Position& p, SqlText& out) {
  const auto source = tokens_[p.at].offset;
  std::string value;
  for (; p.at < p.end && tokens_[p.at].kind == TokenKind::String; ++p.at) {
    value += string_value(tokens_[p.at]);
  }
  out.append(engine_string_literal(value), source);
}

void SqlRewriter::binary_step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at++];
  const auto bytes = binary_value(token);
  if (!bytes) {
    throw_sql_error("INVALID_TYPED_LITERAL",
                    base::concat("The value of the literal ", token.text, " is not hexadecimal."),
                    sql_, token.offset);
  }
  out.append(engine_blob_literal(*bytes), token.offset);
}

// 10L, 1.5BD, 1e3F: a suffix names the type; whole numbers beyond BIGINT are DECIMAL(n,0).
void SqlRewriter::number_step(Position& p, SqlText& out) {
  struct Suffix {
    std::string_view text;
    std::string_view type;
  };
  constexpr std::array kSuffixes{Suffix{"BD", "DECIMAL"}, Suffix{"L", "BIGINT"},
                                 Suffix{"S", "SMALLINT"}, Suffix{"Y", "TINYINT"},
                                 Suffix{"F", "FLOAT"},    Suffix{"D", "DOUBLE"}};
  const auto& token = tokens_[p.at++];
  const auto digits_end = token.text.find_last_of("0123456789.") + 1;
  const auto digits = token.text.substr(0, digits_end);
  const auto suffix = base::to_upper(token.text.substr(digits_end));
  if (suffix.empty()) {
    const bool whole = digits.find_first_of(".eE") == std::string_view::npos;
    const bool huge = whole && !base::parse_number<std::int64_t>(digits);
    if (huge && digits.size() <= 38) {
      return out.append(base::concat("CAST(", digits, " AS DECIMAL(", digits.size(), ", 0))"),
                        token.offset);
    }
    return out.append(token.text, token.offset);
  }
  const auto row = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                [&](const Suffix& s) { return s.text == suffix; });
  if (row == kSuffixes.end()) return out.append(token.text, token.offset);
  std::string type(row->type);
  if (suffix == "BD") {
    const auto dot = std::min(digits.find('.'), digits.size());
    const auto scale = dot == digits.size() ? 0 : digits.size() - dot - 1;
    const auto precision = std::max(digits.size() - (dot == digits.size() ? 0 : 1), std::size_t{1});
    type += base::concat("(", precision, ", ", scale, ")");
  }
  out.append(base::concat("CAST(", digits, " AS ", type, ")"), token.offset);
}

bool SqlRewriter::typed_literal_step(Position& p, SqlText& out) {
  struct Row {
    std::string_view word;
    std::string_view engine;
  };
  constexpr std::array kRows{Row{"DATE", "DATE "}, Row{"TIMESTAMP", "TIMESTAMPTZ "},
                             Row{"TIMESTAMP_LTZ", "TIMESTAMPTZ "},
                             Row{"TIMESTAMP_NTZ", "TIMESTAMP "}};
  if (peek(p.at + 1).kind != TokenKind::String) return false;
  for (const auto& row : kRows) {
    if (!tokens_[p.at].is_word(row.word)) continue;
    out.append(row.engine, tokens_[p.at++].offset);
    string_step(p, out);
    return true;
  }
  return false;
}

bool SqlRewriter::interval_step(Position& p, SqlText& out) {
  if (!tokens_[p.at].is_word("INTERVAL")) return false;
  auto next = p.at + 1;
  const auto value = read_interval_literal(tokens_, next);
  if (!value) return false;
  out.append(engine_interval(*value), tokens_[p.at].offset);
  p.at = next;
  return true;
}

// The AS in CAST(expression AS type); `close` when there is none.
std::size_t SqlRewriter::find_cast_as(std::size_t open, std::size_t close) const {
  int depth = 0;
  for (auto at = close - 1; at > open; --at) {
    const auto& token = tokens_[at];
    if (token.is_operator(")") || token.is_operator("]")) ++depth;
    if (token.is_operator("(") || token.is_operator("[")) --depth;
    if (depth == 0 && token.is_word("AS")) return at;
  }
  return close;
}

SqlType SqlRewriter::require_type(std::size_t& at, std::size_t end) const {
  const auto begin = at;
  const auto type = read_type(tokens_, at);
  if (type && (end == 0 || at == end)) return *type;
  const auto stop = end == 0 ? begin : end - 1;
  const auto from = peek(begin).offset;
  const auto text = sql_.substr(from, peek(stop).offset + peek(stop).text.size() - from);
  throw_sql_error("UNSUPPORTED_DATATYPE",
                  base::concat("Unsupported data type \"", base::to_upper(text), "\"."), sql_,
                  from);
}

bool SqlRewriter::cast_step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at];
  const bool is_cast = token.is_word("CAST") || token.is_word("TRY_CAST");
  if (!is_cast || !peek(p.at + 1).is_operator("(")) return false;
  const auto open = p.at + 1;
  const auto close = closing(open);
  const auto as = find_cast_as(open, close);
  if (as == close) return false;
  auto type_at = as + 1;
  const auto type = require_type(type_at, close);
  p.at = close + 1;
  if (is_interval(type) && as == open + 2 && tokens_[open + 1].kind == TokenKind::String) {
    if (const auto value = parse_interval_value(string_value(tokens_[open + 1]), type)) {
      out.append(engine_interval(*value), token.offset);
      return true;
    }
  }
  const auto frame = cast_frame(type, token.is_word("CAST") && session_.ansi);
  out.append(frame.before, token.offset);
  out.append(rewrite(open + 1, as));
  out.append(frame.after);
  return true;
}

void SqlRewriter::double_colon_step(Position& p, SqlText& out) {
  const auto source = tokens_[p.at++].offset;
  const auto type = require_type(p.at, 0);
  const auto frame = cast_frame(type, session_.ansi);
  out.insert(p.operand, frame.before);
  out.append(frame.after, source);
}

}  // namespace dbsql::warehouse
