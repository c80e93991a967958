#include "warehouse/thrift_result.h"

#include "warehouse/thrift_status.h"

#include <utility>

namespace dbsql::warehouse {
namespace {

using apache::thrift::protocol::TProtocol;
using apache::thrift::protocol::TType;
using Member = ColumnData::Member;

tcli::TOperationState wire_state(OperationState state) {
  switch (state) {
    case OperationState::Pending:
      return tcli::TOperationState::PENDING_STATE;
    case OperationState::Running:
      return tcli::TOperationState::RUNNING_STATE;
    case OperationState::Finished:
      return tcli::TOperationState::FINISHED_STATE;
    case OperationState::Error:
      return tcli::TOperationState::ERROR_STATE;
    case OperationState::Canceled:
      return tcli::TOperationState::CANCELED_STATE;
    case OperationState::TimedOut:
      return tcli::TOperationState::TIMEDOUT_STATE;
    case OperationState::Closed:
      return tcli::TOperationState::CLOSED_STATE;
  }
  return tcli::TOperationState::UKNOWN_STATE;
}

tcli::TTypeQualifierValue integer_qualifier(int value) {
  tcli::TTypeQualifierValue qualifier;
  qualifier.__set_i32Value(value);
  return qualifier;
}

tcli::TColumnDesc describe(const WireColumn& column, std::int32_t position, bool with_comment) {
  tcli::TPrimitiveTypeEntry primitive;
  primitive.type = static_cast<tcli::TTypeId>(column.type_id);
  if (column.precision || column.scale) {
    tcli::TTypeQualifiers qualifiers;
    qualifiers.qualifiers["scale"] = integer_qualifier(column.scale.value_or(0));
    qualifiers.qualifiers["precision"] = integer_qualifier(column.precision.value_or(10));
    primitive.__set_typeQualifiers(qualifiers);
  }
  tcli::TTypeEntry entry;
  entry.__set_primitiveEntry(primitive);
  tcli::TColumnDesc description;
  description.columnName = column.name;
  description.typeDesc.types.push_back(entry);
  description.position = position;
  if (with_comment) description.__set_comment("");
  return description;
}

tcli::TSparkRowSetType wire_format(ResultOptions::Format format) {
  switch (format) {
    case ResultOptions::Format::Arrow:
      return tcli::TSparkRowSetType::ARROW_BASED_SET;
    case ResultOptions::Format::Columns:
      return tcli::TSparkRowSetType::COLUMN_BASED_SET;
    case ResultOptions::Format::Rows:
      return tcli::TSparkRowSetType::ROW_BASED_SET;
  }
  return tcli::TSparkRowSetType::COLUMN_BASED_SET;
}

TType element_type(Member member) {
  switch (member) {
    case Member::Bool:
      return TType::T_BOOL;
    case Member::Int8:
      return TType::T_BYTE;
    case Member::Int16:
      return TType::T_I16;
    case Member::Int32:
      return TType::T_I32;
    case Member::Int64:
      return TType::T_I64;
    case Member::Double:
      return TType::T_DOUBLE;
    case Member::String:
    case Member::Binary:
      return TType::T_STRING;
  }
  return TType::T_STRING;
}

void write_column(ReplyProtocol& reply, ColumnData column) {
  TProtocol& out = reply;
  const auto member = static_cast<std::int16_t>(column.member);
  write_struct(out, "TColumn", [&] {
    write_field(out, TType::T_STRUCT, member, [&] {
      write_struct(out, "Values", [&] {
        write_field(out, TType::T_LIST, 1, [&] {
          out.writeListBegin(element_type(column.member), static_cast<std::uint32_t>(column.count));
          const std::string nulls = column.null_bits();
          reply.append(std::move(column.values));
          out.writeListEnd();
          out.writeFieldEnd();
          out.writeFieldBegin("nulls", TType::T_STRING, 2);
          out.writeBinary(nulls);
        });
      });
    });
  });
}

/// Reads a column's values one by one, for row-based pages.
class ValueReader {
 public:
  explicit ValueReader(const ColumnData& column) : column_(column) {}

  /// The encoded value of the next row: what a field of its type holds.
  std::string_view next() {
    const std::string_view rest = std::string_view(column_.values).substr(at_);
    const std::size_t size = size_of(rest);
    at_ += size;
    return rest.substr(0, size);
  }

 private:
  std::size_t size_of(std::string_view rest) const {
    switch (element_type(column_.member)) {
      case TType::T_BOOL:
      case TType::T_BYTE:
        return 1;
      case TType::T_I16:
        return 2;
      case TType::T_I32:
        return 4;
      case TType::T_I64:
      case TType::T_DOUBLE:
        return 8;
      default: {
        std::uint32_t length = 0;
        for (const char byte : rest.substr(0, 4)) {
          length = (length << 8) | static_cast<unsigned char>(byte);
        }
        return 4 + length;
      }
    }
  }

  const ColumnData& column_;
  std::size_t at_ = 0;
};

void write_value(TProtocol& out, ReplyProtocol& reply, const ColumnData& column, std::size_t row,
                 ValueReader& values) {
  // Row-based sets have no binary member: bytes travel as text.
  const Member member = column.member == Member::Binary ? Member::String : column.member;
  const std::string_view encoded = values.next();
  write_struct(out, "TColumnValue", [&] {
    write_field(out, TType::T_STRUCT, static_cast<std::int16_t>(member), [&] {
      write_struct(out, "Value", [&] {
        if (column.is_null(row)) return;
        write_field(out, element_type(member), 1,
                    [&] { reply.append(base::Buffer::copy_of(encoded)); });
      });
    });
  });
}

void write_rows(ReplyProtocol& reply, const ColumnPage& columns, std::int64_t row_count) {
  TProtocol& out = reply;
  out.writeListBegin(TType::T_STRUCT, static_cast<std::uint32_t>(row_count));
  std::vector<ValueReader> readers(columns.begin(), columns.end());
  for (std::size_t row = 0; row < static_cast<std::size_t>(row_count); ++row) {
    write_struct(out, "TRow", [&] {
      write_field(out, TType::T_LIST, 1, [&] {
        out.writeListBegin(TType::T_STRUCT, static_cast<std::uint32_t>(columns.size()));
        for (std::size_t i = 0; i < columns.size(); ++i) {
          write_value(out, reply, columns[i], row, readers[i]);
        }
        out.writeListEnd();
      });
    });
  }
  out.writeListEnd();
}

void write_columns(ReplyProtocol& reply, ColumnPage columns) {
  TProtocol& out = reply;
  out.writeListBegin(TType::T_STRUCT, static_cast<std::uint32_t>(columns.size()));
  for (ColumnData& column : columns) write_column(reply, std::move(column));
  out.writeListEnd();
}

void write_batches(ReplyProtocol& reply, const std::vector<ArrowBatch>& batches) {
  TProtocol& out = reply;
  out.writeListBegin(TType::T_STRUCT, static_cast<std::uint32_t>(batches.size()));
  for (const ArrowBatch& batch : batches) {
    write_struct(out, "TSparkArrowBatch", [&] {
      write_field(out, TType::T_STRING, 1, [&] { reply.write_bytes(batch.bytes); });
      write_field(out, TType::T_I64, 2, [&] { out.writeI64(batch.row_count); });
    });
  }
  out.writeListEnd();
}

void write_links(ReplyProtocol& reply, const std::vector<FileLink>& links) {
  TProtocol& out = reply;
  out.writeListBegin(TType::T_STRUCT, static_cast<std::uint32_t>(links.size()));
  for (const FileLink& file : links) {
    tcli::TSparkArrowResultLink link;
    link.fileLink = file.link.url;
    link.expiryTime = file.link.expiry_ms;
    link.startRowOffset = file.start_row;
    link.rowCount = file.row_count;
    link.bytesNum = file.bytes;
    link.__set_httpHeaders({});
    link.write(&out);
  }
  out.writeListEnd();
}

void write_row_set(ReplyProtocol& reply, ResultPage page, ResultOptions::Format format) {
  TProtocol& out = reply;
  write_struct(out, "TRowSet", [&] {
    write_field(out, TType::T_I64, 1, [&] { out.writeI64(page.start_row); });
    write_field(out, TType::T_LIST, 2, [&] {
      const bool by_row = format == ResultOptions::Format::Rows;
      write_rows(reply, page.columns, by_row ? page.row_count : 0);
    });
    if (format == ResultOptions::Format::Columns) {
      write_field(out, TType::T_LIST, 3, [&] { write_columns(reply, std::move(page.columns)); });
    } else if (!page.links.empty()) {
      write_field(out, TType::T_LIST, 0x502, [&] { write_links(reply, page.links); });
    } else if (format == ResultOptions::Format::Arrow) {
      write_field(out, TType::T_LIST, 0x501, [&] { write_batches(reply, page.batches); });
    }
  });
}

}  // namespace

InternalFields internal_fields(OperationType type, const OperationStatus& status,
                               const ReplyStyle& style) {
  InternalFields fields{.enabled = style.extensions};
  fields.metadata_call = type != OperationType::ExecuteStatement;
  if (status.result_kind.value_or(EngineResult::Kind::Rows) != EngineResult::Kind::Rows) {
    fields.idempotency = 1;
  }
  if (fields.metadata_call) fields.no_cloud_fetch_reason = 8;
  return fields;
}

tcli::TGetOperationStatusResp status_reply(const OperationStatus& status, const ReplyStyle& style) {
  tcli::TGetOperationStatusResp reply;
  reply.status = success_status();
  reply.__set_operationState(wire_state(status.state));
  if (status.error) {
    reply.__set_sqlState(status.error->sqlstate);
    reply.__set_errorCode(0);
    reply.__set_errorMessage(technical_message(*status.error, style.errors));
    if (style.extensions) {
      reply.__set_displayMessage(status.error->message);
      reply.__set_diagnosticInfo(diagnostic_info(*status.error));
      reply.__set_errorDetailsJson(error_details_json(*status.error));
    }
  }
  if (style.times && status.started_ms) reply.__set_operationStarted(*status.started_ms);
  if (style.times && status.completed_ms) reply.__set_operationCompleted(*status.completed_ms);
  if (style.extensions && status.state == OperationState::Finished && status.affected_rows) {
    reply.__set_numModifiedRows(*status.affected_rows);
  }
  return reply;
}

tcli::TGetResultSetMetadataResp metadata_reply(const ResultCursor& cursor, OperationType type,
                                               const ReplyStyle& style) {
  tcli::TGetResultSetMetadataResp reply;
  reply.status = success_status();
  tcli::TTableSchema schema;
  std::int32_t position = 0;
  for (const WireColumn& column : cursor.columns()) {
    schema.columns.push_back(describe(column, ++position, style.extensions));
  }
  reply.__set_schema(schema);
  if (!style.extensions) return reply;
  const ResultOptions& options = cursor.options();
  reply.__set_resultFormat(cursor.by_links() ? tcli::TSparkRowSetType::URL_BASED_SET
                                             : wire_format(options.format));
  if (type != OperationType::ExecuteStatement) return reply;
  const bool arrow = options.format == ResultOptions::Format::Arrow;
  reply.__set_lz4Compressed(arrow && options.lz4);
  if (arrow) reply.__set_arrowSchema(cursor.arrow_schema_message());
  reply.__set_cacheLookupResult(tcli::TCacheLookupResult::CACHE_INELIGIBLE);
  reply.__set_uncompressedBytes(0);
  reply.__set_compressedBytes(0);
  reply.__set_isStagingOperation(cursor.is_staging());
  return reply;
}

void write_fetch_reply(ReplyProtocol& reply, FetchReply fetch) {
  TProtocol& out = reply;
  write_struct(out, "TFetchResultsResp", [&] {
    write_field(out, TType::T_STRUCT, 1, [&] { success_status().write(&out); });
    write_field(out, TType::T_BOOL, 2, [&] { out.writeBool(fetch.has_more); });
    write_field(out, TType::T_STRUCT, 3,
                [&] { write_row_set(reply, std::move(fetch.page), fetch.format); });
    if (fetch.metadata) {
      write_field(out, TType::T_STRUCT, 0x501, [&] { fetch.metadata->write(&out); });
    }
  });
}

void write_direct_results(ReplyProtocol& reply, DirectResults results) {
  TProtocol& out = reply;
  write_struct(out, "TSparkDirectResults", [&] {
    write_field(out, TType::T_STRUCT, 1, [&] { results.operation_status.write(&out); });
    if (results.metadata) {
      write_field(out, TType::T_STRUCT, 2, [&] { results.metadata->write(&out); });
    }
    if (results.rows) {
      write_field(out, TType::T_STRUCT, 3,
                  [&] { write_fetch_reply(reply, std::move(*results.rows)); });
    }
    if (!results.closed) return;
    tcli::TCloseOperationResp closed;
    closed.status = success_status();
    write_field(out, TType::T_STRUCT, 4, [&] { closed.write(&out); });
  });
}

}  // namespace dbsql::warehouse
