#include "server/replies.h"

#include "server/column_pages.h"
#include "server/rest.h"
#include "wire/thrift_walk.h"

#include <tcli_service_types.h>
#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <algorithm>
#include <array>
#include <cstdio>
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
      {"l", tcli::TTypeId::BIGINT_TYPE},  {"i", tcli::TTypeId::INT_TYPE},
      {"g", tcli::TTypeId::DOUBLE_TYPE},  {"u", tcli::TTypeId::STRING_TYPE},
      {"+l", tcli::TTypeId::ARRAY_TYPE},  {"+m", tcli::TTypeId::MAP_TYPE},
      {"+s", tcli::TTypeId::STRUCT_TYPE}, {"d:7,2", tcli::TTypeId::DECIMAL_TYPE}};
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

tcli::TSparkRowSetType format_of(ResultForm form) {
  switch (form) {
    case ResultForm::Columns:
      return tcli::TSparkRowSetType::COLUMN_BASED_SET;
    case ResultForm::Files:
      return tcli::TSparkRowSetType::URL_BASED_SET;
    default:
      return tcli::TSparkRowSetType::ARROW_BASED_SET;
  }
}

tcli::TGetResultSetMetadataResp metadata_of(const EncodedResult& result) {
  tcli::TGetResultSetMetadataResp metadata;
  metadata.__set_status(success());
  metadata.__set_schema(table_schema(result.columns));
  metadata.__set_resultFormat(format_of(result.form));
  metadata.__set_lz4Compressed(result.lz4);
  if (result.form != ResultForm::Columns) metadata.__set_arrowSchema(result.arrow_schema);
  metadata.__set_cacheLookupResult(tcli::TCacheLookupResult::CACHE_INELIGIBLE);
  metadata.__set_isStagingOperation(false);
  return metadata;
}

tcli::TRowSet batch_rows(const EncodedPage& page) {
  tcli::TRowSet rows;
  rows.__isset.arrowBatches = true;
  for (const EncodedBatch& encoded : page.batches) {
    tcli::TSparkArrowBatch batch;
    batch.__set_batch(encoded.bytes);
    batch.__set_rowCount(encoded.rows);
    rows.arrowBatches.push_back(std::move(batch));
  }
  return rows;
}

tcli::TRowSet column_rows(const EncodedPage& page, const std::vector<ColumnSpec>& columns) {
  tcli::TRowSet rows;
  put_columns(*page.columns, columns, rows);
  return rows;
}

tcli::TRowSet link_rows(const EncodedResult& result, const FileAddress& address, std::int64_t first,
                        std::int64_t end) {
  using std::chrono::milliseconds;
  const auto expiry = std::chrono::duration_cast<milliseconds>(link_expiry().time_since_epoch());
  tcli::TRowSet rows;
  rows.__isset.resultLinks = true;
  for (std::int64_t file = first; file < end; ++file) {
    const auto& page = result.pages[static_cast<std::size_t>(file) % result.pages.size()];
    tcli::TSparkArrowResultLink link;
    link.__set_fileLink(address.link(file));
    link.__set_expiryTime(expiry.count());
    link.__set_startRowOffset(file * page.rows);
    link.__set_rowCount(page.rows);
    link.__set_bytesNum(static_cast<std::int64_t>(page.arrow_bytes));
    rows.resultLinks.push_back(std::move(link));
  }
  return rows;
}

/// The rows of every reply there is: of the distinct pages, or of all pages of links.
std::vector<tcli::TRowSet> reply_rows(const EncodedResult& result, const PagesSpec& spec,
                                      const FileAddress& address) {
  std::vector<tcli::TRowSet> replies;
  if (result.form == ResultForm::Files) {
    for (std::int64_t first = 0; first < spec.pages; first += spec.links)
      replies.push_back(
          link_rows(result, address, first, std::min(first + spec.links, spec.pages)));
    return replies;
  }
  for (const EncodedPage& page : result.pages)
    replies.push_back(result.form == ResultForm::Columns ? column_rows(page, result.columns)
                                                         : batch_rows(page));
  return replies;
}

tcli::TFetchResultsResp page_reply(const tcli::TRowSet& rows, bool has_more) {
  tcli::TFetchResultsResp reply;
  reply.__set_status(success());
  reply.__set_hasMoreRows(has_more);
  reply.__set_results(rows);
  return reply;
}

PreparedReply prepare_execute(const tcli::TGetResultSetMetadataResp& metadata,
                              const tcli::TRowSet& rows, bool complete) {
  tcli::TSparkDirectResults direct;
  direct.__set_operationStatus(finished());
  direct.__set_resultSetMetadata(metadata);
  direct.__set_resultSet(page_reply(rows, !complete));
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

PreparedReply prepare_page(const tcli::TRowSet& rows,
                           const tcli::TGetResultSetMetadataResp& metadata) {
  tcli::TFetchResultsResp reply = page_reply(rows, true);
  reply.__set_resultSetMetadata(metadata);
  auto prepared = prepare("FetchResults", reply);
  prepared.has_more_at = place_of(prepared, {0, 2}).begin;
  const Place start_row = place_of(prepared, {0, 3, 1});
  prepared.start_row_at = start_row.begin;
  prepared.head_size = start_row.end;
  prepared.metadata_at = place_of(prepared, {0, 3}).end;
  return prepared;
}

/// A page without rows, in the form of the others.
tcli::TRowSet no_rows(const EncodedResult& result, const PagesSpec& spec) {
  if (result.form != ResultForm::Columns) return {};
  return column_rows({.columns = rows_of(spec.data, 0, 0)}, result.columns);
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

PreparedResult prepare_result(EncodedResult result, const PagesSpec& spec, FileAddress address) {
  const bool is_files = result.form == ResultForm::Files;
  address.file_count = is_files ? spec.pages : 0;
  address.rows_per_file = spec.rows;
  const auto metadata = metadata_of(result);
  const auto replies = reply_rows(result, spec, address);
  const auto count =
      is_files ? static_cast<std::int64_t>(replies.size()) : spec.pages;  // of replies
  PreparedResult prepared{.execute = prepare_execute(metadata, replies.front(), count == 1),
                          .metadata = prepare_metadata(metadata),
                          .after_last = prepare_page(no_rows(result, spec), metadata),
                          .page_count = count,
                          .rows_per_page = is_files ? spec.rows * spec.links : spec.rows,
                          .lz4 = result.lz4,
                          .file_count = address.file_count,
                          .pace = {.delay = std::chrono::milliseconds(spec.delay_ms),
                                   .bytes_per_s = static_cast<double>(spec.rate_mb) * 1e6}};
  for (const tcli::TRowSet& rows : replies) prepared.pages.push_back(prepare_page(rows, metadata));
  for (std::int64_t index = 0; index < spec.pages; ++index) {
    const EncodedPage& page = result.pages[static_cast<std::size_t>(index) % result.pages.size()];
    prepared.arrow_bytes += page.arrow_bytes;
    prepared.wire_bytes += page.wire_bytes;
    prepared.checksum += page.checksum;
  }
  if (!is_files) return prepared;
  prepared.rest_answer = rest_statement(result, address, statement_id_of(address.result));
  for (EncodedPage& page : result.pages) prepared.files.push_back(std::move(page.file));
  return prepared;
}

std::string statement_id_of(std::uint32_t result) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%08x-0000-1000-8000-000000000001", result);
  return text.data();
}

}  // namespace dbsql::bench
