#include "tests/warehouse/server_test.h"

namespace dbsql::test {
namespace {

class CatalogCalls : public ServerTest {
 protected:
  /// Calls here end by themselves: the reply waits for them, however busy the machine is.
  void SetUp() override {
    auto options = quick_options();
    options.service.direct_results_wait = 1min;
    start(std::move(options));
  }

  template <class Reply, class Request>
  static void expect_column_based(ThriftClient& client, const std::string& method,
                                  Request request) {
    request.sessionHandle = client.session;
    tcli::TSparkGetDirectResults direct;
    direct.maxRows = 1000;
    request.__set_getDirectResults(direct);
    request.__set_runAsync(true);
    const auto reply = client.call<Reply>(method, request);
    EXPECT_EQ(reply.status.statusCode, tcli::TStatusCode::SUCCESS_STATUS) << method;
    const auto& metadata = reply.directResults.resultSetMetadata;
    EXPECT_EQ(metadata.resultFormat, tcli::TSparkRowSetType::COLUMN_BASED_SET) << method;
    EXPECT_FALSE(metadata.__isset.lz4Compressed) << method;
    EXPECT_FALSE(metadata.__isset.arrowSchema) << method;
    EXPECT_FALSE(metadata.__isset.cacheLookupResult) << method;
    EXPECT_EQ(reply.directResults.resultSet.results.columns.size(), 2U) << method;
    EXPECT_TRUE(reply.directResults.__isset.closeOperation) << method;
  }
};

TEST_F(CatalogCalls, AreAnsweredColumnBased) {
  ThriftClient client = connect();
  tcli::TGetFunctionsReq functions;
  functions.functionName = "%";

  expect_column_based<tcli::TGetCatalogsResp>(client, "GetCatalogs", tcli::TGetCatalogsReq());
  expect_column_based<tcli::TGetSchemasResp>(client, "GetSchemas", tcli::TGetSchemasReq());
  expect_column_based<tcli::TGetTablesResp>(client, "GetTables", tcli::TGetTablesReq());
  expect_column_based<tcli::TGetTableTypesResp>(client, "GetTableTypes", tcli::TGetTableTypesReq());
  expect_column_based<tcli::TGetColumnsResp>(client, "GetColumns", tcli::TGetColumnsReq());
  expect_column_based<tcli::TGetTypeInfoResp>(client, "GetTypeInfo", tcli::TGetTypeInfoReq());
  expect_column_based<tcli::TGetFunctionsResp>(client, "GetFunctions", functions);
  expect_column_based<tcli::TGetPrimaryKeysResp>(client, "GetPrimaryKeys",
                                                 tcli::TGetPrimaryKeysReq());
  expect_column_based<tcli::TGetCrossReferenceResp>(client, "GetCrossReference",
                                                    tcli::TGetCrossReferenceReq());
}

TEST_F(CatalogCalls, NeedASession) {
  ThriftClient client = connect();
  tcli::TGetCatalogsReq request;
  request.sessionHandle = client.session;
  client.close_session();

  const auto reply = client.call<tcli::TGetCatalogsResp>("GetCatalogs", request);

  EXPECT_EQ(reply.status.sqlState, "08000");
}

TEST_F(CatalogCalls, CanBePolledAndFetchedWithoutDirectResults) {
  ThriftClient client = connect();
  tcli::TGetCatalogsReq request;
  request.sessionHandle = client.session;

  const auto reply = client.call<tcli::TGetCatalogsResp>("GetCatalogs", request);
  const auto status = client.status(reply.operationHandle);
  const auto page = client.fetch(reply.operationHandle, 100);

  EXPECT_FALSE(reply.__isset.directResults);
  EXPECT_EQ(reply.operationHandle.operationType, tcli::TOperationType::GET_CATALOGS);
  EXPECT_EQ(status.operationState, tcli::TOperationState::FINISHED_STATE);
  EXPECT_EQ(page.results.columns.at(0).i64Val.values.size(), 3U);
}

}  // namespace
}  // namespace dbsql::test
