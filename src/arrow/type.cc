#include "arrow/type.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace dbsql::arrow {
namespace {

[[noreturn]] void unsupported(std::string_view format) {
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat("Arrow type '", format,
                                       "' is not supported; cast the column to another type")});
}

struct SimpleFormat {
  std::string_view format;
  TypeKind kind;
  std::int32_t byte_width = 0;
  TimeUnit unit = TimeUnit::Second;
};

// Formats without arguments.
constexpr SimpleFormat kSimpleFormats[] = {
    {"n", TypeKind::Null},
    {"b", TypeKind::Bool},
    {"c", TypeKind::Int8, 1},
    {"C", TypeKind::UInt8, 1},
    {"s", TypeKind::Int16, 2},
    {"S", TypeKind::UInt16, 2},
    {"i", TypeKind::Int32, 4},
    {"I", TypeKind::UInt32, 4},
    {"l", TypeKind::Int64, 8},
    {"L", TypeKind::UInt64, 8},
    {"e", TypeKind::Float16, 2},
    {"f", TypeKind::Float32, 4},
    {"g", TypeKind::Float64, 8},
    {"z", TypeKind::Binary},
    {"Z", TypeKind::LargeBinary},
    {"u", TypeKind::Utf8},
    {"U", TypeKind::LargeUtf8},
    {"tdD", TypeKind::Date32, 4},
    {"tdm", TypeKind::Date64, 8, TimeUnit::Millisecond},
    {"tts", TypeKind::Time32, 4, TimeUnit::Second},
    {"ttm", TypeKind::Time32, 4, TimeUnit::Millisecond},
    {"ttu", TypeKind::Time64, 8, TimeUnit::Microsecond},
    {"ttn", TypeKind::Time64, 8, TimeUnit::Nanosecond},
    {"tDs", TypeKind::Duration, 8, TimeUnit::Second},
    {"tDm", TypeKind::Duration, 8, TimeUnit::Millisecond},
    {"tDu", TypeKind::Duration, 8, TimeUnit::Microsecond},
    {"tDn", TypeKind::Duration, 8, TimeUnit::Nanosecond},
    {"tiM", TypeKind::IntervalMonths, 4},
    {"tiD", TypeKind::IntervalDayTime, 8},
    {"tin", TypeKind::IntervalMonthDayNano, 16},
    {"+l", TypeKind::List},
    {"+L", TypeKind::LargeList},
    {"+s", TypeKind::Struct},
    {"+m", TypeKind::Map},
};

std::optional<std::int32_t> parse_size(std::string_view text) {
  const auto size = base::parse_number<std::int32_t>(text);
  return size && *size >= 0 ? size : std::nullopt;
}

// The part after "d:": precision, scale and an optional width in bits.
std::optional<DataType> parse_decimal(std::string_view arguments) {
  const auto parts = base::split(arguments, ',');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto precision = base::parse_number<std::int32_t>(parts[0]);
  const auto scale = base::parse_number<std::int32_t>(parts[1]);
  const auto bits = parts.size() == 3 ? base::parse_number<std::int32_t>(parts[2]) : 128;
  if (!precision || !scale || !bits) return std::nullopt;
  if (*bits != 32 && *bits != 64 && *bits != 128 && *bits != 256) return std::nullopt;
  return DataType{
      .kind = TypeKind::Decimal, .byte_width = *bits / 8, .precision = *precision, .scale = *scale};
}

// The part after "ts": unit letter, colon, time zone.
std::optional<DataType> parse_timestamp(std::string_view arguments) {
  if (arguments.size() < 2 || arguments[1] != ':') return std::nullopt;
  const std::size_t unit = std::string_view("smun").find(arguments[0]);
  if (unit == std::string_view::npos) return std::nullopt;
  return DataType{.kind = TypeKind::Timestamp,
                  .unit = static_cast<TimeUnit>(unit),
                  .byte_width = 8,
                  .timezone = arguments.substr(2)};
}

std::optional<DataType> parse_with_arguments(std::string_view format) {
  if (format.starts_with("d:")) return parse_decimal(format.substr(2));
  if (format.starts_with("ts")) return parse_timestamp(format.substr(2));
  if (format.starts_with("w:")) {
    const auto width = parse_size(format.substr(2));
    if (!width) return std::nullopt;
    return DataType{.kind = TypeKind::FixedSizeBinary, .byte_width = *width};
  }
  if (format.starts_with("+w:")) {
    const auto size = parse_size(format.substr(3));
    if (!size) return std::nullopt;
    return DataType{.kind = TypeKind::FixedSizeList, .list_size = *size};
  }
  return std::nullopt;
}

[[noreturn]] void bad_children(const TypeNode& node, std::string_view problem) {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("Arrow schema: ", to_string(node.type.kind), " field '",
                                       node.name, "' ", problem)});
}

void check_children(const TypeNode& node) {
  const std::size_t count = node.children.size();
  switch (node.layout) {
    case Layout::Struct:
      return;
    case Layout::List32:
    case Layout::List64:
    case Layout::FixedList:
      if (count != 1) bad_children(node, "must have exactly one child");
      if (node.type.kind == TypeKind::Map && (node.children[0].type.kind != TypeKind::Struct ||
                                              node.children[0].children.size() != 2)) {
        bad_children(node, "must have one struct child with a key and a value");
      }
      return;
    default:
      if (count != 0) bad_children(node, "must not have children");
  }
}

bool is_integer(TypeKind kind) { return kind >= TypeKind::Int8 && kind <= TypeKind::UInt64; }

TypeNode resolve_node(const ArrowSchema& schema, int depth, std::int64_t& next_dictionary) {
  if (depth > kMaxNesting) {
    throw_error({.kind = ErrorKind::NotSupported,
                 .message = base::concat("Arrow schema: types are nested more than ", kMaxNesting,
                                         " levels deep")});
  }
  TypeNode node;
  node.type = parse_type(schema.format);
  node.type.timezone = {};
  node.layout = layout_of(node.type.kind);
  node.name = schema.name == nullptr ? "" : schema.name;
  node.children.reserve(static_cast<std::size_t>(schema.n_children));
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    node.children.push_back(resolve_node(*schema.children[i], depth + 1, next_dictionary));
  }
  check_children(node);
  if (schema.dictionary != nullptr) {
    if (!is_integer(node.type.kind))
      bad_children(node, "has dictionary indices of no integer type");
    node.dictionary_id = next_dictionary++;
    node.dictionary =
        std::make_unique<TypeNode>(resolve_node(*schema.dictionary, depth + 1, next_dictionary));
  }
  return node;
}

}  // namespace

DataType parse_type(const char* format) {
  const std::string_view text = format == nullptr ? std::string_view() : format;
  for (const SimpleFormat& simple : kSimpleFormats) {
    if (simple.format == text) {
      return {.kind = simple.kind, .unit = simple.unit, .byte_width = simple.byte_width};
    }
  }
  if (const auto type = parse_with_arguments(text)) return *type;
  unsupported(text);
}

Layout layout_of(TypeKind kind) noexcept {
  switch (kind) {
    case TypeKind::Null:
      return Layout::Null;
    case TypeKind::Bool:
      return Layout::Bits;
    case TypeKind::Binary:
    case TypeKind::Utf8:
      return Layout::Bytes32;
    case TypeKind::LargeBinary:
    case TypeKind::LargeUtf8:
      return Layout::Bytes64;
    case TypeKind::List:
    case TypeKind::Map:
      return Layout::List32;
    case TypeKind::LargeList:
      return Layout::List64;
    case TypeKind::FixedSizeList:
      return Layout::FixedList;
    case TypeKind::Struct:
      return Layout::Struct;
    default:
      return Layout::Fixed;
  }
}

int buffer_count(Layout layout) noexcept {
  switch (layout) {
    case Layout::Null:
      return 0;
    case Layout::FixedList:
    case Layout::Struct:
      return 1;
    case Layout::Bytes32:
    case Layout::Bytes64:
      return 3;
    default:
      return 2;
  }
}

std::string_view to_string(TypeKind kind) noexcept {
  static constexpr std::string_view kNames[] = {
      "null",
      "bool",
      "int8",
      "uint8",
      "int16",
      "uint16",
      "int32",
      "uint32",
      "int64",
      "uint64",
      "float16",
      "float32",
      "float64",
      "decimal",
      "date32",
      "date64",
      "time32",
      "time64",
      "timestamp",
      "duration",
      "interval of months",
      "interval of days and milliseconds",
      "interval of months, days and nanoseconds",
      "binary",
      "large binary",
      "fixed-size binary",
      "utf8",
      "large utf8",
      "list",
      "large list",
      "fixed-size list",
      "map",
      "struct",
  };
  return kNames[static_cast<std::size_t>(kind)];
}

std::string decimal_format(int precision, int scale, int bit_width) {
  std::string format = base::concat("d:", precision, ",", scale);
  if (bit_width != 128) format += base::concat(",", bit_width);
  return format;
}

std::string timestamp_format(TimeUnit unit, std::string_view timezone) {
  return base::concat("ts", "smun"[static_cast<std::size_t>(unit)], ":", timezone);
}

TypeNode resolve_type(const ArrowSchema& schema) {
  std::int64_t next_dictionary = 0;
  return resolve_node(schema, 0, next_dictionary);
}

bool same_layout(const TypeNode& a, const TypeNode& b) noexcept {
  if (a.type.kind != b.type.kind || a.type.unit != b.type.unit ||
      a.type.byte_width != b.type.byte_width || a.type.list_size != b.type.list_size ||
      a.type.scale != b.type.scale || a.children.size() != b.children.size() ||
      (a.dictionary == nullptr) != (b.dictionary == nullptr)) {
    return false;
  }
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (!same_layout(a.children[i], b.children[i])) return false;
  }
  return a.dictionary == nullptr || same_layout(*a.dictionary, *b.dictionary);
}

bool same_types(const ArrowSchema& a, const ArrowSchema& b) noexcept {
  const auto text = [](const char* words) { return std::string_view(words ? words : ""); };
  const auto same = [](const ArrowSchema* left, const ArrowSchema* right) {
    return left == nullptr || right == nullptr ? left == right : same_types(*left, *right);
  };
  if (text(a.format) != text(b.format) || text(a.name) != text(b.name)) return false;
  if (a.n_children != b.n_children || !same(a.dictionary, b.dictionary)) return false;
  return std::equal(a.children, a.children + a.n_children, b.children, same);
}

}  // namespace dbsql::arrow
