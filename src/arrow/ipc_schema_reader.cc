#include "arrow/ipc_schema_reader.h"

#include <dbsql/error.h>

#include "arrow/ipc_message.h"
#include "arrow/ipc_reader.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

namespace dbsql::arrow {
namespace {

[[noreturn]] void unsupported_type(std::string_view what) {
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat("the result has a column of Arrow type ", what,
                                       ", which is not supported; cast it in the statement")});
}

char unit_letter(ipc::TimeUnit unit) {
  const auto index = static_cast<std::size_t>(unit);
  if (index > 3) throw_corrupt_ipc("a time unit is unknown");
  return "smun"[index];
}

std::string int_format(const ipc::Int& type) {
  switch (type.bit_width()) {
    case 8:
      return type.is_signed() ? "c" : "C";
    case 16:
      return type.is_signed() ? "s" : "S";
    case 32:
      return type.is_signed() ? "i" : "I";
    case 64:
      return type.is_signed() ? "l" : "L";
    default:
      throw_corrupt_ipc(base::concat("an integer type has ", type.bit_width(), " bits"));
  }
}

std::string float_format(const ipc::FloatingPoint& type) {
  switch (type.precision()) {
    case ipc::Precision::Half:
      return "e";
    case ipc::Precision::Single:
      return "f";
    case ipc::Precision::Double:
      return "g";
  }
  throw_corrupt_ipc("a floating-point precision is unknown");
}

std::string decimal_format_of(const ipc::Decimal& type) {
  const int bits = type.bit_width();
  const int max_precision = bits == 32 ? 9 : bits == 64 ? 18 : bits == 128 ? 38 : 76;
  if (bits != 32 && bits != 64 && bits != 128 && bits != 256) {
    throw_corrupt_ipc(base::concat("a decimal type has ", bits, " bits"));
  }
  if (type.precision() < 1 || type.precision() > max_precision) {
    throw_corrupt_ipc(
        base::concat("a decimal type of ", bits, " bits has a precision of ", type.precision()));
  }
  return decimal_format(type.precision(), type.scale(), bits);
}

std::string time_format(const ipc::Time& type) {
  const char unit = unit_letter(type.unit());
  const int expected = unit == 's' || unit == 'm' ? 32 : 64;
  if (type.bit_width() != expected) throw_corrupt_ipc("a time type has the wrong width");
  return base::concat("tt", unit);
}

std::string date_format(const ipc::Date& type) {
  switch (type.unit()) {
    case ipc::DateUnit::Day:
      return "tdD";
    case ipc::DateUnit::Millisecond:
      return "tdm";
  }
  throw_corrupt_ipc("a date unit is unknown");
}

std::string interval_format(const ipc::Interval& type) {
  switch (type.unit()) {
    case ipc::IntervalUnit::YearMonth:
      return "tiM";
    case ipc::IntervalUnit::DayTime:
      return "tiD";
    case ipc::IntervalUnit::MonthDayNano:
      return "tin";
  }
  throw_corrupt_ipc("an interval unit is unknown");
}

std::string sized_format(std::string_view prefix, std::int32_t size) {
  if (size < 0) throw_corrupt_ipc("a fixed-size type has a negative size");
  return base::concat(prefix, size);
}

std::string timestamp_format_of(const ipc::Timestamp& type) {
  const std::string_view zone =
      type.timezone() == nullptr ? std::string_view() : type.timezone()->string_view();
  return base::concat("ts", unit_letter(type.unit()), ":", zone);
}

std::string format_of(const ipc::Field& field) {
  if (field.type() == nullptr) throw_corrupt_ipc("a field has no type");
  switch (field.type_type()) {
    case ipc::Type::Null:
      return "n";
    case ipc::Type::Int:
      return int_format(*field.type_as_Int());
    case ipc::Type::FloatingPoint:
      return float_format(*field.type_as_FloatingPoint());
    case ipc::Type::Binary:
      return "z";
    case ipc::Type::Utf8:
      return "u";
    case ipc::Type::Bool:
      return "b";
    case ipc::Type::Decimal:
      return decimal_format_of(*field.type_as_Decimal());
    case ipc::Type::Date:
      return date_format(*field.type_as_Date());
    case ipc::Type::Time:
      return time_format(*field.type_as_Time());
    case ipc::Type::Timestamp:
      return timestamp_format_of(*field.type_as_Timestamp());
    case ipc::Type::Interval:
      return interval_format(*field.type_as_Interval());
    case ipc::Type::List:
      return "+l";
    case ipc::Type::Struct:
      return "+s";
    case ipc::Type::FixedSizeBinary:
      return sized_format("w:", field.type_as_FixedSizeBinary()->byte_width());
    case ipc::Type::FixedSizeList:
      return sized_format("+w:", field.type_as_FixedSizeList()->list_size());
    case ipc::Type::Map:
      return "+m";
    case ipc::Type::Duration:
      return base::concat("tD", unit_letter(field.type_as_Duration()->unit()));
    case ipc::Type::LargeBinary:
      return "Z";
    case ipc::Type::LargeUtf8:
      return "U";
    case ipc::Type::LargeList:
      return "+L";
    default:
      unsupported_type(ipc::EnumNameType(field.type_type()));
  }
}

// Turns the tables into C structs, within a budget: hostile metadata may let a thousand fields
// share one long string, and copying it for each of them would multiply its size.
class SchemaConverter {
 public:
  explicit SchemaConverter(std::size_t metadata_size) : text_budget_(metadata_size * 16 + 4096) {}

  IpcSchema convert(const ipc::Schema& schema) {
    if (schema.endianness() != ipc::Endianness::Little) {
      throw_error({.kind = ErrorKind::NotSupported,
                   .message = "the result is in big-endian Arrow form, which is not supported"});
    }
    IpcSchema result;
    SchemaParts root{.format = "+s",
                     .nullable = false,
                     .metadata = metadata_of(schema.custom_metadata()),
                     .children = fields_of(schema.fields(), 1)};
    result.schema = make_schema(std::move(root));
    result.dictionary_ids = std::move(dictionary_ids_);
    // The rules for children are the same for every schema, so they are checked in one place.
    try {
      resolve_type(*result.schema);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::NotSupported) throw;
      throw_corrupt_ipc(error.message());
    }
    return result;
  }

 private:
  using Fields = flatbuffers::Vector<flatbuffers::Offset<ipc::Field>>;
  using KeyValues = flatbuffers::Vector<flatbuffers::Offset<ipc::KeyValue>>;

  std::string text(const flatbuffers::String* string) {
    if (string == nullptr) return {};
    if (string->size() > text_budget_) throw_corrupt_ipc("a schema repeats its texts too often");
    text_budget_ -= string->size();
    return string->str();
  }

  Metadata metadata_of(const KeyValues* pairs) {
    Metadata metadata;
    if (pairs == nullptr) return metadata;
    for (const ipc::KeyValue* pair : *pairs) {
      std::string key = text(pair->key());
      metadata.emplace_back(std::move(key), text(pair->value()));
    }
    return metadata;
  }

  std::vector<UniqueSchema> fields_of(const Fields* fields, int depth) {
    std::vector<UniqueSchema> schemas;
    if (fields == nullptr) return schemas;
    if (depth > kMaxNesting) {
      throw_error({.kind = ErrorKind::NotSupported,
                   .message = base::concat("a column's type is nested more than ", kMaxNesting,
                                           " levels deep")});
    }
    schemas.reserve(fields->size());
    for (const ipc::Field* field : *fields) schemas.push_back(field_of(*field, depth));
    return schemas;
  }

  UniqueSchema field_of(const ipc::Field& field, int depth) {
    if (field.dictionary() != nullptr) return encoded_field_of(field, depth);
    SchemaParts parts = value_type_of(field, depth);
    parts.name = text(field.name());
    parts.nullable = field.nullable();
    parts.metadata = metadata_of(field.custom_metadata());
    return make_schema(std::move(parts));
  }

  SchemaParts value_type_of(const ipc::Field& field, int depth) {
    SchemaParts parts{.format = format_of(field)};
    parts.children = fields_of(field.children(), depth + 1);
    if (field.type_type() == ipc::Type::Map && field.type_as_Map()->keys_sorted()) {
      parts.flags = ARROW_FLAG_MAP_KEYS_SORTED;
    }
    return parts;
  }

  // In the C interface an encoded field has the type of its indices, and the type of the values
  // beside it.
  UniqueSchema encoded_field_of(const ipc::Field& field, int depth) {
    const ipc::DictionaryEncoding& encoding = *field.dictionary();
    dictionary_ids_.push_back(encoding.id());
    SchemaParts parts{
        .format = encoding.index_type() == nullptr ? "i" : int_format(*encoding.index_type()),
        .name = text(field.name()),
        .nullable = field.nullable(),
        .metadata = metadata_of(field.custom_metadata()),
        .flags = encoding.is_ordered() ? ARROW_FLAG_DICTIONARY_ORDERED : 0};
    parts.dictionary = make_schema(value_type_of(field, depth));
    return make_schema(std::move(parts));
  }

  std::size_t text_budget_;
  std::vector<std::int64_t> dictionary_ids_;
};

}  // namespace

IpcSchema convert_schema(const IpcMessage& message) {
  const ipc::Schema* schema = message.table().header_as_Schema();
  if (schema == nullptr) throw_corrupt_ipc("a schema was expected where another message came");
  return SchemaConverter(message.metadata_size()).convert(*schema);
}

IpcSchema read_ipc_schema(const base::Buffer& message) {
  return convert_schema(IpcMessage::read_single(message));
}

UniqueSchema read_schema(const base::Buffer& message) { return read_ipc_schema(message).schema; }

}  // namespace dbsql::arrow
