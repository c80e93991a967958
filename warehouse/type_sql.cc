#include "warehouse/type_sql.h"

#include "base/text.h"
#include "warehouse/sql_error.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

struct TypeRow {
  TypeKind kind;
  std::string_view name;    // upper case, as servers print it
  std::string_view json;    // without quotes
  std::string_view engine;  // empty: built by a function
};

// One row per type without arguments; the order is that of TypeKind.
constexpr std::array kTypes{
    TypeRow{TypeKind::Boolean, "BOOLEAN", "boolean", "BOOLEAN"},
    TypeRow{TypeKind::TinyInt, "TINYINT", "byte", "TINYINT"},
    TypeRow{TypeKind::SmallInt, "SMALLINT", "short", "SMALLINT"},
    TypeRow{TypeKind::Int, "INT", "integer", "INTEGER"},
    TypeRow{TypeKind::BigInt, "BIGINT", "long", "BIGINT"},
    TypeRow{TypeKind::Float, "FLOAT", "float", "FLOAT"},
    TypeRow{TypeKind::Double, "DOUBLE", "double", "DOUBLE"},
    TypeRow{TypeKind::Decimal, "DECIMAL", "decimal", ""},
    TypeRow{TypeKind::String, "STRING", "string", "VARCHAR"},
    TypeRow{TypeKind::Char, "CHAR", "char", "VARCHAR"},
    TypeRow{TypeKind::Varchar, "VARCHAR", "varchar", "VARCHAR"},
    TypeRow{TypeKind::Binary, "BINARY", "binary", "BLOB"},
    TypeRow{TypeKind::Date, "DATE", "date", "DATE"},
    TypeRow{TypeKind::Timestamp, "TIMESTAMP", "timestamp", "TIMESTAMPTZ"},
    TypeRow{TypeKind::TimestampNtz, "TIMESTAMP_NTZ", "timestamp_ntz", "TIMESTAMP"},
    TypeRow{TypeKind::YearMonthInterval, "INTERVAL", "interval", "INTERVAL"},
    TypeRow{TypeKind::DayTimeInterval, "INTERVAL", "interval", "INTERVAL"},
    TypeRow{TypeKind::Array, "ARRAY", "array", ""},
    TypeRow{TypeKind::Map, "MAP", "map", ""},
    TypeRow{TypeKind::Struct, "STRUCT", "struct", ""},
    // The engine has no type for VOID in tables or results; it has one that Databricks lacks, so
    // that one marks it.
    TypeRow{TypeKind::Void, "VOID", "void", "UHUGEINT"},
    TypeRow{TypeKind::Variant, "VARIANT", "variant", "JSON"},
};

struct TypeSynonym {
  std::string_view word;
  TypeKind kind;
};

constexpr std::array kSynonyms{
    TypeSynonym{"BYTE", TypeKind::TinyInt},
    TypeSynonym{"SHORT", TypeKind::SmallInt},
    TypeSynonym{"INTEGER", TypeKind::Int},
    TypeSynonym{"LONG", TypeKind::BigInt},
    TypeSynonym{"REAL", TypeKind::Float},
    TypeSynonym{"DEC", TypeKind::Decimal},
    TypeSynonym{"NUMERIC", TypeKind::Decimal},
    TypeSynonym{"CHARACTER", TypeKind::Char},
    TypeSynonym{"TIMESTAMP_LTZ", TypeKind::Timestamp},
    TypeSynonym{"NULL", TypeKind::Void},
    TypeSynonym{"OBJECT", TypeKind::Variant},
};

const TypeRow& row_of(TypeKind kind) { return kTypes[static_cast<std::size_t>(kind)]; }

std::optional<TypeKind> kind_of_word(std::string_view word) {
  for (const auto& row : kTypes) {
    if (row.kind != TypeKind::DayTimeInterval && base::equals_ignore_case(row.name, word)) {
      return row.kind;
    }
  }
  for (const auto& synonym : kSynonyms) {
    if (base::equals_ignore_case(synonym.word, word)) return synonym.kind;
  }
  return std::nullopt;
}

bool is_interval_unit(const Token& token) {
  constexpr std::array<std::string_view, 6> kUnits{"YEAR", "MONTH",  "DAY",
                                                   "HOUR", "MINUTE", "SECOND"};
  return std::any_of(kUnits.begin(), kUnits.end(),
                     [&](std::string_view unit) { return token.is_word(unit); });
}

/// Recursive descent over the tokens of a type; every step returns false when the text does not
/// fit.
class TypeReader {
 public:
  TypeReader(std::span<const Token> tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  bool read(SqlType& type) {
    if (peek().kind != TokenKind::Word) return false;
    const auto kind = kind_of_word(peek().text);
    if (!kind) return false;
    ++at_;
    type.kind = *kind;
    switch (*kind) {
      case TypeKind::Decimal:
        return read_decimal(type);
      case TypeKind::Char:
      case TypeKind::Varchar:
        return read_length(type);
      case TypeKind::YearMonthInterval:
        return read_interval(type);
      case TypeKind::Array:
        return read_elements(type, 1);
      case TypeKind::Map:
        return read_elements(type, 2);
      case TypeKind::Struct:
        return read_struct(type);
      case TypeKind::Timestamp:
        return read_time_zone_words(type);
      default:
        break;
    }
    if (*kind == TypeKind::String) skip_collation();
    return true;
  }

  std::size_t at() const { return at_; }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool take(std::string_view operator_text) {
    if (!peek().is_operator(operator_text)) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!peek().is_word(word)) return false;
    ++at_;
    return true;
  }
  bool take_number(int& value) {
    const auto number = base::parse_number<int>(peek().text);
    if (peek().kind != TokenKind::Number || !number) return false;
    value = *number;
    ++at_;
    return true;
  }

  bool read_decimal(SqlType& type) {
    type.precision = 10;
    if (!take("(")) return true;
    if (!take_number(type.precision)) return false;
    if (take(",") && !take_number(type.scale)) return false;
    return take(")") && type.precision >= 1 && type.precision <= 38 && type.scale >= 0 &&
           type.scale <= type.precision;
  }

  bool read_length(SqlType& type) {
    if (!take("(")) {
      type = simple_type(TypeKind::String);
      return true;
    }
    return take_number(type.precision) && take(")");
  }

  bool read_interval(SqlType& type) {
    if (!is_interval_unit(peek())) {  // a bare INTERVAL: the day-time kind is the common one
      type.kind = TypeKind::DayTimeInterval;
      type.qualifier = "DAY TO SECOND";
      return true;
    }
    const auto first = base::to_upper(peek().text);
    ++at_;
    type.kind = first == "YEAR" || first == "MONTH" ? TypeKind::YearMonthInterval
                                                    : TypeKind::DayTimeInterval;
    type.qualifier = first;
    if (peek().is_word("TO") && is_interval_unit(peek(1))) {
      type.qualifier += " TO " + base::to_upper(peek(1).text);
      at_ += 2;
    }
    return true;
  }

  bool read_elements(SqlType& type, std::size_t count) {
    if (!take("<")) return false;
    for (std::size_t i = 0; i < count; ++i) {
      SqlField field;
      if ((i > 0 && !take(",")) || !read(field.type) || !read_field_modifiers(field)) return false;
      type.fields.push_back(std::move(field));
    }
    return take(">");
  }

  bool read_struct(SqlType& type) {
    if (take("<>")) return true;
    if (!take("<")) return false;
    if (take(">")) return true;
    do {
      SqlField field;
      if (!read_field_name(field.name)) return false;
      if (!read(field.type) || !read_field_modifiers(field)) return false;
      type.fields.push_back(std::move(field));
    } while (take(","));
    return take(">");
  }

  // `name:`, `name :` or `name`; the tokenizer sees `:INT` after white space as a parameter.
  bool read_field_name(std::string& name) {
    if (!peek().is_identifier()) return false;
    name = identifier_value(peek());
    ++at_;
    if (take(":")) return true;
    if (peek().kind != TokenKind::Parameter || peek().text.size() < 2) return true;
    split_parameter();
    return true;
  }

  void split_parameter() {
    owned_.assign(tokens_.begin(), tokens_.end());
    auto& token = owned_[at_];
    token.kind = TokenKind::Word;
    token.text.remove_prefix(1);
    ++token.offset;
    tokens_ = owned_;
  }

  bool read_field_modifiers(SqlField& field) {
    for (;;) {
      if (peek().is_word("NOT") && peek(1).is_word("NULL")) {
        field.nullable = false;
        at_ += 2;
      } else if (take_word("COMMENT")) {
        if (peek().kind != TokenKind::String) return false;
        ++at_;
      } else if (peek().is_word("COLLATE")) {
        skip_collation();
      } else {
        return true;
      }
    }
  }

  void skip_collation() {
    if (peek().is_word("COLLATE") && peek(1).is_identifier()) at_ += 2;
  }

  // TIMESTAMP WITH [LOCAL] TIME ZONE / WITHOUT TIME ZONE.
  bool read_time_zone_words(SqlType& type) {
    const bool with = peek().is_word("WITH");
    if (!with && !peek().is_word("WITHOUT")) return true;
    const std::size_t local = peek(1).is_word("LOCAL") ? 1 : 0;
    if (!peek(1 + local).is_word("TIME") || !peek(2 + local).is_word("ZONE")) return true;
    at_ += 3 + local;
    if (!with) type.kind = TypeKind::TimestampNtz;
    return true;
  }

  std::span<const Token> tokens_;
  std::size_t at_;
  std::vector<Token> owned_;
};

std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

bool is_plain_identifier(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), plain);
}

std::string quote_if_needed(std::string_view name) {
  return is_plain_identifier(name) ? std::string(name) : quote_for_message(name);
}

std::string quote_for_engine(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string decimal_arguments(const SqlType& type) {
  return base::concat("(", type.precision, ",", type.scale, ")");
}

struct TextStyle {
  bool lower_case;
  std::string_view separator;
  std::string_view colon;
};

std::string render(const SqlType& type, const TextStyle& style) {
  const auto name = row_of(type.kind).name;
  std::string text = style.lower_case ? base::to_lower(name) : std::string(name);
  switch (type.kind) {
    case TypeKind::Decimal:
      return text + decimal_arguments(type);
    case TypeKind::Char:
    case TypeKind::Varchar:
      return base::concat(text, "(", type.precision, ")");
    case TypeKind::YearMonthInterval:
    case TypeKind::DayTimeInterval:
      return text + " " + (style.lower_case ? base::to_lower(type.qualifier) : type.qualifier);
    case TypeKind::Array:
    case TypeKind::Map:
    case TypeKind::Struct:
      break;
    default:
      return text;
  }
  text += '<';
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (i > 0) text += style.separator;
    const auto& field = type.fields[i];
    if (type.kind == TypeKind::Struct)
      text += quote_if_needed(field.name) + std::string(style.colon);
    text += render(field.type, style);
    if (type.kind == TypeKind::Struct && !field.nullable)
      text += style.lower_case ? " not null" : " NOT NULL";
  }
  return text += '>';
}

std::string json_fields(const SqlType& type) {
  std::string text = "[";
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const auto& field = type.fields[i];
    if (i > 0) text += ',';
    text += base::concat("{\"name\":", json_string(field.name), ",\"type\":", type_json(field.type),
                         ",\"nullable\":", field.nullable ? "true" : "false", ",\"metadata\":{}}");
  }
  return text + "]";
}

std::string engine_struct_text(const SqlType& type) {
  std::string text = "STRUCT(";
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (i > 0) text += ", ";
    text += quote_for_engine(type.fields[i].name) + " " + engine_type_text(type.fields[i].type);
  }
  return text + ")";
}

}  // namespace

SqlType simple_type(TypeKind kind) {
  SqlType type;
  type.kind = kind;
  return type;
}

SqlType decimal_type(int precision, int scale) {
  auto type = simple_type(TypeKind::Decimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

SqlType array_type(SqlType element) {
  auto type = simple_type(TypeKind::Array);
  type.fields.push_back({.type = std::move(element)});
  return type;
}

SqlType map_type(SqlType key, SqlType value) {
  auto type = simple_type(TypeKind::Map);
  type.fields.push_back({.type = std::move(key), .nullable = false});
  type.fields.push_back({.type = std::move(value)});
  return type;
}

std::optional<SqlType> read_type(std::span<const Token> tokens, std::size_t& at) {
  TypeReader reader(tokens, at);
  SqlType type;
  if (!reader.read(type)) return std::nullopt;
  at = reader.at();
  return type;
}

std::optional<SqlType> parse_type(std::string_view text) {
  try {
    const auto tokens = tokenize(text);
    std::size_t at = 0;
    auto type = read_type(tokens, at);
    if (!type || tokens[at].kind != TokenKind::End) return std::nullopt;
    return type;
  } catch (const EngineError&) {
    return std::nullopt;
  }
}

std::string type_text(const SqlType& type) {
  return render(type, {.lower_case = false, .separator = ", ", .colon = ": "});
}

std::string type_catalog_text(const SqlType& type) {
  return render(type, {.lower_case = true, .separator = ",", .colon = ":"});
}

std::string type_json(const SqlType& type) {
  const std::string name(row_of(type.kind).json);
  switch (type.kind) {
    case TypeKind::Decimal:
      return "\"" + name + decimal_arguments(type) + "\"";
    case TypeKind::Char:
    case TypeKind::Varchar:
      return base::concat("\"", name, "(", type.precision, ")\"");
    case TypeKind::YearMonthInterval:
    case TypeKind::DayTimeInterval:
      return "\"" + name + " " + base::to_lower(type.qualifier) + "\"";
    case TypeKind::Array:
      return base::concat("{\"type\":\"array\",\"elementType\":", type_json(type.fields[0].type),
                          ",\"containsNull\":", type.fields[0].nullable ? "true" : "false", "}");
    case TypeKind::Map:
      return base::concat("{\"type\":\"map\",\"keyType\":", type_json(type.fields[0].type),
                          ",\"valueType\":", type_json(type.fields[1].type),
                          ",\"valueContainsNull\":", type.fields[1].nullable ? "true" : "false",
                          "}");
    case TypeKind::Struct:
      return "{\"type\":\"struct\",\"fields\":" + json_fields(type) + "}";
    default:
      return "\"" + name + "\"";
  }
}

std::string engine_type_text(const SqlType& type) {
  switch (type.kind) {
    case TypeKind::Decimal:
      return "DECIMAL" + decimal_arguments(type);
    case TypeKind::Array:
      return engine_type_text(type.fields[0].type) + "[]";
    case TypeKind::Map:
      return base::concat("MAP(", engine_type_text(type.fields[0].type), ", ",
                          engine_type_text(type.fields[1].type), ")");
    case TypeKind::Struct:
      return engine_struct_text(type);
    default:
      return std::string(row_of(type.kind).engine);
  }
}

}  // namespace dbsql::warehouse
