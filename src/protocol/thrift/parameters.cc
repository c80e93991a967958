#include "protocol/thrift/parameters.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <tcli_service_types.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace dbsql::protocol::thrift {

namespace {

using Arguments = std::vector<tcli::TSparkParameterValueArg>;

/// A value in wire form: type text, and value text or, for nested values, their elements, which may
/// be none. Neither: NULL.
struct Encoded {
  std::string type;
  std::optional<std::string> text;
  std::optional<Arguments> arguments;
};

Encoded encode(const Value& value);

tcli::TSparkParameterValueArg argument_of(const Value& value) {
  Encoded encoded = encode(value);
  tcli::TSparkParameterValueArg argument;
  argument.__set_type(encoded.type);
  if (encoded.text) argument.__set_value(*encoded.text);
  if (encoded.arguments) argument.__set_arguments(*encoded.arguments);
  return argument;
}

/// The shortest text that reads back as the same number, in the number's own width: 5.1f is `5.1`.
template <class Float>
std::string shortest(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

/// DECIMAL(p,s) with p the digits that the text shows (reference/results.md 4.4).
std::string decimal_type(const Decimal& value, const std::string& text) {
  std::int32_t digits = 0;
  bool leading = true;
  for (const char c : text) {
    if (c < '0' || c > '9') continue;
    leading = leading && c == '0';
    if (!leading) ++digits;
  }
  const std::int32_t precision = std::max({digits, value.scale(), 1});
  return base::concat("DECIMAL(", precision, ",", value.scale(), ")");
}

struct Encoder {
  Encoded operator()(std::monostate) const { return {"VOID", std::nullopt, {}}; }
  Encoded operator()(bool value) const { return {"BOOLEAN", value ? "true" : "false", {}}; }
  Encoded operator()(std::int8_t value) const { return {"TINYINT", std::to_string(value), {}}; }
  Encoded operator()(std::int16_t value) const { return {"SMALLINT", std::to_string(value), {}}; }
  Encoded operator()(std::int32_t value) const { return {"INT", std::to_string(value), {}}; }
  Encoded operator()(std::int64_t value) const { return {"BIGINT", std::to_string(value), {}}; }
  Encoded operator()(float value) const { return {"FLOAT", shortest(value), {}}; }
  Encoded operator()(double value) const { return {"DOUBLE", shortest(value), {}}; }
  Encoded operator()(const Decimal& value) const {
    std::string text = value.to_string();
    std::string type = decimal_type(value, text);
    return {std::move(type), std::move(text), {}};
  }
  Encoded operator()(const std::string& value) const { return {"STRING", value, {}}; }
  Encoded operator()(const Date& value) const { return {"DATE", value.to_string(), {}}; }
  Encoded operator()(const Timestamp& value) const {
    // As UTC with its zone written out, so that the session's zone does not matter.
    return {"TIMESTAMP", Timestamp{value.microseconds, nullptr}.to_string() + "+00:00", {}};
  }
  Encoded operator()(const TimestampNtz& value) const {
    return {"TIMESTAMP_NTZ", value.to_string(), {}};
  }
  Encoded operator()(const YearMonthInterval& value) const {
    return {"INTERVAL YEAR TO MONTH", value.to_string(), {}};
  }
  Encoded operator()(const DayTimeInterval& value) const {
    return {"INTERVAL DAY TO SECOND", value.to_string(), {}};
  }
  Encoded operator()(const ListValue& value) const {
    Encoded encoded{"ARRAY", std::nullopt, Arguments()};
    for (const Value& element : value.elements) encoded.arguments->push_back(argument_of(element));
    return encoded;
  }
  Encoded operator()(
      const MapValue& value) const {  // key, value, key, value (reference/results.md 4.1)
    Encoded encoded{"MAP", std::nullopt, Arguments()};
    for (const auto& [key, entry] : value.entries) {
      encoded.arguments->push_back(argument_of(key));
      encoded.arguments->push_back(argument_of(entry));
    }
    return encoded;
  }
  Encoded operator()(const StructValue& value) const {
    Encoded encoded{"NAMED_STRUCT", std::nullopt, Arguments()};
    for (const auto& [name, field] : value.fields) {
      encoded.arguments->push_back(argument_of(Value(name)));
      encoded.arguments->push_back(argument_of(field));
    }
    return encoded;
  }
  Encoded operator()(const Binary&) const {
    throw_error(
        {.kind = ErrorKind::NotSupported,
         .message =
             "servers take no BINARY parameters; pass the bytes as hexadecimal text and write "
             "unhex(:name) in the statement"});
  }
};

/// A name that servers know in SQL, but not as the type of a parameter (reference/results.md 4.3).
std::string wire_type(const std::string& type) {
  return base::equals_ignore_case(type, "TIMESTAMP_LTZ") ? "TIMESTAMP" : type;
}

Encoded encode(const Value& value) { return std::visit(Encoder{}, value.variant()); }

}  // namespace

std::vector<tcli::TSparkParameter> encode_parameters(const Parameters& parameters) {
  std::vector<tcli::TSparkParameter> encoded;
  encoded.reserve(parameters.size());
  const bool named = !parameters.empty() && !parameters.begin()->name.empty();
  for (const auto& parameter : parameters) {
    if (parameter.name.empty() == named)
      throw_error(
          {.kind = ErrorKind::InvalidArgument,
           .message = "parameters of one statement are either all named or all positional"});
    Encoded value = encode(parameter.value);
    tcli::TSparkParameter& wire = encoded.emplace_back();
    if (named) {
      wire.__set_name(parameter.name);
    } else {
      wire.__set_ordinal(static_cast<std::int32_t>(encoded.size()));
    }
    wire.__set_type(parameter.type.empty() ? value.type : wire_type(parameter.type));
    if (value.arguments) wire.__set_arguments(*value.arguments);
    if (value.text) {
      tcli::TSparkParameterValue text;
      text.__set_stringValue(*value.text);
      wire.__set_value(text);
    }
  }
  return encoded;
}

}  // namespace dbsql::protocol::thrift
