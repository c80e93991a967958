#include "tests/warehouse/thrift_client.h"

namespace dbsql::test {

tcli::TOpenSessionResp ThriftClient::open(std::int64_t protocol) {
  tcli::TOpenSessionReq request;
  request.__set_client_protocol(static_cast<tcli::TProtocolVersion>(-7));
  request.__set_client_protocol_i64(protocol);
  request.__set_canUseMultipleCatalogs(true);
  auto reply = call<tcli::TOpenSessionResp>("OpenSession", request);
  session = reply.sessionHandle;
  return reply;
}

tcli::TExecuteStatementReq ThriftClient::usual_request(const std::string& sql,
                                                       std::int64_t rows) const {
  tcli::TExecuteStatementReq request;
  request.sessionHandle = session;
  request.statement = sql;
  request.__set_runAsync(true);
  tcli::TSparkGetDirectResults direct;
  direct.maxRows = rows;
  request.__set_getDirectResults(direct);
  request.__set_canReadArrowResult(true);
  request.__set_canDecompressLZ4Result(true);
  tcli::TSparkArrowTypes native;
  native.__set_timestampAsArrow(true);
  native.__set_decimalAsArrow(true);
  native.__set_complexTypesAsArrow(true);
  native.__set_intervalTypesAsArrow(true);
  native.__set_nullTypeAsArrow(true);
  request.__set_useArrowNativeTypes(native);
  return request;
}

tcli::TExecuteStatementResp ThriftClient::execute(const std::string& sql) {
  return execute(usual_request(sql));
}

tcli::TFetchResultsResp ThriftClient::fetch(const tcli::TOperationHandle& operation,
                                            std::int64_t max_rows) {
  tcli::TFetchResultsReq request;
  request.operationHandle = operation;
  request.orientation = tcli::TFetchOrientation::FETCH_NEXT;
  request.maxRows = max_rows;
  return call<tcli::TFetchResultsResp>("FetchResults", request);
}

tcli::TGetOperationStatusResp ThriftClient::status(const tcli::TOperationHandle& operation) {
  tcli::TGetOperationStatusReq request;
  request.operationHandle = operation;
  return call<tcli::TGetOperationStatusResp>("GetOperationStatus", request);
}

tcli::TStatus ThriftClient::cancel(const tcli::TOperationHandle& operation) {
  tcli::TCancelOperationReq request;
  request.operationHandle = operation;
  return call<tcli::TCancelOperationResp>("CancelOperation", request).status;
}

tcli::TStatus ThriftClient::close(const tcli::TOperationHandle& operation) {
  tcli::TCloseOperationReq request;
  request.operationHandle = operation;
  return call<tcli::TCloseOperationResp>("CloseOperation", request).status;
}

tcli::TStatus ThriftClient::close_session() {
  tcli::TCloseSessionReq request;
  request.sessionHandle = session;
  return call<tcli::TCloseSessionResp>("CloseSession", request).status;
}

}  // namespace dbsql::test
