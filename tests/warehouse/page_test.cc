#include "arrow/ipc_reader.h"
#include "arrow/lz4_frame.h"
#include "tests/warehouse/server_test.h"

namespace dbsql::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

base::Buffer buffer_of(const std::string& text) { return base::Buffer::copy_of(text); }

class Pages : public ServerTest {
 protected:
  /// Statements here end by themselves: the reply waits for them, however busy the machine is.
  void SetUp() override {
    auto options = quick_options();
    options.service.direct_results_wait = 1min;
    start(std::move(options));
  }

  /// The ids of all rows of a page, decoded from its Arrow batches.
  static std::vector<std::int64_t> ids(const tcli::TGetResultSetMetadataResp& metadata,
                                       const tcli::TRowSet& rows) {
    const auto schema = arrow::read_schema(buffer_of(metadata.arrowSchema));
    const arrow::RecordBatchDecoder decoder(*schema);
    std::vector<std::int64_t> ids;
    for (const auto& batch : rows.arrowBatches) {
      const base::Buffer raw = buffer_of(batch.batch);
      const bool is_lz4 = arrow::is_lz4_frame(raw.bytes());
      EXPECT_EQ(is_lz4, metadata.lz4Compressed);
      const auto decoded = decoder.decode(is_lz4 ? arrow::decompress_lz4_frames(raw.bytes()) : raw);
      EXPECT_EQ(decoded->length, batch.rowCount);
      const auto* values = static_cast<const std::int64_t*>(decoded->children[0]->buffers[1]);
      ids.insert(ids.end(), values, values + decoded->length);
    }
    return ids;
  }

  /// An open operation that has delivered nothing yet.
  static tcli::TExecuteStatementResp submit(ThriftClient& client, const std::string& sql) {
    return client.execute(client.usual_request(sql, 0));
  }

  static tcli::TFetchResultsReq fetch_request(
      const tcli::TOperationHandle& handle, std::int64_t max_rows,
      tcli::TFetchOrientation orientation = tcli::TFetchOrientation::FETCH_NEXT) {
    tcli::TFetchResultsReq request;
    request.operationHandle = handle;
    request.orientation = orientation;
    request.maxRows = max_rows;
    return request;
  }

  static tcli::TFetchResultsResp fetch(ThriftClient& client,
                                       const tcli::TFetchResultsReq& request) {
    return client.call<tcli::TFetchResultsResp>("FetchResults", request);
  }

  static std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> ids;
    for (std::int64_t id = first; id < last; ++id) ids.push_back(id);
    return ids;
  }
};

TEST_F(Pages, HoldExactlyTheRowsAskedForWhateverTheEnginesBatches) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 100 7");
  const auto& metadata = reply.directResults.resultSetMetadata;
  std::vector<std::int64_t> seen;

  bool more = true;
  while (more) {
    const auto page = client.fetch(reply.operationHandle, 9);
    EXPECT_EQ(page.results.startRowOffset, static_cast<std::int64_t>(seen.size()));
    const auto rows = ids(metadata, page.results);
    EXPECT_LE(rows.size(), 9U);
    seen.insert(seen.end(), rows.begin(), rows.end());
    more = page.hasMoreRows;
  }

  EXPECT_EQ(seen, range(0, 100));
}

TEST_F(Pages, WithoutARowLimitTakeTheServersOwn) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 5000 100");

  for (const std::int64_t max_rows : {std::int64_t{0}, std::int64_t{-1}}) {
    auto request =
        fetch_request(reply.operationHandle, max_rows, tcli::TFetchOrientation::FETCH_FIRST);
    const auto page = fetch(client, request);
    EXPECT_FALSE(page.hasMoreRows);
    EXPECT_EQ(ids(reply.directResults.resultSetMetadata, page.results), range(0, 5000));
  }
}

TEST_F(Pages, StayBelowTheByteLimitAndAlwaysMoveOn) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 1000 1000");
  auto request = fetch_request(reply.operationHandle, 100'000);

  request.__set_maxBytes(2000);
  const auto small = fetch(client, request);
  request.__set_maxBytes(1);
  const auto tiny = fetch(client, request);

  EXPECT_GT(small.results.arrowBatches.at(0).rowCount, 10);
  EXPECT_LT(small.results.arrowBatches.at(0).rowCount, 200);
  EXPECT_TRUE(small.hasMoreRows);
  EXPECT_EQ(tiny.results.arrowBatches.at(0).rowCount, 1);
}

TEST_F(Pages, AfterTheEndAreEmpty) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 3");
  client.fetch(reply.operationHandle, 10);

  const auto page = client.fetch(reply.operationHandle, 10);

  EXPECT_EQ(page.results.startRowOffset, 3);
  EXPECT_TRUE(page.results.__isset.arrowBatches);
  EXPECT_THAT(page.results.arrowBatches, IsEmpty());
  EXPECT_FALSE(page.hasMoreRows);
}

TEST_F(Pages, OfEmptyResultsCarryTheWholeSchema) {
  ThriftClient client = connect();

  const auto direct = client.execute("rows 0").directResults;

  EXPECT_TRUE(direct.resultSet.results.__isset.arrowBatches);
  EXPECT_THAT(direct.resultSet.results.arrowBatches, IsEmpty());
  EXPECT_TRUE(direct.resultSetMetadata.lz4Compressed);
  EXPECT_EQ(direct.resultSetMetadata.schema.columns.size(), 2U);
  EXPECT_EQ(arrow::read_schema(buffer_of(direct.resultSetMetadata.arrowSchema))->n_children, 2);
}

TEST_F(Pages, AreNotCompressedUnlessTheClientCanReadThat) {
  ThriftClient client = connect();
  auto request = client.usual_request("rows 20");
  request.__isset.canDecompressLZ4Result = false;

  const auto direct = client.execute(request).directResults;

  EXPECT_FALSE(direct.resultSetMetadata.lz4Compressed);
  EXPECT_EQ(ids(direct.resultSetMetadata, direct.resultSet.results), range(0, 20));
}

TEST_F(Pages, CanBeReadFromTheStartAgain) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 50 10");
  client.fetch(reply.operationHandle, 20);
  client.fetch(reply.operationHandle, 20);

  const auto page =
      fetch(client, fetch_request(reply.operationHandle, 15, tcli::TFetchOrientation::FETCH_FIRST));

  EXPECT_EQ(page.results.startRowOffset, 0);
  EXPECT_EQ(ids(reply.directResults.resultSetMetadata, page.results), range(0, 15));
  EXPECT_EQ(client.fetch(reply.operationHandle, 15).results.startRowOffset, 15);
}

TEST_F(Pages, CanBeReadBackwardsAPage) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 50 10");
  client.fetch(reply.operationHandle, 10);
  client.fetch(reply.operationHandle, 10);
  client.fetch(reply.operationHandle, 10);

  const auto page =
      fetch(client, fetch_request(reply.operationHandle, 10, tcli::TFetchOrientation::FETCH_PRIOR));

  EXPECT_EQ(page.results.startRowOffset, 10);
}

TEST_F(Pages, CanBeAskedForByRowOffset) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 50 10");
  client.fetch(reply.operationHandle, 30);
  auto request = fetch_request(reply.operationHandle, 10);

  request.__set_startRowOffset(17);
  const auto again = fetch(client, request);
  request.__set_startRowOffset(45);
  const auto ahead = fetch(client, request);

  EXPECT_EQ(ids(reply.directResults.resultSetMetadata, again.results), range(17, 27));
  EXPECT_EQ(ahead.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
}

TEST_F(Pages, InOtherDirectionsAreRefused) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 5");

  const auto page =
      fetch(client, fetch_request(reply.operationHandle, 1, tcli::TFetchOrientation::FETCH_LAST));

  EXPECT_EQ(page.status.sqlState, "HY106");
}

TEST_F(Pages, CarryMetadataWhenAsked) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 5");
  auto request = fetch_request(reply.operationHandle, 1);

  EXPECT_FALSE(fetch(client, request).__isset.resultSetMetadata);
  request.__set_includeResultSetMetadata(true);
  EXPECT_EQ(fetch(client, request).resultSetMetadata.schema.columns.size(), 2U);
}

TEST_F(Pages, ArePulledFromTheEngineAsTheyAreRead) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 1000000 1000");

  client.fetch(reply.operationHandle, 5000);

  EXPECT_LE(script->rows_made, 7000);
}

TEST_F(Pages, ThatWereLetGoCannotBeReadAgain) {
  ThriftClient client = connect();
  const auto reply = submit(client, "rows 3000000 50000");
  bool more = true;
  while (more) more = client.fetch(reply.operationHandle, 100'000).hasMoreRows;

  const auto first =
      fetch(client, fetch_request(reply.operationHandle, 10, tcli::TFetchOrientation::FETCH_FIRST));

  EXPECT_EQ(first.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(first.status.sqlState, "HY106");
}

TEST_F(Pages, OfServersWithoutArrowAreColumnBased) {
  ThriftClient client = connect(0xA504);

  const auto direct = client.execute("rows 12").directResults;

  EXPECT_EQ(direct.resultSetMetadata.resultFormat, tcli::TSparkRowSetType::COLUMN_BASED_SET);
  EXPECT_FALSE(direct.resultSetMetadata.lz4Compressed);
  EXPECT_FALSE(direct.resultSetMetadata.__isset.arrowSchema);
  const auto& columns = direct.resultSet.results.columns;
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].i64Val.values, range(0, 12));
  EXPECT_EQ(columns[0].i64Val.nulls, std::string(1, '\0'));
  EXPECT_EQ(columns[1].stringVal.values.at(3), "row 3");
  EXPECT_EQ(columns[1].stringVal.values.at(9), "") << "NULL";
  EXPECT_EQ(columns[1].stringVal.nulls, std::string("\x00\x02", 2));
}

TEST_F(Pages, AreColumnBasedWhenTheClientCannotReadArrow) {
  ThriftClient client = connect();
  auto request = client.usual_request("rows 12");
  request.__set_canReadArrowResult(false);
  request.__set_canDownloadResult(true);

  const auto direct = client.execute(request).directResults;

  EXPECT_EQ(direct.resultSetMetadata.resultFormat, tcli::TSparkRowSetType::COLUMN_BASED_SET);
  EXPECT_EQ(direct.resultSet.results.columns.size(), 2U);
}

TEST_F(Pages, OfColumnsKeepTheByteLimit) {
  ThriftClient client = connect(0xA504);
  const auto reply = submit(client, "rows 1000 1000");
  auto request = fetch_request(reply.operationHandle, 100'000);
  request.__set_maxBytes(3000);
  std::vector<std::int64_t> seen;

  bool more = true;
  while (more) {
    const auto page = fetch(client, request);
    const auto& values = page.results.columns.at(0).i64Val.values;
    ASSERT_FALSE(values.empty());
    EXPECT_LE(values.size() * 8, 3000U);
    seen.insert(seen.end(), values.begin(), values.end());
    more = page.hasMoreRows;
  }

  EXPECT_EQ(seen, range(0, 1000));
}

TEST_F(Pages, ForHiveClientsSayNothingAboutTheEnd) {
  ThriftClient client = connect(9);
  const auto reply = client.execute("rows 30");
  ASSERT_FALSE(reply.__isset.directResults);
  while (client.status(reply.operationHandle).operationState !=
         tcli::TOperationState::FINISHED_STATE) {
  }
  tcli::TGetResultSetMetadataReq request;
  request.operationHandle = reply.operationHandle;
  const auto metadata =
      client.call<tcli::TGetResultSetMetadataResp>("GetResultSetMetadata", request);

  const auto first = client.fetch(reply.operationHandle, 20);
  const auto second = client.fetch(reply.operationHandle, 20);
  const auto third = client.fetch(reply.operationHandle, 20);

  EXPECT_FALSE(metadata.__isset.resultFormat);
  EXPECT_FALSE(first.hasMoreRows);
  EXPECT_EQ(first.results.columns.at(0).i64Val.values.size(), 20U);
  EXPECT_EQ(second.results.columns.at(0).i64Val.values.size(), 10U);
  EXPECT_THAT(third.results.columns.at(0).i64Val.values, IsEmpty());
}

TEST_F(Pages, ForTheOldestHiveClientsAreRows) {
  ThriftClient client = connect(0);
  const auto reply = client.execute("rows 11");
  while (client.status(reply.operationHandle).operationState !=
         tcli::TOperationState::FINISHED_STATE) {
  }

  const auto page = client.fetch(reply.operationHandle, 20);

  ASSERT_EQ(page.results.rows.size(), 11U);
  EXPECT_EQ(page.results.rows[10].colVals.at(0).i64Val.value, 10);
  EXPECT_EQ(page.results.rows[10].colVals.at(1).stringVal.value, "row 10");
  EXPECT_FALSE(page.results.rows[9].colVals.at(1).stringVal.__isset.value) << "NULL";
  EXPECT_FALSE(page.results.__isset.columns);
}

class Types : public Pages {};

TEST_F(Types, HaveTheIdsThatServersGiveThem) {
  ThriftClient client = connect();

  const auto direct = client.execute("types").directResults;

  std::vector<int> ids;
  for (const auto& column : direct.resultSetMetadata.schema.columns) {
    ids.push_back(static_cast<int>(column.typeDesc.types.at(0).primitiveEntry.type));
  }
  EXPECT_THAT(ids, ElementsAre(0, 1, 2, 3, 4, 5, 6, 15, 7, 9, 17, 8, 8, 20, 21, 10, 11, 16));
  const auto& qualifiers = direct.resultSetMetadata.schema.columns[7]
                               .typeDesc.types.at(0)
                               .primitiveEntry.typeQualifiers.qualifiers;
  EXPECT_EQ(qualifiers.at("precision").i32Value, 10);
  EXPECT_EQ(qualifiers.at("scale").i32Value, 2);
}

TEST_F(Types, TravelInTheColumnsThatServersUseForThem) {
  ThriftClient client = connect(0xA504);

  const auto& columns = client.execute("types").directResults.resultSet.results.columns;

  ASSERT_EQ(columns.size(), 18U);
  EXPECT_TRUE(columns[0].boolVal.values.at(0));
  EXPECT_EQ(columns[1].byteVal.values.at(0), -7);
  EXPECT_EQ(columns[2].i16Val.values.at(0), -300);
  EXPECT_EQ(columns[3].i32Val.values.at(0), 70'000);
  EXPECT_EQ(columns[4].i64Val.values.at(0), 9'007'199'254'740'993);
  EXPECT_EQ(columns[5].doubleVal.values.at(0), 3.14)
      << "the shortest decimal, not the float's bits";
  EXPECT_EQ(columns[6].doubleVal.values.at(0), -0.5);
  EXPECT_EQ(columns[7].stringVal.values.at(0), "-0.05");
  EXPECT_EQ(columns[8].stringVal.values.at(0), "it's");
  EXPECT_EQ(columns[9].binaryVal.values.at(0), std::string("\x00\xff", 2));
  EXPECT_EQ(columns[10].stringVal.values.at(0), "2021-07-01");
  EXPECT_EQ(columns[11].stringVal.values.at(0), "2021-06-30 22:43:28.5") << "in the session's zone";
  EXPECT_EQ(columns[12].stringVal.values.at(0), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(columns[13].stringVal.values.at(0), "-1-1");
  EXPECT_EQ(columns[14].stringVal.values.at(0), "1 00:00:01.500000000");
  EXPECT_EQ(columns[15].stringVal.values.at(0), "[1,null]");
  EXPECT_EQ(columns[16].stringVal.values.at(0), R"({"k\"":1970-01-01})");
  EXPECT_EQ(columns[17].stringVal.nulls, std::string("\x03", 1));
  for (const auto& column : {columns[15], columns[16]}) {
    EXPECT_EQ(column.stringVal.nulls, std::string("\x02", 1)) << "the second row is NULL";
  }
}

TEST_F(Types, BecomeTextInArrowWhenTheClientDoesNotTakeThemNative) {
  ThriftClient client = connect();
  auto request = client.usual_request("types");
  request.__set_useArrowNativeTypes(tcli::TSparkArrowTypes());

  const auto direct = client.execute(request).directResults;
  const auto schema = arrow::read_schema(buffer_of(direct.resultSetMetadata.arrowSchema));
  const auto message = direct.resultSet.results.arrowBatches.at(0).batch;
  const auto batch = arrow::RecordBatchDecoder(*schema).decode(
      arrow::decompress_lz4_frames(buffer_of(message).bytes()));

  std::string formats;
  for (std::int64_t i = 0; i < schema->n_children; ++i)
    formats += schema->children[i]->format + std::string(" ");
  EXPECT_EQ(formats, "b c s i l f g u u z tdD u u u u u u u ");
  const ArrowArray& exact = *batch->children[7];
  const auto* offsets = static_cast<const std::int32_t*>(exact.buffers[1]);
  EXPECT_EQ(
      std::string(static_cast<const char*>(exact.buffers[2]), static_cast<std::size_t>(offsets[1])),
      "-0.05");
  EXPECT_EQ(
      static_cast<int>(
          direct.resultSetMetadata.schema.columns[13].typeDesc.types.at(0).primitiveEntry.type),
      7);
  EXPECT_EQ(
      static_cast<int>(
          direct.resultSetMetadata.schema.columns[7].typeDesc.types.at(0).primitiveEntry.type),
      15);
}

}  // namespace
}  // namespace dbsql::test
