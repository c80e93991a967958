#include "warehouse/sql_rewrite.h"

#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/type_sql.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

constexpr int kMaxDepth = 500;

// Words in front of a parenthesis that are no function names.
constexpr std::array<std::string_view, 44> kBeforeParenthesis{
    "ALL",  "AND",    "ANY",    "AS",      "BETWEEN", "BY",         "CASE",   "CHECK",  "CUBE",
    "ELSE", "EXCEPT", "EXISTS", "FILTER",  "FROM",    "GROUP",      "HAVING", "IN",     "INTERSECT",
    "INTO", "IS",     "JOIN",   "LATERAL", "LIKE",    "LIMIT",      "MINUS",  "NOT",    "OFFSET",
    "ON",   "OR",     "OVER",   "PIVOT",   "QUALIFY", "REFERENCES", "ROLLUP", "SELECT", "SETS",
    "SOME", "THEN",   "UNION",  "UNPIVOT", "USING",   "VALUES",     "WHEN",   "WHERE"};

template <std::size_t N>
bool is_one_of(const Token& token, const std::array<std::string_view, N>& words) {
  return token.kind == TokenKind::Word &&
         std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return token.is_word(word); });
}

bool opens(const Token& token) { return token.is_operator("(") || token.is_operator("["); }
bool closes(const Token& token) { return token.is_operator(")") || token.is_operator("]"); }

}  // namespace

std::string engine_catalog(std::string_view catalog) {
  const bool reserved =
      base::equals_ignore_case(catalog, "main") || base::equals_ignore_case(catalog, "memory");
  return reserved ? base::to_lower(catalog) + "$" : std::string(catalog);
}

std::string_view databricks_catalog(std::string_view engine_name) {
  return engine_name == "main$" || engine_name == "memory$"
             ? engine_name.substr(0, engine_name.size() - 1)
             : engine_name;
}

std::size_t SqlRewriter::closing(std::size_t open) const {
  int depth = 0;
  for (auto i = open; i < tokens_.size(); ++i) {
    if (opens(tokens_[i])) ++depth;
    if (closes(tokens_[i]) && --depth == 0) return i;
  }
  throw_sql_error("PARSE_SYNTAX_ERROR",
                  base::concat("Syntax error at or near end of input: '", tokens_[open].text,
                               "' is not closed."),
                  sql_, tokens_[open].offset);
}

SqlText SqlRewriter::rewrite(std::size_t begin, std::size_t end) {
  if (++depth_ > kMaxDepth) {
    throw_sql_error("UNSUPPORTED_FEATURE", "The statement is nested too deeply.");
  }
  SqlText out;
  Position p{.at = begin, .end = end};
  while (p.at < end) step(p, out);
  --depth_;
  return out;
}

SqlText SqlRewriter::rewrite_query(std::size_t begin, std::size_t end) {
  SqlText out;
  Position p{.at = begin, .end = end, .result_select = true};
  while (p.at < end) step(p, out);
  return out;
}

void SqlRewriter::step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at];
  if (token.spaced && !out.empty()) out.append(" ");
  switch (token.kind) {
    case TokenKind::Word:
      word_step(p, out);
      break;
    case TokenKind::QuotedIdentifier:
      p.operand = out.size();
      chain_step(p, out);
      break;
    case TokenKind::Operator:
      operator_step(p, out);
      break;
    default:
      literal_step(p, out);
  }
  p.previous = &tokens_[p.at - 1];
}

void SqlRewriter::literal_step(Position& p, SqlText& out) {
  p.operand = out.size();
  const auto& token = tokens_[p.at];
  switch (token.kind) {
    case TokenKind::String:
      return string_step(p, out);
    case TokenKind::Number:
      return number_step(p, out);
    case TokenKind::Binary:
      return binary_step(p, out);
    default:
      out.append(parameters_.bind(token), token.offset);
      ++p.at;
  }
}

void SqlRewriter::word_step(Position& p, SqlText& out) {
  if (keyword_step(p, out)) return;
  p.operand = out.size();
  if (typed_literal_step(p, out) || interval_step(p, out) || cast_step(p, out)) return;
  chain_step(p, out);
}

bool SqlRewriter::keyword_step(Position& p, SqlText& out) {
  return peek(p.at + 1).is_operator(".") ? false : clause_step(p, out) || predicate_step(p, out);
}

bool SqlRewriter::predicate_step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at];
  const auto& next = peek(p.at + 1);
  if (token.is_word("DIV")) {
    out.append("//", token.offset);
    ++p.at;
    return true;
  }
  const auto is_regexp = [](const Token& t) { return t.is_word("RLIKE") || t.is_word("REGEXP"); };
  if (token.is_word("NOT") && is_regexp(next)) {
    ++p.at;
    return regexp_step(p, out, true), true;
  }
  if (is_regexp(token) && !next.is_operator("(") && p.previous != nullptr) {
    return regexp_step(p, out, false), true;
  }
  if ((token.is_word("LIKE") || token.is_word("ILIKE")) && next.kind == TokenKind::String) {
    return like_step(p, out), true;
  }
  return false;
}

// `x RLIKE p` finds a part; the engine's ~ wants the whole. One primary expression is the pattern.
void SqlRewriter::regexp_step(Position& p, SqlText& out, bool negated) {
  out.append(negated ? "!~ ('(?s:.*)(?:' || " : "~ ('(?s:.*)(?:' || ", tokens_[p.at++].offset);
  auto pattern_end = p.at + 1;
  while (peek(pattern_end).is_operator(".") && pattern_end + 1 < p.end) pattern_end += 2;
  if (pattern_end < p.end && opens(tokens_[pattern_end]) && tokens_[p.at].is_identifier()) {
    pattern_end = closing(pattern_end) + 1;
  } else if (p.at < p.end && opens(tokens_[p.at])) {
    pattern_end = closing(p.at) + 1;
  }
  out.append(rewrite(p.at, std::min(pattern_end, p.end)));
  out.append(" || ')(?s:.*)')");
  p.at = std::min(pattern_end, p.end);
}

// In Databricks SQL a backslash escapes in LIKE patterns; in the engine only where ESCAPE says so.
void SqlRewriter::like_step(Position& p, SqlText& out) {
  out.append(tokens_[p.at].text, tokens_[p.at].offset);
  out.append(" ");
  ++p.at;
  const auto start = p.at;
  string_step(p, out);
  bool escaped = false;
  for (auto i = start; i < p.at; ++i) {
    escaped |= string_value(tokens_[i]).find('\\') != std::string::npos;
  }
  if (escaped && !peek(p.at).is_word("ESCAPE")) out.append(" ESCAPE '\\'");
}

SqlText SqlRewriter::qualified_name(std::size_t& at) {
  std::vector<const Token*> parts;
  while (tokens_[at].is_identifier()) {
    parts.push_back(&tokens_[at++]);
    if (!tokens_[at].is_operator(".") || !tokens_[at + 1].is_identifier()) break;
    ++at;
  }
  SqlText out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.append(".");
    const auto value = identifier_value(*parts[i]);
    const auto renamed = i == 0 && parts.size() >= 3 ? engine_catalog(value) : value;
    const bool quote = parts[i]->kind == TokenKind::QuotedIdentifier || renamed != value ||
                       (parts.size() > 1 && parts[i]->is_word("DEFAULT"));
    out.append(quote ? engine_identifier(renamed) : renamed, parts[i]->offset);
  }
  return out;
}

void SqlRewriter::chain_step(Position& p, SqlText& out) {
  const auto begin = p.at;
  auto name = qualified_name(p.at);
  const bool subquery = peek(p.at + 1).is_word("SELECT") || peek(p.at + 1).is_word("WITH");
  const bool is_call = !is_one_of(tokens_[begin], kBeforeParenthesis) ||
                       (tokens_[begin].is_word("EXISTS") && !subquery);
  if (p.at < p.end && tokens_[p.at].is_operator("(") && is_call) {
    return call_step(p, out, begin, p.at);
  }
  out.append(name);
}

std::vector<std::span<const Token>> SqlRewriter::split_arguments(std::size_t begin,
                                                                 std::size_t end) const {
  std::vector<std::span<const Token>> arguments;
  for (auto at = begin; at < end;) {
    const auto stop = item_end(at, end);
    arguments.push_back(tokens_.subspan(at, stop - at));
    at = stop + 1;
  }
  return arguments;
}

void SqlRewriter::call_step(Position& p, SqlText& out, std::size_t name_begin, std::size_t open) {
  const auto close = closing(open);
  const auto& name = tokens_[name_begin];
  p.at = close + 1;
  const bool unqualified = open == name_begin + 1;
  if (p.in_from && unqualified) {
    if (name.is_word("RANGE"))
      return table_call_step(p, out, open, "id", "SELECT \"range\" AS $ FROM range(");
    if (name.is_word("EXPLODE"))
      return table_call_step(p, out, open, "col", "SELECT unnest AS $ FROM unnest(");
  }
  if (unqualified) {
    const auto written = split_arguments(open + 1, close);
    std::vector<SqlText> arguments;
    for (const auto& argument : written) {
      const auto begin = static_cast<std::size_t>(argument.data() - tokens_.data());
      const bool aliased = argument.size() > 2 && argument[argument.size() - 2].is_word("AS");
      arguments.push_back(rewrite(begin, begin + argument.size() - (aliased ? 2 : 0)));
    }
    const FunctionCall call{
        .name = name.text, .source = name.offset, .arguments = arguments, .written = written};
    if (const auto text = rewrite_call(call, session_)) return out.append(*text);
  }
  auto at = name_begin;
  out.append(qualified_name(at));
  out.append("(", tokens_[open].offset);
  out.append(rewrite(open + 1, close));
  out.append(")", tokens_[close].offset);
}

void SqlRewriter::operator_step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at];
  if (token.text == "(") return parenthesis_step(p, out);
  if (token.text == "::") return double_colon_step(p, out);
  const bool after_operand =
      p.previous != nullptr && (p.previous->is_identifier() || closes(*p.previous));
  if (token.text == "[" && after_operand) return subscript_step(p, out);
  if (token.text == ":" && after_operand && peek(p.at + 1).is_identifier())
    return path_step(p, out);
  ++p.at;
  if (token.text == "==") return out.append("=", token.offset);
  if (token.text == "!") return out.append("NOT ", token.offset);
  if (token.text == "<=>") return out.append(" IS NOT DISTINCT FROM ", token.offset);
  if (token.text == "^") {
    throw_sql_error("UNSUPPORTED_FEATURE", "The operator ^ is not supported; use xor(a, b).", sql_,
                    token.offset);
  }
  out.append(token.text, token.offset);
}

void SqlRewriter::parenthesis_step(Position& p, SqlText& out) {
  const auto close = closing(p.at);
  p.operand = out.size();
  out.append("(", tokens_[p.at].offset);
  out.append(rewrite(p.at + 1, close));
  out.append(")", tokens_[close].offset);
  p.at = close + 1;
}

// Arrays count from 0 here and from 1 in the engine; maps are looked up by key in both. Which one
// the operand is, only the engine knows, so the index asks it.
void SqlRewriter::subscript_step(Position& p, SqlText& out) {
  const auto close = closing(p.at);
  const auto index = rewrite(p.at + 1, close);
  const bool by_key = close == p.at + 2 && tokens_[p.at + 1].kind == TokenKind::String;
  const auto operand = out.text().substr(p.operand);
  out.append("[", tokens_[p.at].offset);
  out.append(index);
  if (!by_key) out.append(base::concat(" + CAST(typeof(", operand, ") LIKE '%]' AS INTEGER)"));
  out.append("]");
  p.at = close + 1;
}

// v:field.inner[0] reads inside a VARIANT.
void SqlRewriter::path_step(Position& p, SqlText& out) {
  std::string path = "$";
  const auto source = tokens_[p.at].offset;
  ++p.at;
  const auto add_field = [&] {
    path += base::concat(".\"", identifier_value(tokens_[p.at++]), "\"");
  };
  add_field();
  while (p.at < p.end) {
    const bool index = tokens_[p.at].is_operator("[") && peek(p.at + 1).kind == TokenKind::Number &&
                       peek(p.at + 2).is_operator("]");
    if (index) {
      path += base::concat("[", tokens_[p.at + 1].text, "]");
      p.at += 3;
    } else if (tokens_[p.at].is_operator(".") && peek(p.at + 1).is_identifier()) {
      ++p.at;
      add_field();
    } else {
      break;
    }
  }
  out.insert(p.operand, "json_extract(");
  out.append(base::concat(", ", engine_string_literal(path), ")"), source);
}

}  // namespace dbsql::warehouse
