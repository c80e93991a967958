#include "floor/requests.h"

#include "wire/thrift_walk.h"

#include <tcli_service_types.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <memory>
#include <stdexcept>

namespace dbsql::bench {

namespace {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::transport::TMemoryBuffer;

template <class Request>
std::string call(std::string_view method, const Request& request) {
  const auto buffer = std::make_shared<TMemoryBuffer>();
  TBinaryProtocol protocol(buffer);
  protocol.writeMessageBegin(std::string(method), apache::thrift::protocol::T_CALL, 1);
  protocol.writeStructBegin("args");
  protocol.writeFieldBegin("req", apache::thrift::protocol::T_STRUCT, 1);
  request.write(&protocol);
  protocol.writeFieldEnd();
  protocol.writeFieldStop();
  protocol.writeStructEnd();
  protocol.writeMessageEnd();
  return buffer->getBufferAsString();
}

tcli::THandleIdentifier identifier(std::string_view guid) {
  tcli::THandleIdentifier id;
  id.__set_guid(std::string(guid));
  id.__set_secret("dbsql-bench-0001");
  return id;
}

tcli::TSessionHandle session(std::string_view guid) {
  tcli::TSessionHandle handle;
  handle.__set_sessionId(identifier(guid));
  return handle;
}

tcli::TOperationHandle operation(std::string_view guid) {
  tcli::TOperationHandle handle;
  handle.__set_operationId(identifier(guid));
  handle.__set_operationType(tcli::TOperationType::EXECUTE_STATEMENT);
  handle.__set_hasResultSet(true);
  return handle;
}

}  // namespace

std::string open_session_message() {
  tcli::TOpenSessionReq request;
  request.__set_client_protocol_i64(tcli::TProtocolVersion::SPARK_CLI_SERVICE_PROTOCOL_V9);
  request.__set_canUseMultipleCatalogs(true);
  return call("OpenSession", request);
}

std::string execute_message(std::string_view session_guid, std::string_view statement, bool lz4,
                            ResultForm form) {
  tcli::TSparkGetDirectResults direct;
  direct.__set_maxRows(100'000);
  tcli::TExecuteStatementReq request;
  request.__set_sessionHandle(session(session_guid));
  request.__set_statement(std::string(statement));
  request.__set_runAsync(true);
  request.__set_getDirectResults(direct);
  request.__set_canReadArrowResult(form != ResultForm::Columns);
  request.__set_canDownloadResult(form == ResultForm::Files);
  request.__set_canDecompressLZ4Result(lz4);
  return call("ExecuteStatement", request);
}

std::string fetch_message(std::string_view operation_guid) {
  tcli::TFetchResultsReq request;
  request.__set_operationHandle(operation(operation_guid));
  request.__set_orientation(tcli::TFetchOrientation::FETCH_NEXT);
  request.__set_maxRows(100'000);
  return call("FetchResults", request);
}

std::string close_operation_message(std::string_view operation_guid) {
  tcli::TCloseOperationReq request;
  request.__set_operationHandle(operation(operation_guid));
  return call("CloseOperation", request);
}

std::string close_session_message(std::string_view session_guid) {
  tcli::TCloseSessionReq request;
  request.__set_sessionHandle(session(session_guid));
  return call("CloseSession", request);
}

std::string guid_in(std::span<const char> reply, std::int16_t field) {
  const MessageHead head = read_message_head(reply);
  const auto place = find_value(reply, head.body_at, {0, field, 1, 1});
  if (!place) throw std::runtime_error(std::string(head.method) + " was refused by the server");
  return std::string(ThriftWalker(reply, place->begin).string());
}

}  // namespace dbsql::bench
