#include "base/text.h"
#include "warehouse/type_sql.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

struct EngineTypeRow {
  std::string_view name;
  TypeKind kind;
};

// The engine's names without arguments. What Databricks lacks is widened or printed.
constexpr std::array kEngineTypes{
    EngineTypeRow{"BOOLEAN", TypeKind::Boolean},
    EngineTypeRow{"TINYINT", TypeKind::TinyInt},
    EngineTypeRow{"SMALLINT", TypeKind::SmallInt},
    EngineTypeRow{"INTEGER", TypeKind::Int},
    EngineTypeRow{"BIGINT", TypeKind::BigInt},
    // Sums of integers; Databricks gives BIGINT (see ArrowColumn).
    EngineTypeRow{"HUGEINT", TypeKind::BigInt},
    EngineTypeRow{"UTINYINT", TypeKind::SmallInt},
    EngineTypeRow{"USMALLINT", TypeKind::Int},
    EngineTypeRow{"UINTEGER", TypeKind::BigInt},
    EngineTypeRow{"FLOAT", TypeKind::Float},
    EngineTypeRow{"DOUBLE", TypeKind::Double},
    EngineTypeRow{"BLOB", TypeKind::Binary},
    EngineTypeRow{"DATE", TypeKind::Date},
    EngineTypeRow{"TIMESTAMP WITH TIME ZONE", TypeKind::Timestamp},
    EngineTypeRow{"TIMESTAMP", TypeKind::TimestampNtz},
    EngineTypeRow{"TIMESTAMP_S", TypeKind::TimestampNtz},
    EngineTypeRow{"TIMESTAMP_MS", TypeKind::TimestampNtz},
    EngineTypeRow{"TIMESTAMP_NS", TypeKind::TimestampNtz},
    EngineTypeRow{"INTERVAL", TypeKind::DayTimeInterval},
    EngineTypeRow{"JSON", TypeKind::Variant},
    EngineTypeRow{"UHUGEINT", TypeKind::Void},
    EngineTypeRow{"\"NULL\"", TypeKind::Void},
    EngineTypeRow{"NULL", TypeKind::Void},
};

/// Walks the engine's type text. Only shapes the engine prints are expected; anything else ends as
/// STRING.
class EngineTypeReader {
 public:
  explicit EngineTypeReader(std::string_view text) : text_(text) {}

  SqlType read() {
    auto type = read_base();
    while (at_ < text_.size() && text_[at_] == '[') {
      at_ = text_.find(']', at_);
      at_ = at_ == std::string_view::npos ? text_.size() : at_ + 1;
      type = array_type(std::move(type));
    }
    return type;
  }

 private:
  SqlType read_base() {
    if (take("STRUCT(")) return read_struct();
    if (take("MAP(")) return read_map();
    if (take("DECIMAL(")) return read_decimal();
    const auto name = read_name();
    if (name == "UBIGINT") return decimal_type(20, 0);
    for (const auto& row : kEngineTypes) {
      if (row.name != name) continue;
      auto type = simple_type(row.kind);
      if (row.kind == TypeKind::DayTimeInterval) type.qualifier = "DAY TO SECOND";
      return type;
    }
    return simple_type(TypeKind::String);
  }

  bool take(std::string_view prefix) {
    if (!text_.substr(at_).starts_with(prefix)) return false;
    at_ += prefix.size();
    return true;
  }
  void skip(char c) {
    while (at_ < text_.size() && (text_[at_] == c || text_[at_] == ' ')) ++at_;
  }

  // Up to the next delimiter; arguments in parentheses (ENUM, UNION) belong to the name.
  std::string_view read_name() {
    const auto start = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (depth == 0 && (c == ',' || c == ')' || c == '[')) break;
      if (c == ')') --depth;
    }
    return text_.substr(start, at_ - start);
  }

  SqlType read_struct() {
    auto type = simple_type(TypeKind::Struct);
    while (at_ < text_.size() && text_[at_] != ')') {
      SqlField field;
      field.name = read_field_name();
      skip(' ');
      field.type = read();
      type.fields.push_back(std::move(field));
      skip(',');
    }
    ++at_;
    return type;
  }

  std::string read_field_name() {
    std::string name;
    if (at_ >= text_.size() || text_[at_] != '"') {
      while (at_ < text_.size() && text_[at_] != ' ') name += text_[at_++];
      return name;
    }
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') return name;
      }
      name += text_[at_];
    }
    return name;
  }

  SqlType read_map() {
    auto key = read();
    skip(',');
    auto value = read();
    if (at_ < text_.size()) ++at_;  // the closing parenthesis
    return map_type(std::move(key), std::move(value));
  }

  SqlType read_decimal() {
    const auto close = std::min(text_.find(')', at_), text_.size());
    const auto parts = base::split(text_.substr(at_, close - at_), ',');
    at_ = std::min(close + 1, text_.size());
    const auto number = [&](std::size_t i) {
      return i < parts.size() ? base::parse_number<int>(base::trim(parts[i])).value_or(0) : 0;
    };
    return decimal_type(number(0), number(1));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

SqlType parse_engine_type(std::string_view text) { return EngineTypeReader(text).read(); }

}  // namespace dbsql::warehouse
