#include "protocol/thrift/page_reader.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "protocol/thrift/message.h"

#include <tcli_service_types.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace dbsql::protocol::thrift {

namespace {

using Field = WireReader::Field;

template <class Struct>
std::shared_ptr<const Struct> decode_shared(WireReader& reader) {
  return std::make_shared<const Struct>(decode_struct<Struct>(reader));
}

base::Buffer slice_of(const base::Buffer& body, std::span<const std::byte> bytes) {
  return bytes.empty()
             ? base::Buffer()
             : body.slice(static_cast<std::size_t>(bytes.data() - body.data()), bytes.size());
}

/// The text names of TTypeId; an id beyond them is a type this version does not know
/// (reference/results.md 3.1).
std::string type_name_of(std::int32_t id) {
  constexpr std::array<std::string_view, 23> kNames{"BOOLEAN",
                                                    "TINYINT",
                                                    "SMALLINT",
                                                    "INT",
                                                    "BIGINT",
                                                    "FLOAT",
                                                    "DOUBLE",
                                                    "STRING",
                                                    "TIMESTAMP",
                                                    "BINARY",
                                                    "ARRAY",
                                                    "MAP",
                                                    "STRUCT",
                                                    "UNION",
                                                    "USER_DEFINED",
                                                    "DECIMAL",
                                                    "NULL",
                                                    "DATE",
                                                    "VARCHAR",
                                                    "CHAR",
                                                    "INTERVAL_YEAR_MONTH",
                                                    "INTERVAL_DAY_TIME",
                                                    "TIMESTAMP"};
  return id >= 0 && static_cast<std::size_t>(id) < kNames.size()
             ? std::string(kNames[static_cast<std::size_t>(id)])
             : std::string();
}

std::optional<std::int32_t> qualifier(const tcli::TPrimitiveTypeEntry& type, const char* name) {
  if (!type.__isset.typeQualifiers) return std::nullopt;
  const auto found = type.typeQualifiers.qualifiers.find(name);
  if (found == type.typeQualifiers.qualifiers.end()) return std::nullopt;
  if (found->second.__isset.i32Value) return found->second.i32Value;
  return base::parse_number<std::int32_t>(found->second.stringValue);
}

std::vector<ColumnDescription> describe(const tcli::TTableSchema& schema) {
  std::vector<ColumnDescription> columns;
  columns.reserve(schema.columns.size());
  for (const auto& column : schema.columns) {
    ColumnDescription description{.name = column.columnName};
    if (!column.typeDesc.types.empty()) {
      // Servers send a single primitive entry per column, also for nested types; anything else is
      // read as text.
      const auto& type = column.typeDesc.types.front().primitiveEntry;
      description.type_name = type_name_of(type.type);
      description.precision = qualifier(type, "precision");
      description.scale = qualifier(type, "scale");
    }
    columns.push_back(std::move(description));
  }
  return columns;
}

/// Numbers of rows are added up later on: none may be so large that a sum overflows.
void require_plausible(const WireReader& reader, std::int64_t rows) {
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  if (rows < 0 || rows > kMost) reader.fail("it declares an impossible number of rows");
}

ArrowBatch read_arrow_batch(WireReader& reader, const base::Buffer& body) {
  ArrowBatch batch;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::String)) {
      batch.bytes = slice_of(body, reader.read_binary());
    } else if (field.is(2, WireType::I64)) {
      batch.row_count = reader.read_i64();
    } else {
      reader.skip(field.type);
    }
  });
  require_plausible(reader, batch.row_count);
  return batch;
}

std::vector<ArrowBatch> read_arrow_batches(WireReader& reader, const base::Buffer& body) {
  const auto list = reader.read_list();
  if (list.element != WireType::Struct && list.count > 0) reader.fail("batches are not structs");
  std::vector<ArrowBatch> batches;
  for (std::int64_t i = 0; i < list.count; ++i) {
    ArrowBatch batch = read_arrow_batch(reader, body);
    if (!batch.bytes.empty()) batches.push_back(std::move(batch));  // placeholders are legal
  }
  return batches;
}

struct ColumnKind {
  WireColumn::Kind kind;
  WireType element;
  std::size_t width;  // 0 = length-prefixed
};

/// The members of the TColumn union by field id (reference/thrift.md 2.2).
constexpr std::array<ColumnKind, 8> kColumnKinds{{
    {WireColumn::Kind::Bool, WireType::Bool, 1},
    {WireColumn::Kind::Int8, WireType::Byte, 1},
    {WireColumn::Kind::Int16, WireType::I16, 2},
    {WireColumn::Kind::Int32, WireType::I32, 4},
    {WireColumn::Kind::Int64, WireType::I64, 8},
    {WireColumn::Kind::Double, WireType::Double, 8},
    {WireColumn::Kind::String, WireType::String, 0},
    {WireColumn::Kind::Binary, WireType::String, 0},
}};

std::span<const std::byte> read_values(WireReader& reader, const ColumnKind& kind,
                                       std::int64_t count) {
  return kind.width != 0 ? reader.take(count, kind.width) : reader.take_strings(count);
}

WireColumn read_column_values(WireReader& reader, const ColumnKind& kind) {
  WireColumn column{.kind = kind.kind};
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::List)) {
      const auto list = reader.read_list();
      if (list.element != kind.element && list.count > 0)
        reader.fail("a column has values of another type");
      column.count = list.count;
      column.values = read_values(reader, kind, list.count);
    } else if (field.is(2, WireType::String)) {
      column.nulls = reader.read_binary();
    } else {
      reader.skip(field.type);
    }
  });
  return column;
}

WireColumn read_column(WireReader& reader) {
  std::optional<WireColumn> column;
  for_each_field(reader, [&](Field field) {
    if (field.type == WireType::Struct && field.id >= 1 &&
        field.id <= static_cast<std::int16_t>(kColumnKinds.size())) {
      column = read_column_values(reader, kColumnKinds[static_cast<std::size_t>(field.id - 1)]);
    } else {
      reader.skip(field.type);
    }
  });
  if (!column) reader.fail("a column has no values");
  return *column;
}

ColumnarRows read_columns(WireReader& reader, const base::Buffer& body) {
  const auto list = reader.read_list();
  if (list.element != WireType::Struct && list.count > 0) reader.fail("columns are not structs");
  ColumnarRows rows{.owner = body};
  for (std::int64_t i = 0; i < list.count; ++i) rows.columns.push_back(read_column(reader));
  for (const WireColumn& column : rows.columns) {
    if (column.count != rows.columns.front().count)
      reader.fail("columns differ in their number of rows");
  }
  return rows;
}

void refuse_rows(WireReader& reader) {
  const auto list = reader.read_list();
  if (list.count > 0)
    throw_error({.kind = ErrorKind::NotSupported,
                 .message =
                     "the server sent a row-based result, a format of very old servers that this "
                     "driver does not read"});
}

http::Headers read_link_headers(WireReader& reader) {
  if (static_cast<WireType>(reader.read_byte()) != WireType::String ||
      static_cast<WireType>(reader.read_byte()) != WireType::String)
    reader.fail("the headers of a link are not text");
  const std::int32_t count = reader.read_i32();
  http::Headers headers;
  for (std::int32_t i = 0; i < count; ++i) {
    std::string name(reader.read_string());
    headers.push_back({std::move(name), std::string(reader.read_string())});
  }
  return headers;
}

/// Milliseconds, not seconds: two of the existing drivers get this wrong
/// (reference/results.md 2.2). Times that the clock cannot hold become ones that it can: long past,
/// or centuries ahead.
std::chrono::system_clock::time_point expiry_of(std::int64_t milliseconds) {
  constexpr std::int64_t kLatest = 9'000'000'000'000;  // the year 2255
  return std::chrono::system_clock::time_point(
      std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, kLatest)));
}

ResultLink read_link(WireReader& reader) {
  ResultLink link;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::String)) {
      link.url = reader.read_string();
    } else if (field.is(2, WireType::I64)) {
      link.expiry = expiry_of(reader.read_i64());
    } else if (field.is(3, WireType::I64)) {
      link.start_row = reader.read_i64();
    } else if (field.is(4, WireType::I64)) {
      link.row_count = reader.read_i64();
    } else if (field.is(5, WireType::I64)) {
      link.size_bytes = reader.read_i64();
    } else if (field.is(6, WireType::Map)) {
      link.headers = read_link_headers(reader);
    } else {
      reader.skip(field.type);
    }
  });
  require_plausible(reader, link.start_row);
  require_plausible(reader, link.row_count);
  return link;
}

std::vector<ResultLink> read_links(WireReader& reader) {
  const auto list = reader.read_list();
  if (list.element != WireType::Struct && list.count > 0) reader.fail("links are not structs");
  std::vector<ResultLink> links;
  for (std::int64_t i = 0; i < list.count; ++i) links.push_back(read_link(reader));
  return links;
}

/// TRowSet. What is filled decides the format, in the order of reference/results.md 1.2.
void read_row_set(WireReader& reader, const base::Buffer& body, Page& page) {
  std::vector<ArrowBatch> batches;
  std::optional<ColumnarRows> columns;
  std::vector<ResultLink> links;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::I64)) {
      page.start_row = reader.read_i64();
    } else if (field.is(2, WireType::List)) {
      refuse_rows(reader);
    } else if (field.is(3, WireType::List)) {
      columns = read_columns(reader, body);
    } else if (field.is(0x501, WireType::List)) {
      batches = read_arrow_batches(reader, body);
    } else if (field.is(0x502, WireType::List)) {
      links = read_links(reader);
    } else {
      reader.skip(field.type);
    }
  });
  if (!links.empty()) {
    page.rows = std::move(links);
  } else if (!batches.empty()) {
    page.rows = std::move(batches);
  } else if (columns && !columns->columns.empty()) {
    page.rows = *std::move(columns);
  }
}

}  // namespace

MetadataReply read_metadata_reply(WireReader& reader, const base::Buffer& body) {
  MetadataReply reply;
  ResultMetadata& metadata = reply.metadata;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::Struct)) {
      reply.status = decode_shared<tcli::TStatus>(reader);
    } else if (field.is(2, WireType::Struct)) {
      metadata.columns = describe(decode_struct<tcli::TTableSchema>(reader));
    } else if (field.is(0x502, WireType::Bool)) {
      metadata.lz4_compressed = reader.read_bool();
    } else if (field.is(0x503, WireType::String)) {
      metadata.arrow_schema = slice_of(body, reader.read_binary());
    } else if (field.is(0x507, WireType::Bool)) {
      metadata.is_staging = reader.read_bool();
    } else if (field.is(0xD11, WireType::Bool)) {
      metadata.truncated_by_server = reader.read_bool();
    } else {
      reader.skip(field.type);
    }
  });
  return reply;
}

FetchReply read_fetch_reply(WireReader& reader, const base::Buffer& body) {
  FetchReply reply;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::Struct)) {
      reply.status = decode_shared<tcli::TStatus>(reader);
    } else if (field.is(2, WireType::Bool)) {
      reply.page.has_more = reader.read_bool();
    } else if (field.is(3, WireType::Struct)) {
      read_row_set(reader, body, reply.page);
    } else if (field.is(0x501, WireType::Struct)) {
      reply.metadata = read_metadata_reply(reader, body).metadata;
    } else {
      reader.skip(field.type);
    }
  });
  reply.page.wire_bytes = static_cast<std::int64_t>(body.size());
  return reply;
}

namespace {

void read_direct_results(WireReader& reader, const base::Buffer& body, ExecuteReply& reply) {
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::Struct)) {
      reply.operation_status = decode_shared<tcli::TGetOperationStatusResp>(reader);
    } else if (field.is(2, WireType::Struct)) {
      reply.metadata = read_metadata_reply(reader, body);
    } else if (field.is(3, WireType::Struct)) {
      reply.first_page = read_fetch_reply(reader, body);
    } else if (field.is(4, WireType::Struct)) {
      reply.closed_by_server = true;
      for_each_field(reader, [&](Field inner) {
        if (inner.is(1, WireType::Struct)) {
          reply.close_status = decode_shared<tcli::TStatus>(reader);
        } else {
          reader.skip(inner.type);
        }
      });
    } else {
      reader.skip(field.type);
    }
  });
}

}  // namespace

ExecuteReply read_execute_reply(WireReader& reader, const base::Buffer& body) {
  ExecuteReply reply;
  for_each_field(reader, [&](Field field) {
    if (field.is(1, WireType::Struct)) {
      reply.status = decode_shared<tcli::TStatus>(reader);
    } else if (field.is(2, WireType::Struct)) {
      reply.operation = decode_shared<tcli::TOperationHandle>(reader);
    } else if (field.is(0x501, WireType::Struct)) {
      read_direct_results(reader, body, reply);
    } else {
      reader.skip(field.type);
    }
  });
  return reply;
}

}  // namespace dbsql::protocol::thrift
