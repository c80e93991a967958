#include "server/replies.h"

#include "wire/thrift_walk.h"

#include <tcli_service_types.h>
#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace dbsql::bench {

namespace {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TMessageType;
using apache::thrift::transport::TMemoryBuffer;

constexpr std::size_t kLengthSize = 4;  // before the bytes of a string
const std::string kNoGuid(16, '\0');
const std::string kSecret = "dbsql-bench-0001";

using Protocol = TBinaryProtocol;

/// A whole message; `write_body` writes its one struct.
template <class WriteBody>
std::string serialize(std::string_view method, TMessageType type, std::int32_t sequence_id,
                      WriteBody write_body) {
  const auto buffer = std::make_shared<TMemoryBuffer>();
  Protocol protocol(buffer);
  protocol.writeMessageBegin(std::string(method), type, sequence_id);
  write_body(protocol);
  protocol.writeMessageEnd();
  return buffer->getBufferAsString();
}

/// A reply whose changing places are not known yet, but for its sequence id.
template <class Reply>
PreparedReply prepare(std::string_view method, const Reply& reply) {
  const auto write_result = [&](Protocol& protocol) {
    protocol.writeStructBegin("result");
    protocol.writeFieldBegin("success", apache::thrift::protocol::T_STRUCT, 0);
    reply.write(&protocol);
    protocol.writeFieldEnd();
    protocol.writeFieldStop();
    protocol.writeStructEnd();
  };
  PreparedReply prepared{.bytes =
                             serialize(method, apache::thrift::protocol::T_REPLY, 0, write_result)};
  const MessageHead head = read_message_head(prepared.bytes);
  prepared.sequence_id_at = head.sequence_id_at;
  prepared.head_size = head.body_at;
  return prepared;
}

Place place_of(const PreparedReply& reply, std::initializer_list<std::int16_t> path) {
  const MessageHead head = read_message_head(reply.bytes);
  const auto place = find_value(reply.bytes, head.body_at, path);
  if (!place) throw std::logic_error("a prepared reply lacks a field it was given");
  return *place;
}

void find_guid(PreparedReply& reply, std::initializer_list<std::int16_t> path) {
  const Place place = place_of(reply, path);
  reply.guid_at = place.begin + kLengthSize;
  reply.head_size = place.end;
}

tcli::TStatus success() {
  tcli::TStatus status;
  status.__set_statusCode(tcli::TStatusCode::SUCCESS_STATUS);
  return status;
}

tcli::THandleIdentifier identifier() {
  tcli::THandleIdentifier id;
  id.__set_guid(kNoGuid);
  id.__set_secret(kSecret);
  return id;
}

tcli::TOperationHandle operation_handle() {
  tcli::TOperationHandle handle;
  handle.__set_operationId(identifier());
  handle.__set_operationType(tcli::TOperationType::EXECUTE_STATEMENT);
  handle.__set_hasResultSet(true);
  return handle;
}

tcli::TGetOperationStatusResp finished() {
  tcli::TGetOperationStatusResp status;
  status.__set_status(success());
  status.__set_operationState(tcli::TOperationState::FINISHED_STATE);
  status.__set_operationStarted(1'700'000'000'000);
  status.__set_operationCompleted(1'700'000'000'001);
  return status;
}

tcli::TTypeQualifierValue number_qualifier(std::int32_t value) {
  tcli::TTypeQualifierValue qualifier;
  qualifier.__set_i32Value(value);
  return qualifier;
}

tcli::TPrimitiveTypeEntry type_entry(const ColumnSpec& column) {
  static const std::map<std::string, tcli::TTypeId> kinds = {
      {"l", tcli::TTypeId::BIGINT_TYPE},
      {"i", tcli::TTypeId::INT_TYPE},
      {"g", tcli::TTypeId::DOUBLE_TYPE},
      {"u", tcli::TTypeId::STRING_TYPE},
      {"d:7,2", tcli::TTypeId::DECIMAL_TYPE}};
  tcli::TPrimitiveTypeEntry entry;
  entry.__set_type(kinds.at(column.arrow_format));
  if (entry.type == tcli::TTypeId::DECIMAL_TYPE) {
    tcli::TTypeQualifiers qualifiers;
    qualifiers.qualifiers = {{"precision", number_qualifier(7)}, {"scale", number_qualifier(2)}};
    entry.__set_typeQualifiers(qualifiers);
  }
  return entry;
}

tcli::TTableSchema table_schema(const std::vector<ColumnSpec>& columns) {
  tcli::TTableSchema schema;
  for (const ColumnSpec& column : columns) {
    tcli::TTypeEntry entry;
    entry.__set_primitiveEntry(type_entry(column));
    tcli::TTypeDesc type;
    type.types.push_back(entry);
    tcli::TColumnDesc description;
    description.__set_columnName(column.name);
    description.__set_typeDesc(type);
    description.__set_position(static_cast<std::int32_t>(schema.columns.size()) + 1);
    description.__set_comment("");
    schema.columns.push_back(description);
  }
  return schema;
}

tcli::TGetResultSetMetadataResp metadata_of(const EncodedResult& result) {
  tcli::TGetResultSetMetadataResp metadata;
  metadata.__set_status(success());
  metadata.__set_schema(table_schema(result.columns));
  metadata.__set_resultFormat(tcli::TSparkRowSetType::ARROW_BASED_SET);
  metadata.__set_lz4Compressed(result.lz4);
  metadata.__set_arrowSchema(result.arrow_schema);
  metadata.__set_cacheLookupResult(tcli::TCacheLookupResult::CACHE_INELIGIBLE);
  metadata.__set_isStagingOperation(false);
  return metadata;
}

tcli::TFetchResultsResp page_reply(const EncodedPage& page, bool has_more) {
  tcli::TRowSet rows;
  rows.__set_startRowOffset(0);
  rows.__isset.arrowBatches = true;
  for (const EncodedBatch& encoded : page.batches) {
    tcli::TSparkArrowBatch batch;
    batch.__set_batch(encoded.bytes);
    batch.__set_rowCount(encoded.rows);
    rows.arrowBatches.push_back(std::move(batch));
  }
  tcli::TFetchResultsResp reply;
  reply.__set_status(success());
  reply.__set_hasMoreRows(has_more);
  reply.__set_results(std::move(rows));
  return reply;
}

PreparedReply prepare_execute(const EncodedResult& result, bool complete) {
  tcli::TSparkDirectResults direct;
  direct.__set_operationStatus(finished());
  direct.__set_resultSetMetadata(metadata_of(result));
  direct.__set_resultSet(page_reply(result.pages.front(), !complete));
  if (complete) {
    tcli::TCloseOperationResp closed;
    closed.__set_status(success());
    direct.__set_closeOperation(closed);
  }
  tcli::TExecuteStatementResp reply;
  reply.__set_status(success());
  reply.__set_operationHandle(operation_handle());
  reply.__set_directResults(std::move(direct));
  auto prepared = prepare("ExecuteStatement", reply);
  find_guid(prepared, {0, 2, 1, 1});
  return prepared;
}

PreparedReply prepare_page(const EncodedPage& page,
                           const tcli::TGetResultSetMetadataResp& metadata) {
  tcli::TFetchResultsResp reply = page_reply(page, true);
  reply.__set_resultSetMetadata(metadata);
  auto prepared = prepare("FetchResults", reply);
  prepared.has_more_at = place_of(prepared, {0, 2}).begin;
  const Place start_row = place_of(prepared, {0, 3, 1});
  prepared.start_row_at = start_row.begin;
  prepared.head_size = start_row.end;
  prepared.metadata_at = place_of(prepared, {0, 3}).end;
  return prepared;
}

PreparedReply prepare_metadata(const tcli::TGetResultSetMetadataResp& metadata) {
  return prepare("GetResultSetMetadata", metadata);
}

}  // namespace

PreparedReply prepare_open_session() {
  tcli::TSessionHandle handle;
  handle.__set_sessionId(identifier());
  tcli::TNamespace names;
  names.__set_catalogName("main");
  names.__set_schemaName("default");
  tcli::TOpenSessionResp reply;
  reply.__set_status(success());
  reply.__set_serverProtocolVersion(tcli::TProtocolVersion::SPARK_CLI_SERVICE_PROTOCOL_V8);
  reply.__set_sessionHandle(handle);
  reply.__set_configuration({});
  reply.__set_initialNamespace(names);
  reply.__set_canUseMultipleCatalogs(true);
  auto prepared = prepare("OpenSession", reply);
  find_guid(prepared, {0, 3, 1, 1});
  return prepared;
}

PreparedReply prepare_close_session() {
  tcli::TCloseSessionResp reply;
  reply.__set_status(success());
  return prepare("CloseSession", reply);
}

PreparedReply prepare_close_operation() {
  tcli::TCloseOperationResp reply;
  reply.__set_status(success());
  return prepare("CloseOperation", reply);
}

PreparedReply prepare_cancel_operation() {
  tcli::TCancelOperationResp reply;
  reply.__set_status(success());
  return prepare("CancelOperation", reply);
}

PreparedReply prepare_operation_status() { return prepare("GetOperationStatus", finished()); }

PreparedReply prepare_refusal(const std::string& sqlstate, const std::string& message) {
  tcli::TStatus status;
  status.__set_statusCode(tcli::TStatusCode::ERROR_STATUS);
  status.__set_sqlState(sqlstate);
  status.__set_errorMessage(message);
  status.__set_displayMessage(message);
  tcli::TExecuteStatementResp reply;
  reply.__set_status(status);
  return prepare("ExecuteStatement", reply);
}

std::string unknown_method(std::string_view method, std::int32_t sequence_id) {
  const apache::thrift::TApplicationException error(
      apache::thrift::TApplicationException::UNKNOWN_METHOD,
      "the bench server has no method " + std::string(method));
  return serialize(method, apache::thrift::protocol::T_EXCEPTION, sequence_id,
                   [&](Protocol& protocol) { error.write(&protocol); });
}

PreparedResult prepare_result(const EncodedResult& result, std::int64_t page_count) {
  const auto metadata = metadata_of(result);
  PreparedResult prepared{.execute = prepare_execute(result, page_count == 1),
                          .metadata = prepare_metadata(metadata),
                          .page_count = page_count,
                          .rows_per_page = result.pages.front().rows,
                          .lz4 = result.lz4};
  for (const EncodedPage& page : result.pages)
    prepared.pages.push_back(prepare_page(page, metadata));
  for (std::int64_t index = 0; index < page_count; ++index) {
    const EncodedPage& page = result.pages[static_cast<std::size_t>(index) % result.pages.size()];
    prepared.arrow_bytes += page.arrow_bytes;
    prepared.wire_bytes += page.wire_bytes;
    prepared.checksum += page.checksum;
  }
  return prepared;
}

}  // namespace dbsql::bench
