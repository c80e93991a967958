#include "warehouse/type_arrow.h"

#include "arrow/builder.h"
#include "base/text.h"
#include "warehouse/sql_error.h"

#include <array>
#include <optional>

namespace dbsql::warehouse {
namespace {

struct FormatRow {
  std::string_view format;
  TypeKind kind;
};

constexpr std::array kFormats{
    FormatRow{"n", TypeKind::Void},
    FormatRow{"b", TypeKind::Boolean},
    FormatRow{"c", TypeKind::TinyInt},
    FormatRow{"C", TypeKind::SmallInt},
    FormatRow{"s", TypeKind::SmallInt},
    FormatRow{"S", TypeKind::Int},
    FormatRow{"i", TypeKind::Int},
    FormatRow{"I", TypeKind::BigInt},
    FormatRow{"l", TypeKind::BigInt},
    FormatRow{"f", TypeKind::Float},
    FormatRow{"g", TypeKind::Double},
    FormatRow{"u", TypeKind::String},
    FormatRow{"U", TypeKind::String},
    FormatRow{"z", TypeKind::Binary},
    FormatRow{"Z", TypeKind::Binary},
    FormatRow{"tdD", TypeKind::Date},
    FormatRow{"tin", TypeKind::DayTimeInterval},
};

struct ExtensionRow {
  std::string_view name;  // of the Arrow extension, or the type name of an opaque one
  TypeKind kind;
};

constexpr std::array kExtensions{
    ExtensionRow{"arrow.bool8", TypeKind::Boolean}, ExtensionRow{"arrow.json", TypeKind::Variant},
    ExtensionRow{"arrow.uuid", TypeKind::String},   ExtensionRow{"bit", TypeKind::String},
    ExtensionRow{"hugeint", TypeKind::BigInt},      ExtensionRow{"uhugeint", TypeKind::Void},
    ExtensionRow{"time_tz", TypeKind::String},
};

std::optional<TypeKind> extension_kind(const ArrowSchema& field) {
  const auto extension = arrow::find_metadata(field.metadata, "ARROW:extension:name");
  if (!extension) return std::nullopt;
  const auto details = arrow::find_metadata(field.metadata, "ARROW:extension:metadata");
  for (const auto& row : kExtensions) {
    if (*extension == row.name) return row.kind;
    const auto quoted = base::concat("\"type_name\":\"", row.name, "\"");
    if (details && details->find(quoted) != std::string_view::npos) return row.kind;
  }
  return std::nullopt;
}

SqlType decimal_of(std::string_view format) {  // d:precision,scale[,width]
  const auto parts = base::split(format.substr(2), ',');
  const auto number = [&](std::size_t i) {
    return i < parts.size() ? base::parse_number<int>(parts[i]).value_or(0) : 0;
  };
  return decimal_type(number(0), number(1));
}

[[noreturn]] void throw_unsupported(const ArrowSchema& field) {
  throw_sql_error(
      "UNSUPPORTED_DATATYPE",
      base::concat("The column ", quote_for_message(field.name ? field.name : ""),
                   " has a type that Databricks SQL does not have; cast it to STRING."));
}

SqlType nested_type(const ArrowSchema& field, std::string_view format) {
  if (format == "+m") {
    const auto& entries = *field.children[0];
    return map_type(sql_type_of(*entries.children[0]), sql_type_of(*entries.children[1]));
  }
  if (format == "+l" || format == "+L" || format.starts_with("+w:")) {
    return array_type(sql_type_of(*field.children[0]));
  }
  if (format != "+s") throw_unsupported(field);
  auto type = simple_type(TypeKind::Struct);
  for (std::int64_t i = 0; i < field.n_children; ++i) {
    const auto& child = *field.children[i];
    type.fields.push_back({.name = child.name, .type = sql_type_of(child)});
  }
  return type;
}

// What the months, days and nanoseconds of some rows have in common.
struct IntervalParts {
  bool months = false;
  bool time = false;

  void add(const ArrowArray& rows) {
    const auto* values = static_cast<const arrow::MonthDayNano*>(rows.buffers[1]);
    const auto* valid = static_cast<const std::uint8_t*>(rows.buffers[0]);
    for (auto i = rows.offset; i < rows.offset + rows.length; ++i) {
      if (valid != nullptr && !arrow::get_bit(valid, i)) continue;
      months |= values[i].months != 0;
      time |= values[i].days != 0 || values[i].nanoseconds != 0;
    }
  }
};

void settle(SqlType& type, const IntervalParts& parts) {
  if (!parts.months) return;
  type = simple_type(parts.time ? TypeKind::String : TypeKind::YearMonthInterval);
  if (!parts.time) type.qualifier = "YEAR TO MONTH";
}

std::string format_of(const SqlType& type, std::string_view time_zone) {
  switch (type.kind) {
    case TypeKind::Boolean:
      return "b";
    case TypeKind::TinyInt:
      return "c";
    case TypeKind::SmallInt:
      return "s";
    case TypeKind::Int:
      return "i";
    case TypeKind::BigInt:
      return "l";
    case TypeKind::Float:
      return "f";
    case TypeKind::Double:
      return "g";
    case TypeKind::Decimal:
      return base::concat("d:", type.precision, ",", type.scale);
    case TypeKind::Binary:
      return "z";
    case TypeKind::Date:
      return "tdD";
    case TypeKind::Timestamp:
      return base::concat("tsu:", time_zone);
    case TypeKind::TimestampNtz:
      return "tsu:";
    case TypeKind::YearMonthInterval:
      return "tiM";
    case TypeKind::DayTimeInterval:
      return "tDu";
    case TypeKind::Void:
      return "n";
    default:
      return "u";
  }
}

}  // namespace

SqlType sql_type_of(const ArrowSchema& engine_field) {
  const std::string_view format = engine_field.format;
  if (engine_field.dictionary != nullptr) return simple_type(TypeKind::String);
  if (const auto kind = extension_kind(engine_field)) return simple_type(*kind);
  if (format.starts_with("+")) return nested_type(engine_field, format);
  if (format.starts_with("d:")) return decimal_of(format);
  if (format == "L") return decimal_type(20, 0);
  if (format.starts_with("tt")) return simple_type(TypeKind::String);
  if (format.starts_with("w:")) return simple_type(TypeKind::Binary);
  if (format.starts_with("ts")) {
    return simple_type(format.ends_with(":") ? TypeKind::TimestampNtz : TypeKind::Timestamp);
  }
  for (const auto& row : kFormats) {
    if (row.format != format) continue;
    auto type = simple_type(row.kind);
    if (row.kind == TypeKind::DayTimeInterval) type.qualifier = "DAY TO SECOND";
    return type;
  }
  throw_unsupported(engine_field);
}

void settle_intervals(SqlType& type, const ArrowSchema& engine_field, const ArrowArray& rows) {
  if (type.kind == TypeKind::DayTimeInterval) {
    IntervalParts parts;
    parts.add(rows);
    return settle(type, parts);
  }
  // A map's key and value are the children of its `entries`.
  const bool is_map = type.kind == TypeKind::Map;
  const auto& schema = is_map ? *engine_field.children[0] : engine_field;
  const auto& array = is_map ? *rows.children[0] : rows;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    settle_intervals(type.fields[i].type, *schema.children[i], *array.children[i]);
  }
}

arrow::UniqueSchema arrow_field(const SqlType& type, std::string_view name, bool nullable,
                                std::string_view time_zone) {
  const auto child = [&](std::size_t i, std::string_view child_name) {
    return arrow_field(type.fields[i].type, child_name, type.fields[i].nullable, time_zone);
  };
  switch (type.kind) {
    case TypeKind::Array:
      return arrow::list_schema(child(0, "element"), name, nullable);
    case TypeKind::Map:
      return arrow::map_schema(child(0, "key"), child(1, "value"), name, nullable);
    case TypeKind::Struct: {
      std::vector<arrow::UniqueSchema> fields;
      for (std::size_t i = 0; i < type.fields.size(); ++i) {
        fields.push_back(child(i, type.fields[i].name));
      }
      return arrow::struct_schema(std::move(fields), name, nullable);
    }
    default:
      return arrow::make_schema(format_of(type, time_zone), name, nullable);
  }
}

arrow::UniqueSchema result_field(const SqlType& type, std::string_view name, bool nullable,
                                 std::string_view time_zone) {
  auto plain = arrow_field(type, name, nullable, time_zone);
  std::vector<arrow::UniqueSchema> children;
  for (std::int64_t i = 0; i < plain->n_children; ++i) {
    children.push_back(arrow::copy_schema(*plain->children[i]));
  }
  return arrow::make_schema({.format = plain->format,
                             .name = std::string(name),
                             .nullable = nullable,
                             .metadata = {{"Spark:DataType:SqlName", type_text(type)},
                                          {"Spark:DataType:JsonType", type_json(type)}},
                             .children = std::move(children),
                             .flags = plain->flags & ~ARROW_FLAG_NULLABLE});
}

}  // namespace dbsql::warehouse
