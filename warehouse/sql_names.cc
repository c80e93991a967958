#include "warehouse/sql_names.h"

#include "base/text.h"
#include "warehouse/sql_interval.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

const Token kEnd{};

struct BinaryOperator {
  std::string_view text;
  int precedence;
  std::string_view printed;  // empty: as `text`
};

constexpr std::array kBinary{
    BinaryOperator{"OR", 1, ""},  BinaryOperator{"AND", 2, ""},    BinaryOperator{"=", 4, ""},
    BinaryOperator{"==", 4, "="}, BinaryOperator{"<=>", 4, ""},    BinaryOperator{"<", 4, ""},
    BinaryOperator{"<=", 4, ""},  BinaryOperator{">", 4, ""},      BinaryOperator{">=", 4, ""},
    BinaryOperator{"|", 5, ""},   BinaryOperator{"&", 6, ""},      BinaryOperator{"+", 8, ""},
    BinaryOperator{"-", 8, ""},   BinaryOperator{"*", 9, ""},      BinaryOperator{"/", 9, ""},
    BinaryOperator{"%", 9, ""},   BinaryOperator{"DIV", 9, "div"},
};
constexpr int kComparison = 4;
constexpr int kConcat = 7;
constexpr int kUnary = 10;

// Words that end an operand rather than being one.
constexpr std::array<std::string_view, 34> kNotOperands{
    "AND",   "OR",     "AS",    "FROM",   "WHERE",     "GROUP",   "ORDER", "HAVING", "LIMIT",
    "UNION", "EXCEPT", "RLIKE", "REGEXP", "ON",        "JOIN",    "THEN",  "ELSE",   "WHEN",
    "END",   "IN",     "IS",    "LIKE",   "RLIKE",     "BETWEEN", "OVER",  "USING",  "SELECT",
    "MINUS", "BY",     "SORT",  "WINDOW", "INTERSECT", "DIV",     "FILTER"};

bool is_operand_word(const Token& token) {
  return token.is_identifier() &&
         std::none_of(kNotOperands.begin(), kNotOperands.end(),
                      [&](std::string_view word) { return token.is_word(word); });
}

/// Parses an expression by precedence and prints it the way Databricks names columns. Gives up
/// (throws `Unknown`) on anything it does not know: no name is better than a wrong one.
class ExpressionNamer {
 public:
  struct Unknown {};

  ExpressionNamer(std::span<const Token> tokens, const ParameterBinder* parameters)
      : tokens_(tokens), parameters_(parameters) {}

  std::string expression(int minimum = 0) {
    if (++depth_ > 100) throw Unknown{};
    auto left = unary();
    while (extend(left, minimum)) {
    }
    --depth_;
    return left;
  }

  std::size_t at() const { return at_; }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : kEnd;
  }
  bool take(std::string_view text) {
    if (!peek().is_operator(text) && !peek().is_word(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!take(text)) throw Unknown{};
  }

  // Takes one operator and its right side behind `left`, if its precedence is at least `minimum`.
  bool extend(std::string& left, int minimum) {
    for (const auto& row : kBinary) {
      if (row.precedence < minimum || !(peek().is_operator(row.text) || peek().is_word(row.text))) {
        continue;
      }
      ++at_;
      const auto right = expression(row.precedence + 1);
      left = base::concat("(", left, " ", row.printed.empty() ? row.text : row.printed, " ", right,
                          ")");
      return true;
    }
    if (kConcat >= minimum && take("||")) {
      left = base::concat("concat(", left, ", ", expression(kConcat + 1), ")");
      return true;
    }
    return kComparison >= minimum && extend_predicate(left);
  }

  bool extend_predicate(std::string& left) {
    if (peek().is_operator("<>") || peek().is_operator("!=")) {
      ++at_;
      left = base::concat("(NOT (", left, " = ", expression(kComparison + 1), "))");
      return true;
    }
    if (take("IS")) {
      const bool negated = take("NOT");
      expect("NULL");
      left = base::concat("(", left, negated ? " IS NOT NULL)" : " IS NULL)");
      return true;
    }
    const bool negated = peek().is_word("NOT");
    if (negated) ++at_;
    if (!positive_predicate(left)) {
      if (negated) throw Unknown{};
      return false;
    }
    if (negated) left = "(NOT " + left + ")";
    return true;
  }

  bool positive_predicate(std::string& left) {
    if (take("LIKE")) {
      left = base::concat(left, " LIKE ", expression(kComparison + 1));
      return true;
    }
    if (take("RLIKE") || take("REGEXP")) {
      left = base::concat("RLIKE(", left, ", ", expression(kComparison + 1), ")");
      return true;
    }
    if (take("IN")) {
      expect("(");
      left = base::concat("(", left, " IN (", arguments(), "))");
      return true;
    }
    if (!take("BETWEEN")) return false;
    const auto low = expression(kComparison + 1);
    expect("AND");
    left = base::concat("between(", left, ", ", low, ", ", expression(kComparison + 1), ")");
    return true;
  }

  std::string unary() {
    if (peek().is_word("NOT") || peek().is_operator("!")) {
      ++at_;
      return "(NOT " + expression(3) + ")";
    }
    if (take("-")) {
      if (peek().kind == TokenKind::Number) return "-" + postfix(number());
      return "(- " + expression(kUnary) + ")";
    }
    if (take("+")) return "(+ " + expression(kUnary) + ")";
    return postfix(primary());
  }

  std::string postfix(std::string operand) {
    for (;;) {
      if (take("::")) {
        operand = cast(operand, "CAST");
      } else if (take("[")) {
        operand = base::concat(operand, "[", expression(), "]");
        expect("]");
      } else if (peek().is_operator(":") && peek(1).is_identifier()) {
        at_ += 2;
        operand = path_name();
      } else if (peek().is_operator(".") && peek(1).is_identifier() && operand.ends_with(")")) {
        operand += "." + identifier_value(peek(1));
        at_ += 2;
      } else {
        return operand;
      }
    }
  }

  // v:a.b[0] is called by its last field.
  std::string path_name() {
    auto name = identifier_value(tokens_[at_ - 1]);
    for (;;) {
      if (peek().is_operator(".") && peek(1).is_identifier()) {
        name = identifier_value(peek(1));
        at_ += 2;
      } else if (take("[")) {
        expression();
        expect("]");
      } else {
        return name;
      }
    }
  }

  std::string primary() {
    const auto& token = peek();
    switch (token.kind) {
      case TokenKind::Number:
        return number();
      case TokenKind::String:
        return string();
      case TokenKind::Binary:
        return binary();
      case TokenKind::Parameter:
        return parameter();
      case TokenKind::Operator:
        return parenthesised();
      case TokenKind::End:
        throw Unknown{};
      default:
        return word();
    }
  }

  std::string number() {
    auto text = base::to_upper(peek().text);
    ++at_;
    if (text.find_first_of("E.") != std::string::npos) {
      if (text.find('E') != std::string::npos) throw Unknown{};
      while (!text.empty() && (text.back() == 'D' || text.back() == 'B' || text.back() == 'F'))
        text.pop_back();
      return text;
    }
    while (!text.empty() && !(text.back() >= '0' && text.back() <= '9')) {
      if (text.back() == 'D' || text.back() == 'F') throw Unknown{};
      text.pop_back();
    }
    return text;
  }

  std::string string() {
    std::string text;
    for (; peek().kind == TokenKind::String; ++at_) text += string_value(peek());
    return text;
  }

  std::string binary() {
    const auto text = base::to_upper(peek().text.substr(2, peek().text.size() - 3));
    ++at_;
    return "X'" + text + "'";
  }

  std::string parameter() {
    const auto* value = parameters_ == nullptr ? nullptr : parameters_->find(peek());
    ++at_;
    if (value == nullptr || !value->arguments.empty()) throw Unknown{};
    return value->value.value_or("NULL");
  }

  std::string parenthesised() {
    expect("(");
    if (peek().is_word("SELECT") || peek().is_word("WITH")) throw Unknown{};
    auto inner = expression();
    expect(")");
    return inner;
  }

  std::string word() {
    const auto& token = peek();
    if (!is_operand_word(token)) throw Unknown{};
    if (token.is_word("NULL")) return ++at_, "NULL";
    if (token.is_word("TRUE") || token.is_word("FALSE")) return ++at_, base::to_lower(token.text);
    if (token.is_word("CASE")) return case_expression();
    if (token.is_word("INTERVAL")) return interval();
    if (token.is_word("CAST") && peek(1).is_operator("(")) return cast_call("CAST");
    if (token.is_word("TRY_CAST") && peek(1).is_operator("(")) return cast_call("TRY_CAST");
    if (peek(1).kind == TokenKind::String) return typed_literal();
    return chain();
  }

  std::string typed_literal() {
    const auto name = base::to_upper(peek().text);
    if (name != "DATE" && !name.starts_with("TIMESTAMP")) throw Unknown{};
    ++at_;
    return name + " '" + string() + "'";
  }

  std::string interval() {
    const auto start = at_ + 1;
    auto next = start;
    if (start >= tokens_.size()) throw Unknown{};
    std::vector<Token> padded(tokens_.begin(), tokens_.end());
    padded.insert(padded.end(), 4, kEnd);
    if (!read_interval_literal(padded, next)) throw Unknown{};
    std::string text = "INTERVAL";
    for (at_ = start; at_ < next; ++at_) {
      text += " ";
      text += peek().kind == TokenKind::Number ? base::concat("'", peek().text, "'")
                                               : base::to_upper(peek().text);
    }
    return text;
  }

  std::string case_expression() {
    expect("CASE");
    std::string text = "CASE";
    if (!peek().is_word("WHEN")) text += " " + expression();
    while (take("WHEN")) {
      text += " WHEN " + expression();
      expect("THEN");
      text += " THEN " + expression();
    }
    if (take("ELSE")) text += " ELSE " + expression();
    expect("END");
    return text + " END";
  }

  std::string cast_call(std::string_view name) {
    at_ += 2;
    const auto operand = expression();
    expect("AS");
    auto text = cast(operand, name);
    expect(")");
    return text;
  }

  std::string cast(const std::string& operand, std::string_view name) {
    std::vector<Token> padded(tokens_.begin(), tokens_.end());
    padded.push_back(kEnd);
    const auto type = read_type(padded, at_);
    if (!type) throw Unknown{};
    return base::concat(name, "(", operand, " AS ", type_text(*type), ")");
  }

  // a.b.c or f(...)
  std::string chain() {
    std::string last = identifier_value(peek());
    const bool quoted = peek().kind == TokenKind::QuotedIdentifier;
    ++at_;
    while (peek().is_operator(".") && peek(1).is_identifier()) {
      last = identifier_value(peek(1));
      at_ += 2;
    }
    if (!peek().is_operator("(") || quoted) return last;
    ++at_;
    return call(base::to_lower(last));
  }

  std::string call(const std::string& name) {
    if (name == "count" && peek().is_operator("*") && peek(1).is_operator(")")) {
      at_ += 2;
      reject_window();
      return "count(1)";
    }
    const bool distinct = take("DISTINCT");
    auto text = base::concat(name, "(", distinct ? "DISTINCT " : "", arguments(), ")");
    reject_window();
    return text;
  }

  void reject_window() const {
    if (peek().is_word("OVER") || peek().is_word("FILTER") || peek().is_word("WITHIN"))
      throw Unknown{};
  }

  // Up to and with the closing parenthesis.
  std::string arguments() {
    if (take(")")) return {};
    auto text = expression();
    while (take(",")) text += ", " + expression();
    expect(")");
    return text;
  }

  std::span<const Token> tokens_;
  const ParameterBinder* parameters_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

bool is_column_reference(std::span<const Token> item) {
  for (std::size_t i = 0; i < item.size(); ++i) {
    if (i % 2 == 0 ? !item[i].is_identifier() : !item[i].is_operator(".")) return false;
  }
  return item.size() % 2 == 1 && !item[0].is_word("TRUE") && !item[0].is_word("FALSE") &&
         !item[0].is_word("NULL");
}

bool is_star(std::span<const Token> item) {
  return item[0].is_operator("*") ||
         std::any_of(item.begin(), item.end() - 1, [&](const Token& token) {
           const auto* next = &token + 1;
           return token.is_operator(".") && next->is_operator("*");
         });
}

SelectItem::Form form_of(std::span<const Token> item) {
  using Form = SelectItem::Form;
  if (is_star(item)) return Form::Star;
  const std::size_t sign = item[0].is_operator("-") && item.size() > 1 ? 1 : 0;
  const auto& first = item[sign];
  const auto rest = item.subspan(sign + 1);
  // An alias may stand behind a literal, an operator may not.
  const bool alone = std::none_of(rest.begin(), rest.end(), [](const Token& token) {
    return token.kind == TokenKind::Operator || token.kind == TokenKind::Number ||
           (token.kind == TokenKind::Word && !is_operand_word(token) && !token.is_word("AS"));
  });
  if (!alone) return Form::Other;
  if (first.is_word("NULL")) return Form::Null;
  const bool typed =
      (first.is_word("DATE") || first.is_word("TIMESTAMP") || first.is_word("TIMESTAMP_NTZ")) &&
      !rest.empty() && rest[0].kind == TokenKind::String;
  const bool literal = first.kind == TokenKind::Number || first.kind == TokenKind::String ||
                       first.kind == TokenKind::Binary || first.is_word("TRUE") ||
                       first.is_word("FALSE") || typed;
  return literal ? Form::Literal : Form::Other;
}

std::optional<SqlType> interval_of(std::span<const Token> item) {
  std::vector<Token> tokens(item.begin(), item.end());
  tokens.insert(tokens.end(), 4, kEnd);
  std::size_t at = 1;
  if (tokens[0].is_word("INTERVAL")) {
    const auto value = read_interval_literal(tokens, at);
    if (!value || (tokens[at].kind == TokenKind::Operator)) return std::nullopt;
    return value->type;
  }
  if (!tokens[0].is_word("CAST") || !tokens[1].is_operator("(")) return std::nullopt;
  for (std::size_t i = item.size(); i-- > 2;) {
    if (!tokens[i].is_word("AS") || !tokens[i + 1].is_word("INTERVAL")) continue;
    at = i + 1;
    return read_type(tokens, at);
  }
  return std::nullopt;
}

// Whether `token` can be the last one of an expression that an alias follows.
bool ends_operand(const Token& token) {
  return token.kind == TokenKind::String || token.kind == TokenKind::Number ||
         token.kind == TokenKind::Binary || token.kind == TokenKind::Parameter ||
         token.is_operator(")") || token.is_operator("]") || token.is_word("END") ||
         is_operand_word(token);
}

// As written, with single spaces for white space and comments.
std::string written_text(std::span<const Token> item) {
  std::string text;
  for (const auto& token : item) {
    if (token.spaced && !text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

void name_item(SelectItem& described, std::span<const Token> item,
               const ParameterBinder* parameters) {
  const auto& last = item.back();
  const bool could_be_alias = item.size() >= 2 && is_operand_word(last) && !last.is_word("NULL") &&
                              !last.is_word("TRUE") && !last.is_word("FALSE");
  try {
    ExpressionNamer namer(item, parameters);
    auto name = namer.expression();
    if (namer.at() == item.size()) {
      described.name = std::move(name);
      return;
    }
    described.implicit_alias = could_be_alias && namer.at() + 1 == item.size();
  } catch (const ExpressionNamer::Unknown&) {
    const auto& before = item[item.size() < 2 ? 0 : item.size() - 2];
    described.implicit_alias =
        could_be_alias && ends_operand(before) && !item[0].is_word("INTERVAL");
    const bool aliased = item.size() >= 2 && before.is_word("AS");
    if (!described.implicit_alias && !aliased && !could_be_alias && ends_operand(last)) {
      described.name = written_text(item);
    }
  }
}

}  // namespace

SelectItem describe_select_item(std::span<const Token> item, const ParameterBinder* parameters) {
  SelectItem described;
  if (item.empty()) return described;
  described.form = form_of(item);
  if (described.form == SelectItem::Form::Star) return described;
  described.interval = interval_of(item);
  if (item.size() == 1 && item[0].kind == TokenKind::Parameter && parameters != nullptr) {
    const auto* value = parameters->find(item[0]);
    const bool is_null = value != nullptr && !value->value && value->arguments.empty() &&
                         (value->type.empty() || base::equals_ignore_case(value->type, "VOID"));
    if (is_null) described.form = SelectItem::Form::Null;
  }
  if (!is_column_reference(item)) name_item(described, item, parameters);
  return described;
}

std::size_t expression_length(std::span<const Token> tokens) {
  try {
    ExpressionNamer namer(tokens, nullptr);
    namer.expression();
    return namer.at();
  } catch (const ExpressionNamer::Unknown&) {
    return 0;
  }
}

}  // namespace dbsql::warehouse
