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

struct TypedText {
  std::string type;
  std::optional<std::string> text;
};

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
  TypedText operator()(std::monostate) const { return {"VOID", std::nullopt}; }
  TypedText operator()(bool value) const { return {"BOOLEAN", value ? "true" : "false"}; }
  TypedText operator()(std::int8_t value) const { return {"TINYINT", std::to_string(value)}; }
  TypedText operator()(std::int16_t value) const { return {"SMALLINT", std::to_string(value)}; }
  TypedText operator()(std::int32_t value) const { return {"INT", std::to_string(value)}; }
  TypedText operator()(std::int64_t value) const { return {"BIGINT", std::to_string(value)}; }
  TypedText operator()(float value) const { return {"FLOAT", shortest(value)}; }
  TypedText operator()(double value) const { return {"DOUBLE", shortest(value)}; }
  TypedText operator()(const Decimal& value) const {
    std::string text = value.to_string();
    std::string type = decimal_type(value, text);
    return {std::move(type), std::move(text)};
  }
  TypedText operator()(const std::string& value) const { return {"STRING", value}; }
  TypedText operator()(const Date& value) const { return {"DATE", value.to_string()}; }
  TypedText operator()(const Timestamp& value) const {
    // As UTC with its zone written out, so that the session's zone does not matter.
    return {"TIMESTAMP", Timestamp{value.microseconds, nullptr}.to_string() + "Z"};
  }
  TypedText operator()(const TimestampNtz& value) const {
    return {"TIMESTAMP_NTZ", value.to_string()};
  }
  TypedText operator()(const YearMonthInterval& value) const {
    return {"INTERVAL YEAR TO MONTH", value.to_string()};
  }
  TypedText operator()(const DayTimeInterval& value) const {
    return {"INTERVAL DAY TO SECOND", value.to_string()};
  }
  template <class Other>
  TypedText operator()(const Other&) const {
    throw_error({.kind = ErrorKind::NotSupported,
                 .message =
                     "binary and nested values cannot be statement parameters in this version; "
                     "write them into the statement with a literal or a constructor function"});
  }
};

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
    TypedText value = std::visit(Encoder{}, parameter.value.variant());
    tcli::TSparkParameter& wire = encoded.emplace_back();
    if (named) wire.__set_name(parameter.name);
    wire.__set_type(std::move(value.type));
    if (value.text) {
      tcli::TSparkParameterValue text;
      text.__set_stringValue(*value.text);
      wire.__set_value(text);
    }
  }
  return encoded;
}

}  // namespace dbsql::protocol::thrift
