#include "result/schema_builder.h"

#include <dbsql/error.h>

#include "arrow/type.h"
#include "base/text.h"
#include "result/type_table.h"
#include "result/type_text.h"

#include <algorithm>
#include <array>

namespace dbsql::result {

namespace {

constexpr std::string_view kSqlNameKey = "Spark:DataType:SqlName";
constexpr std::int32_t kDefaultPrecision = 10;  // of DECIMAL without arguments
constexpr std::int32_t kDefaultScale = 0;

/// The Arrow type of a field; nothing for the types this library cannot read, and without a field.
std::optional<arrow::DataType> data_type_of(const ArrowSchema* field) {
  if (field == nullptr) return std::nullopt;
  const ArrowSchema* const values = field->dictionary != nullptr ? field->dictionary : field;
  try {
    return arrow::parse_type(values->format);
  } catch (const Error&) {
    return std::nullopt;  // its rows will be refused with a message; the schema can still be shown
  }
}

TypeId type_of_arrow(const arrow::DataType& type) noexcept {
  using Kind = arrow::TypeKind;
  switch (type.kind) {
    case Kind::Null:
      return TypeId::Void;
    case Kind::Bool:
      return TypeId::Boolean;
    case Kind::Int8:
      return TypeId::TinyInt;
    case Kind::UInt8:
    case Kind::Int16:
      return TypeId::SmallInt;
    case Kind::UInt16:
    case Kind::Int32:
      return TypeId::Int;
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::Int64:
      return TypeId::BigInt;
    case Kind::Float16:
    case Kind::Float32:
      return TypeId::Float;
    case Kind::Float64:
      return TypeId::Double;
    case Kind::Decimal:
      return TypeId::Decimal;
    case Kind::Date32:
    case Kind::Date64:
      return TypeId::Date;
    case Kind::Timestamp:
      return type.timezone.empty() ? TypeId::TimestampNtz : TypeId::Timestamp;
    case Kind::Duration:
      return TypeId::IntervalDayTime;
    case Kind::IntervalMonths:
      return TypeId::IntervalYearMonth;
    case Kind::Binary:
    case Kind::LargeBinary:
    case Kind::FixedSizeBinary:
      return TypeId::Binary;
    case Kind::Utf8:
    case Kind::LargeUtf8:
      return TypeId::String;
    case Kind::List:
    case Kind::LargeList:
    case Kind::FixedSizeList:
      return TypeId::Array;
    case Kind::Map:
      return TypeId::Map;
    case Kind::Struct:
      return TypeId::Struct;
    case Kind::Time32:
    case Kind::Time64:
    case Kind::IntervalDayTime:
    case Kind::IntervalMonthDayNano:
      break;
  }
  return TypeId::Unknown;
}

std::string_view sql_name_of(const ArrowSchema* field) {
  if (field == nullptr) return {};
  return base::trim(
      arrow::find_metadata(field->metadata, kSqlNameKey).value_or(std::string_view{}));
}

bool is_nested(TypeId type) noexcept {
  return type == TypeId::Array || type == TypeId::Map || type == TypeId::Struct;
}

/// The Arrow fields of the values nested in a field: element; key and value; the fields.
std::vector<const ArrowSchema*> nested_fields(const ArrowSchema* field) {
  if (field == nullptr) return {};
  const bool is_map = std::string_view(field->format) == "+m" && field->n_children == 1;
  const ArrowSchema& parent = is_map ? *field->children[0] : *field;
  return {parent.children, parent.children + parent.n_children};
}

/// The type that an Arrow field stands for, with what is nested in it.
DeclaredType declared_by_arrow(const ArrowSchema& field, int depth) {
  DeclaredType declared{.id = TypeId::Unknown};
  const auto type = data_type_of(&field);
  if (!type || depth > arrow::kMaxNesting) return declared;
  declared.id = type_of_arrow(*type);
  declared.nullable = (field.flags & ARROW_FLAG_NULLABLE) != 0;
  if (type->kind == arrow::TypeKind::Decimal) {
    declared.precision = type->precision;
    declared.scale = type->scale;
  }
  if (!is_nested(declared.id)) return declared;
  for (const ArrowSchema* nested : nested_fields(&field)) {
    declared.children.push_back(declared_by_arrow(*nested, depth + 1));
    if (nested->name != nullptr) declared.children.back().name = nested->name;
  }
  return declared;
}

/// What is known about one column, from both sides.
struct Sources {
  const protocol::ColumnDescription* description = nullptr;
  const ArrowSchema* field = nullptr;  ///< null: the server sent no Arrow schema
  std::optional<arrow::DataType> arrow_type;

  Sources(const protocol::ColumnDescription& column, const ArrowSchema* arrow_field)
      : description(&column), field(arrow_field), arrow_type(data_type_of(arrow_field)) {}

  /// The server's own words for the type.
  std::string_view type_text() const {
    const std::string_view sql_name = sql_name_of(field);
    return sql_name.empty() ? base::trim(description->type_name) : sql_name;
  }

  /// The type by those words; by the Arrow type when there are none or they are no type.
  DeclaredType declared_type() const {
    auto declared = parse_type_text(type_text());
    if (!arrow_type) return declared.value_or(DeclaredType{});
    const bool is_bare = declared && is_nested(declared->id) && declared->children.empty();
    if (declared && !is_bare) return *std::move(declared);
    DeclaredType by_arrow = declared_by_arrow(*field, 0);
    return is_bare && by_arrow.id != declared->id ? *std::move(declared) : by_arrow;
  }
};

void set_precision(Column& column, const Sources& sources, const DeclaredType& declared) {
  const auto& type = sources.arrow_type;
  const bool arrow_knows = type && type->kind == arrow::TypeKind::Decimal;
  if (sources.description->precision) {
    column.precision = sources.description->precision;
    column.scale = sources.description->scale.value_or(kDefaultScale);
  } else if (arrow_knows) {
    column.precision = type->precision;
    column.scale = type->scale;
  } else {
    column.precision = declared.precision.value_or(kDefaultPrecision);
    column.scale = declared.scale.value_or(kDefaultScale);
  }
}

/// The server's text where it says more than the type's plain name, which is then put in its SQL
/// form.
std::string published_text(const Column& column, const DeclaredType& declared,
                           std::string_view server_text) {
  if (column.type == TypeId::Decimal)
    return base::concat("DECIMAL(", *column.precision, ',', *column.scale, ')');
  const bool is_bare_word = std::ranges::all_of(server_text, [](char character) {
    return character == '_' || (character >= '0' && character <= '9') ||
           (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
  });
  if (!is_bare_word) return std::string(server_text);
  if (server_text.empty() || find_type(server_text) != nullptr) return type_text_of(declared);
  return std::string(server_text);  // the name of a type that is too new for this library
}

std::string nested_text(const DeclaredType& declared) {
  return declared.text.empty() ? type_text_of(declared) : declared.text;
}

/// The columns nested in one, led by its declared type; Arrow adds zones and what is never NULL.
std::vector<Column> nested_columns(const DeclaredType& declared, const ArrowSchema* field) {
  constexpr std::array<std::string_view, 2> kMapNames{"key", "value"};
  std::vector<Column> columns;
  const auto fields = nested_fields(field);
  for (std::size_t i = 0; i < declared.children.size(); ++i) {
    const DeclaredType& child = declared.children[i];
    const ArrowSchema* const child_field =
        fields.size() == declared.children.size() ? fields[i] : nullptr;
    Column& column = columns.emplace_back();
    column.name = declared.id == TypeId::Array ? "element"
                  : declared.id == TypeId::Map ? kMapNames[i % 2]
                                               : std::string_view(child.name);
    column.type = child.id;
    column.type_text = nested_text(child);
    column.nullable = child.nullable && !(declared.id == TypeId::Map && i == 0) &&
                      (child_field == nullptr || (child_field->flags & ARROW_FLAG_NULLABLE) != 0);
    if (child.id == TypeId::Decimal) {
      column.precision = child.precision.value_or(kDefaultPrecision);
      column.scale = child.scale.value_or(kDefaultScale);
    }
    if (const auto type = data_type_of(child_field)) column.time_zone = std::string(type->timezone);
    column.children = nested_columns(child, child_field);
  }
  return columns;
}

Column make_column(const Sources& sources) {
  const DeclaredType declared = sources.declared_type();
  Column column;
  column.name = sources.description->name;
  column.type = declared.id;
  if (column.type == TypeId::Decimal) set_precision(column, sources, declared);
  column.type_text = published_text(column, declared, sources.type_text());
  if (sources.field != nullptr) column.nullable = (sources.field->flags & ARROW_FLAG_NULLABLE) != 0;
  if (sources.arrow_type) column.time_zone = std::string(sources.arrow_type->timezone);
  if (is_nested(column.type)) column.children = nested_columns(declared, sources.field);
  return column;
}

/// The Arrow format of a column in pages of one form.
std::string format_of(const protocol::ColumnDescription& description, PageForm form) {
  const Column column = make_column(Sources(description, nullptr));
  const TypeRow& row = row_of(column.type);
  if (form == PageForm::Arrow) return std::string(row.text_format);
  if (column.type != TypeId::Decimal) return std::string(row.column_format);
  const bool valid = *column.precision >= 1 && *column.precision <= 38 && *column.scale >= 0 &&
                     *column.scale <= *column.precision;
  // Without a declared precision, (10,0) would be a guess that refuses real values: the text is
  // kept.
  const bool declared =
      description.precision || description.type_name.find('(') != std::string::npos;
  return valid && declared ? arrow::decimal_format(*column.precision, *column.scale) : "u";
}

}  // namespace

Schema build_schema(const protocol::ResultMetadata& metadata, const ArrowSchema* arrow) {
  std::size_t count = metadata.columns.size();
  if (arrow != nullptr) count = std::min(count, static_cast<std::size_t>(arrow->n_children));
  std::vector<Column> columns;
  columns.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    columns.push_back(
        make_column(Sources(metadata.columns[i], arrow != nullptr ? arrow->children[i] : nullptr)));
  return Schema(std::move(columns));
}

namespace {

bool lacks_zone(const Column& column) noexcept {
  return (column.type == TypeId::Timestamp && column.time_zone.empty()) ||
         std::ranges::any_of(column.children, lacks_zone);
}

void fill_in_zone(Column& column, const std::string& zone) {
  if (column.type == TypeId::Timestamp && column.time_zone.empty()) column.time_zone = zone;
  for (Column& child : column.children) fill_in_zone(child, zone);
}

}  // namespace

bool lacks_time_zone(const Schema& schema) noexcept {
  return std::ranges::any_of(schema, lacks_zone);
}

Schema with_time_zone(const Schema& schema, const std::string& zone) {
  std::vector<Column> columns(schema.begin(), schema.end());
  for (Column& column : columns) fill_in_zone(column, zone);
  return Schema(std::move(columns));
}

arrow::UniqueSchema derive_arrow_schema(const protocol::ResultMetadata& metadata, PageForm form) {
  std::vector<arrow::UniqueSchema> fields;
  fields.reserve(metadata.columns.size());
  for (const protocol::ColumnDescription& description : metadata.columns)
    fields.push_back(arrow::make_schema(format_of(description, form), description.name));
  return arrow::struct_schema(std::move(fields));
}

}  // namespace dbsql::result
