#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_rewrite.h"
#include "warehouse/type_sql.h"

#include <algorithm>
#include <array>
#include <utility>

// The part of the rewriter that knows the shape of a query: clauses, select lists, VALUES, LATERAL
// VIEW.
namespace dbsql::warehouse {
namespace {

constexpr std::array<std::string_view, 17> kAfterSelectList{
    "FROM",  "WHERE",   "GROUP",     "HAVING", "ORDER",   "LIMIT", "OFFSET",     "UNION",  "EXCEPT",
    "MINUS", "QUALIFY", "INTERSECT", "WINDOW", "LATERAL", "SORT",  "DISTRIBUTE", "CLUSTER"};

bool starts_clause(const Token& token) {
  return std::any_of(kAfterSelectList.begin(), kAfterSelectList.end(),
                     [&](std::string_view word) { return token.is_word(word); });
}

bool opens(const Token& token) { return token.is_operator("(") || token.is_operator("["); }

bool is_set_operation(const Token& token) {
  return token.is_word("UNION") || token.is_word("INTERSECT") || token.is_word("MINUS") ||
         token.is_word("EXCEPT");
}

}  // namespace

// Clauses that are written in another way, or that change what the following tokens mean.
bool SqlRewriter::clause_step(Position& p, SqlText& out) {
  const auto& token = tokens_[p.at];
  const auto& next = peek(p.at + 1);
  if (token.is_word("SELECT")) return select_step(p, out), true;
  const bool is_query = p.previous == nullptr || p.in_from || is_set_operation(*p.previous) ||
                        p.previous->is_word("ALL");
  if (token.is_word("VALUES") && is_query) return values_step(p, out), true;
  if (token.is_word("LATERAL") && next.is_word("VIEW")) return lateral_view_step(p, out), true;
  if (token.is_word("MINUS") &&
      (next.is_word("SELECT") || next.is_word("ALL") || next.is_operator("("))) {
    out.append("EXCEPT", token.offset);
    ++p.at;
    return true;
  }
  const bool half_join = token.is_word("LEFT") && (next.is_word("SEMI") || next.is_word("ANTI"));
  if (half_join) {
    ++p.at;
    return true;
  }
  if (token.is_word("EXCEPT") && next.is_operator("(") && p.previous != nullptr &&
      p.previous->is_operator("*")) {
    out.append("EXCLUDE", token.offset);
    ++p.at;
    return true;
  }
  if (token.is_word("FROM") || token.is_word("JOIN")) {
    p.in_from = true;
  } else if (starts_clause(token) || token.is_word("ON")) {
    p.in_from = false;
  }
  return false;
}

// A table function whose column has another name in Databricks SQL.
void SqlRewriter::table_call_step(Position& p, SqlText& out, std::size_t open,
                                  std::string_view column, std::string_view form) {
  const auto close = closing(open);
  const auto at = form.find('$');
  auto end = close;
  if (tokens_[open - 1].is_word("RANGE")) {  // a fourth argument is the number of partitions
    int commas = 0;
    for (auto i = open + 1; i < close; ++i) {
      if (opens(tokens_[i])) {
        i = closing(i);
      } else if (tokens_[i].is_operator(",") && ++commas == 3) {
        end = i;
        break;
      }
    }
  }
  out.append(base::concat("(", form.substr(0, at), column, form.substr(at + 1)),
             tokens_[open - 1].offset);
  out.append(rewrite(open + 1, end));
  out.append("))");
  p.at = close + 1;
}

// The first token behind [begin, end) that does not belong to the select list.
std::size_t SqlRewriter::select_list_end(std::size_t begin, std::size_t end) const {
  for (auto at = begin; at < end; ++at) {
    const auto& token = tokens_[at];
    if (opens(token)) {
      at = closing(at);
      continue;
    }
    if (!starts_clause(token)) continue;
    const auto& before = tokens_[at - 1];
    const bool excluded_columns =
        token.is_word("EXCEPT") && before.is_operator("*") && peek(at + 1).is_operator("(");
    if (!before.is_operator(".") && !before.is_word("AS") && !excluded_columns) return at;
  }
  return end;
}

// The comma or the end behind the item that starts at `begin`; commas inside a type belong to the
// type.
std::size_t SqlRewriter::item_end(std::size_t begin, std::size_t end) const {
  for (auto at = begin; at < end; ++at) {
    if (opens(tokens_[at])) {
      at = closing(at);
    } else if (tokens_[at].is_operator("::")) {
      auto next = at + 1;
      if (read_type(tokens_, next)) at = next - 1;
    } else if (tokens_[at].is_operator(",")) {
      return at;
    }
  }
  return end;
}

bool SqlRewriter::has_set_operation(std::size_t begin, std::size_t end) const {
  for (auto at = begin; at < end; ++at) {
    if (opens(tokens_[at])) {
      at = closing(at);
    } else if (is_set_operation(tokens_[at])) {
      return true;
    }
  }
  return false;
}

void SqlRewriter::select_step(Position& p, SqlText& out) {
  out.append("SELECT", tokens_[p.at].offset);
  ++p.at;
  p.in_from = false;
  while (peek(p.at).is_word("DISTINCT") || peek(p.at).is_word("ALL")) {
    out.append(base::concat(" ", tokens_[p.at].text), tokens_[p.at].offset);
    ++p.at;
  }
  const auto list_end = select_list_end(p.at, p.end);
  const bool is_result = std::exchange(p.result_select, false);
  // In a union, columns are typed and nullable by all its branches.
  const bool alone = is_result && !has_set_operation(list_end, p.end);
  std::vector<SelectItem> items;
  for (bool first = true; p.at < list_end; first = false) {
    const auto stop = item_end(p.at, list_end);
    items.push_back(describe_select_item(tokens_.subspan(p.at, stop - p.at), &parameters_));
    out.append(first ? " " : ", ");
    out.append(item_text(items.back(), p.at, stop, alone));
    p.at = stop < list_end ? stop + 1 : stop;
    if (stop < list_end && p.at >= list_end) out.append(",");  // for the engine to complain about
  }
  const bool starred = std::any_of(items.begin(), items.end(), [](const SelectItem& item) {
    return item.form == SelectItem::Form::Star;
  });
  if (alone && !starred) items_ = std::move(items);
}

SqlText SqlRewriter::item_text(const SelectItem& item, std::size_t begin, std::size_t end,
                               bool is_result) {
  SqlText out;
  // The engine takes few words as an alias without AS.
  const auto expression_end = item.implicit_alias ? end - 1 : end;
  if (is_result && item.form == SelectItem::Form::Null) {
    out.append("CAST(NULL AS UHUGEINT)", begin < end ? tokens_[begin].offset : 0);
    if (begin + 1 < expression_end) {
      out.append(" ");
      out.append(rewrite(begin + 1, expression_end));
    }
  } else {
    out = rewrite(begin, expression_end);
  }
  if (item.implicit_alias) {
    const auto& alias = tokens_[end - 1];
    out.append(" AS " + engine_identifier(identifier_value(alias)), alias.offset);
  } else if (item.name && !item.name->empty()) {
    out.append(" AS " + engine_identifier(*item.name));
  }
  return out;
}

// FROM VALUES and VALUES as a query of its own: rows may lack parentheses, and columns are col1,
// col2, ...
void SqlRewriter::values_step(Position& p, SqlText& out) {
  const auto source = tokens_[p.at++].offset;
  SqlText rows;
  std::size_t columns = 1;
  for (bool more = true; more && p.at < p.end;) {
    const bool row = tokens_[p.at].is_operator("(");
    const auto length = row ? 0 : expression_length(tokens_.subspan(p.at, p.end - p.at));
    const auto stop = row ? closing(p.at) + 1 : p.at + std::max<std::size_t>(length, 1);
    if (row) columns = split_arguments(p.at + 1, stop - 1).size();
    if (!rows.empty()) rows.append(", ");
    if (!row) rows.append("(");
    rows.append(rewrite(p.at, stop));
    if (!row) rows.append(")");
    p.at = stop;
    more = peek(p.at).is_operator(",") && p.at < p.end;
    if (more) ++p.at;
  }
  std::string names;
  for (std::size_t i = 1; i <= columns; ++i) names += base::concat(i > 1 ? ", col" : "col", i);
  const bool table = p.in_from;
  out.append(base::concat(table ? "(" : "", "SELECT * FROM (VALUES "), source);
  out.append(rows);
  out.append(base::concat(") AS dbsql_values(", names, ")", table ? ")" : ""));
  p.result_select = false;
}

// LATERAL VIEW [OUTER] explode(x) [t] AS c
void SqlRewriter::lateral_view_step(Position& p, SqlText& out) {
  const auto source = tokens_[p.at].offset;
  p.at += 2;
  const bool outer = peek(p.at).is_word("OUTER");
  if (outer) ++p.at;
  const auto open = p.at + 1;
  if (!peek(p.at).is_word("EXPLODE") || !peek(open).is_operator("(")) {
    throw_sql_error("UNSUPPORTED_FEATURE", "LATERAL VIEW is supported with explode(...) only.",
                    sql_, source);
  }
  const auto close = closing(open);
  const auto rows = rewrite(open + 1, close);
  p.at = close + 1;
  std::string alias = base::concat("dbsql_view", ++view_count_);
  if (peek(p.at).is_identifier() && !peek(p.at).is_word("AS"))
    alias = identifier_value(tokens_[p.at++]);
  std::string column = "col";
  if (peek(p.at).is_word("AS") && peek(p.at + 1).is_identifier()) {
    column = identifier_value(tokens_[p.at + 1]);
    p.at += 2;
  }
  out.append(outer ? "LEFT JOIN LATERAL (SELECT unnest(" : "CROSS JOIN LATERAL (SELECT unnest(",
             source);
  out.append(rows);
  out.append(base::concat(") AS ", engine_identifier(column), ") AS ", engine_identifier(alias),
                          outer ? " ON TRUE" : ""));
}

}  // namespace dbsql::warehouse
