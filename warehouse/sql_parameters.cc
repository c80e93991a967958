#include "warehouse/sql_parameters.h"

#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_interval.h"
#include "warehouse/sql_text.h"
#include "warehouse/type_sql.h"

#include <algorithm>

namespace dbsql::warehouse {
namespace {

bool is_collection(const EngineParameter& parameter, std::string_view name) {
  return base::starts_with_ignore_case(base::trim(parameter.type), name);
}

[[noreturn]] void throw_bad_value(const EngineParameter& parameter) {
  throw_sql_error("CAST_INVALID_INPUT",
                  base::concat("The parameter value '", parameter.value.value_or("NULL"),
                               "' cannot be read as \"", parameter.type, "\"."));
}

}  // namespace

ParameterBinder::ParameterBinder(std::string_view sql, std::span<const Token> tokens,
                                 const std::vector<EngineParameter>& parameters)
    : sql_(sql), parameters_(parameters) {
  for (const auto& token : tokens) {
    if (token.kind == TokenKind::Parameter && token.text == "?") positions_.push_back(token.offset);
  }
}

std::string ParameterBinder::bind(const Token& marker) { return expression(require(marker)); }

const EngineParameter* ParameterBinder::find(const Token& marker) const {
  if (marker.text != "?") {
    const auto name = marker.text.substr(1);
    for (const auto& parameter : parameters_) {
      if (base::equals_ignore_case(parameter.name, name)) return &parameter;
    }
    return nullptr;
  }
  const auto position = std::lower_bound(positions_.begin(), positions_.end(), marker.offset);
  const auto index = static_cast<std::size_t>(position - positions_.begin());
  if (index >= parameters_.size() || !parameters_[index].name.empty()) return nullptr;
  return &parameters_[index];
}

const EngineParameter& ParameterBinder::require(const Token& marker) const {
  if (const auto* parameter = find(marker)) return *parameter;
  const bool named = marker.text != "?";
  const auto name = named ? std::string(marker.text.substr(1)) : base::concat("_", marker.offset);
  throw_sql_error(
      "UNBOUND_SQL_PARAMETER",
      base::concat("The parameter ", name, " has no value; send one with the statement."), sql_,
      marker.offset);
}

std::string ParameterBinder::placeholder(std::optional<std::string> value) {
  values_.push_back(std::move(value));
  return base::concat("$", values_.size());
}

std::string ParameterBinder::expression(const EngineParameter& parameter) {
  if (is_collection(parameter, "ARRAY")) return list(parameter);
  if (is_collection(parameter, "MAP")) return map(parameter);
  if (is_collection(parameter, "NAMED_STRUCT") || is_collection(parameter, "STRUCT")) {
    return named_struct(parameter);
  }
  return scalar(parameter);
}

std::string ParameterBinder::scalar(const EngineParameter& parameter) {
  const auto text = parameter.type.empty() ? std::string_view("STRING") : parameter.type;
  const auto type = parse_type(text);
  if (!type) {
    throw_sql_error("UNSUPPORTED_DATATYPE",
                    base::concat("A parameter has the unknown type \"", parameter.type, "\"."));
  }
  const bool untyped = type->kind == TypeKind::Void || parameter.type.empty();
  if (!parameter.value && untyped) return "NULL";
  if (!parameter.value) return "CAST(NULL AS " + engine_type_text(*type) + ")";
  switch (type->kind) {
    case TypeKind::Void:
      return "NULL";
    case TypeKind::Binary:
      return "encode(" + placeholder(parameter.value) + ")";
    case TypeKind::YearMonthInterval:
    case TypeKind::DayTimeInterval: {
      const auto interval = parse_interval_value(*parameter.value, *type);
      if (!interval) throw_bad_value(parameter);
      return engine_interval(*interval);
    }
    default:
      return base::concat("CAST(", placeholder(parameter.value), " AS ", engine_type_text(*type),
                          ")");
  }
}

std::string ParameterBinder::list(const EngineParameter& parameter) {
  if (parameter.arguments.empty()) {
    const auto type = parse_type(parameter.type);
    return type ? "CAST([] AS " + engine_type_text(*type) + ")" : "[]";
  }
  std::string text = "list_value(";
  for (std::size_t i = 0; i < parameter.arguments.size(); ++i) {
    if (i > 0) text += ", ";
    text += expression(parameter.arguments[i]);
  }
  return text + ")";
}

// Arguments alternate key and value (reference/results.md 4.1).
std::string ParameterBinder::map(const EngineParameter& parameter) {
  const auto& arguments = parameter.arguments;
  if (arguments.size() % 2 != 0) throw_bad_value(parameter);
  std::string keys;
  std::string map_values;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i > 0) {
      keys += ", ";
      map_values += ", ";
    }
    keys += expression(arguments[i]);
    map_values += expression(arguments[i + 1]);
  }
  return base::concat("map([", keys, "], [", map_values, "])");
}

std::string ParameterBinder::named_struct(const EngineParameter& parameter) {
  const auto& arguments = parameter.arguments;
  if (arguments.empty() || arguments.size() % 2 != 0) throw_bad_value(parameter);
  std::string text = "struct_pack(";
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i > 0) text += ", ";
    text += engine_identifier(arguments[i].value.value_or("")) + " := ";
    text += expression(arguments[i + 1]);
  }
  return text + ")";
}

}  // namespace dbsql::warehouse
