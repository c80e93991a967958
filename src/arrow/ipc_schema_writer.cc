#include <dbsql/error.h>

#include "arrow/c_data.h"
#include "arrow/ipc_framing.h"
#include "arrow/ipc_writer.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

#include <vector>

namespace dbsql::arrow {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// A type table and which one it is: the two fields of a union.
struct TypeTable {
  ipc::Type tag = ipc::Type::NONE;
  Offset<void> table;
};

class SchemaWriter {
 public:
  std::string write(const ArrowSchema& schema) {
    const auto fields = builder_.CreateVector(fields_of(schema));
    const auto metadata = metadata_of(schema.metadata);
    const auto header =
        ipc::CreateSchema(builder_, ipc::Endianness::Little, fields, metadata).Union();
    builder_.Finish(
        ipc::CreateMessage(builder_, ipc::MetadataVersion::V5, ipc::MessageHeader::Schema, header));
    return framed(builder_.GetBufferPointer(), builder_.GetSize());
  }

 private:
  std::vector<Offset<ipc::Field>> fields_of(const ArrowSchema& parent) {
    std::vector<Offset<ipc::Field>> fields;
    fields.reserve(static_cast<std::size_t>(parent.n_children));
    for (std::int64_t i = 0; i < parent.n_children; ++i) {
      fields.push_back(field_of(*parent.children[i]));
    }
    return fields;
  }

  Offset<ipc::Field> field_of(const ArrowSchema& schema) {
    // Ids count in depth-first order, before those of nested fields, as readers without ids assume.
    Offset<ipc::DictionaryEncoding> encoding;
    const ArrowSchema* values = &schema;
    if (schema.dictionary != nullptr) {
      encoding = encoding_of(schema);
      values = schema.dictionary;
    }
    const TypeTable type = type_of(*values);
    const auto children = builder_.CreateVector(fields_of(*values));
    const auto name = builder_.CreateString(schema.name == nullptr ? "" : schema.name);
    const auto metadata = metadata_of(schema.metadata);
    return ipc::CreateField(builder_, name, (schema.flags & ARROW_FLAG_NULLABLE) != 0, type.tag,
                            type.table, encoding, children, metadata);
  }

  Offset<ipc::DictionaryEncoding> encoding_of(const ArrowSchema& schema) {
    const DataType index = parse_type(schema.format);
    const auto index_type = ipc::CreateInt(builder_, index.byte_width * 8, is_signed(index.kind));
    const bool ordered = (schema.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
    return ipc::CreateDictionaryEncoding(builder_, next_dictionary_++, index_type, ordered);
  }

  Offset<flatbuffers::Vector<Offset<ipc::KeyValue>>> metadata_of(const char* encoded) {
    const Metadata metadata = decode_metadata(encoded);
    if (metadata.empty()) return 0;
    std::vector<Offset<ipc::KeyValue>> pairs;
    pairs.reserve(metadata.size());
    for (const auto& [key, value] : metadata) {
      const auto key_text = builder_.CreateString(key);
      pairs.push_back(ipc::CreateKeyValue(builder_, key_text, builder_.CreateString(value)));
    }
    return builder_.CreateVector(pairs);
  }

  static bool is_signed(TypeKind kind) {
    return kind == TypeKind::Int8 || kind == TypeKind::Int16 || kind == TypeKind::Int32 ||
           kind == TypeKind::Int64;
  }

  static ipc::TimeUnit unit_of(const DataType& type) {
    return static_cast<ipc::TimeUnit>(type.unit);
  }

  template <class Table>
  static TypeTable tagged(Offset<Table> table) {
    return {ipc::TypeTraits<Table>::enum_value, table.Union()};
  }

  TypeTable type_of(const ArrowSchema& schema) {
    const DataType type = parse_type(schema.format);
    switch (type.kind) {
      case TypeKind::Null:
        return tagged(ipc::CreateNull(builder_));
      case TypeKind::Bool:
        return tagged(ipc::CreateBool(builder_));
      case TypeKind::Int8:
      case TypeKind::UInt8:
      case TypeKind::Int16:
      case TypeKind::UInt16:
      case TypeKind::Int32:
      case TypeKind::UInt32:
      case TypeKind::Int64:
      case TypeKind::UInt64:
        return tagged(ipc::CreateInt(builder_, type.byte_width * 8, is_signed(type.kind)));
      case TypeKind::Float16:
        return tagged(ipc::CreateFloatingPoint(builder_, ipc::Precision::Half));
      case TypeKind::Float32:
        return tagged(ipc::CreateFloatingPoint(builder_, ipc::Precision::Single));
      case TypeKind::Float64:
        return tagged(ipc::CreateFloatingPoint(builder_, ipc::Precision::Double));
      case TypeKind::Decimal:
        return tagged(
            ipc::CreateDecimal(builder_, type.precision, type.scale, type.byte_width * 8));
      case TypeKind::Binary:
        return tagged(ipc::CreateBinary(builder_));
      case TypeKind::LargeBinary:
        return tagged(ipc::CreateLargeBinary(builder_));
      case TypeKind::FixedSizeBinary:
        return tagged(ipc::CreateFixedSizeBinary(builder_, type.byte_width));
      case TypeKind::Utf8:
        return tagged(ipc::CreateUtf8(builder_));
      case TypeKind::LargeUtf8:
        return tagged(ipc::CreateLargeUtf8(builder_));
      case TypeKind::List:
        return tagged(ipc::CreateList(builder_));
      case TypeKind::LargeList:
        return tagged(ipc::CreateLargeList(builder_));
      case TypeKind::FixedSizeList:
        return tagged(ipc::CreateFixedSizeList(builder_, type.list_size));
      case TypeKind::Map:
        return tagged(ipc::CreateMap(builder_, (schema.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0));
      case TypeKind::Struct:
        return tagged(ipc::CreateStruct(builder_));
      default:
        return temporal_type_of(type);
    }
  }

  TypeTable temporal_type_of(const DataType& type) {
    switch (type.kind) {
      case TypeKind::Date32:
        return tagged(ipc::CreateDate(builder_, ipc::DateUnit::Day));
      case TypeKind::Date64:
        return tagged(ipc::CreateDate(builder_, ipc::DateUnit::Millisecond));
      case TypeKind::Time32:
      case TypeKind::Time64:
        return tagged(ipc::CreateTime(builder_, unit_of(type), type.byte_width * 8));
      case TypeKind::Timestamp: {
        Offset<flatbuffers::String> zone;
        if (!type.timezone.empty()) {
          zone = builder_.CreateString(type.timezone.data(), type.timezone.size());
        }
        return tagged(ipc::CreateTimestamp(builder_, unit_of(type), zone));
      }
      case TypeKind::Duration:
        return tagged(ipc::CreateDuration(builder_, unit_of(type)));
      case TypeKind::IntervalMonths:
        return tagged(ipc::CreateInterval(builder_, ipc::IntervalUnit::YearMonth));
      case TypeKind::IntervalDayTime:
        return tagged(ipc::CreateInterval(builder_, ipc::IntervalUnit::DayTime));
      default:
        return tagged(ipc::CreateInterval(builder_, ipc::IntervalUnit::MonthDayNano));
    }
  }

  FlatBufferBuilder builder_;
  std::int64_t next_dictionary_ = 0;
};

}  // namespace

std::string write_schema(const ArrowSchema& schema) {
  if (resolve_type(schema).layout != Layout::Struct) {
    throw_error(
        {.kind = ErrorKind::InvalidArgument, .message = "an IPC schema is a struct of columns"});
  }
  return SchemaWriter().write(schema);
}

}  // namespace dbsql::arrow
