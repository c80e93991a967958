#include <dbsql/error.h>
#include <dbsql/value.h>

#include "base/text.h"
#include "result/json_tree.h"
#include "result/scalar.h"

#include <array>
#include <type_traits>

namespace dbsql {

namespace {

using result::Scalar;
using result::Shape;

/// In the order of `Value::Variant`.
constexpr std::array<std::string_view, std::variant_size_v<Value::Variant>> kTypeNames = {
    "VOID",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "STRING",
    "BINARY",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP_NTZ",
    "INTERVAL YEAR TO MONTH",
    "INTERVAL DAY TO SECOND",
    "ARRAY",
    "MAP",
    "STRUCT",
};

struct ToScalar {
  template <class Alternative>
  Scalar operator()(const Alternative& value) const {
    if constexpr (std::is_integral_v<Alternative> && !std::is_same_v<Alternative, bool>) {
      return std::int64_t{value};
    } else if constexpr (std::is_same_v<Alternative, std::string>) {
      return std::string_view(value);
    } else if constexpr (std::is_same_v<Alternative, Binary>) {
      return std::span<const std::byte>(value.bytes);
    } else if constexpr (std::is_same_v<Alternative, Decimal>) {
      return result::WideDecimal::of(value);
    } else if constexpr (std::is_constructible_v<Scalar, const Alternative&>) {
      return value;
    } else {
      return std::monostate{};  // nested: `shape()` keeps callers away
    }
  }
};

/// A `Value` as a node of `append_json_tree`.
class ValueNode {
 public:
  explicit ValueNode(const Value& value) : value_(value) {}

  Shape shape() const noexcept {
    if (value_.get_if<ListValue>() != nullptr) return Shape::List;
    if (value_.get_if<MapValue>() != nullptr) return Shape::Map;
    if (value_.get_if<StructValue>() != nullptr) return Shape::Struct;
    return Shape::Leaf;
  }
  Scalar scalar() const { return std::visit(ToScalar{}, value_.variant()); }

  template <class Function>
  void each_element(const Function& function) const {
    for (const Value& element : value_.get<ListValue>().elements) function(ValueNode(element));
  }
  template <class Function>
  void each_entry(const Function& function) const {
    for (const auto& [key, entry] : value_.get<MapValue>().entries)
      function(ValueNode(key), ValueNode(entry));
  }
  template <class Function>
  void each_field(const Function& function) const {
    for (const auto& [name, field] : value_.get<StructValue>().fields)
      function(std::string_view(name), ValueNode(field));
  }

 private:
  const Value& value_;
};

std::string text_of(const Scalar& scalar) {
  std::string text;
  result::append_text(text, scalar);
  return text;
}

}  // namespace

std::string_view Value::type_name() const noexcept { return kTypeNames[data_.index()]; }

std::string Value::to_string() const {
  const ValueNode node(*this);
  if (node.shape() == Shape::Leaf) return text_of(node.scalar());
  std::string text;
  result::append_json_tree(text, node);
  return text;
}

void Value::throw_wrong_type(std::size_t wanted) const {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("the value is ", is_null() ? "NULL" : type_name(), ", not ",
                                       kTypeNames[wanted],
                                       "; ask for the type it holds (type_name()) or use get_if()"),
               .sqlstate = "07006"});
}

std::string Date::to_string() const { return text_of(*this); }
std::string Timestamp::to_string() const { return text_of(*this); }
std::string TimestampNtz::to_string() const { return text_of(*this); }
std::string YearMonthInterval::to_string() const { return text_of(*this); }
std::string DayTimeInterval::to_string() const { return text_of(*this); }

}  // namespace dbsql
