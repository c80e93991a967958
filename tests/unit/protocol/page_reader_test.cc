#include "protocol/thrift/page_reader.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "unit/protocol/thrift_bytes.h"

#include <gtest/gtest.h>
#include <tcli_service_types.h>

#include <string>
#include <variant>
#include <vector>

// The generated code is the oracle: it writes what our reader reads in place.
namespace dbsql::protocol::thrift {
namespace {

using test::capture_error;
using test::thrift_bytes;

tcli::TStatus success() {
  tcli::TStatus status;
  status.statusCode = tcli::SUCCESS_STATUS;
  return status;
}

FetchReply read_fetch(const tcli::TFetchResultsResp& reply) {
  const base::Buffer body = thrift_bytes(reply);
  WireReader reader(body.bytes());
  return read_fetch_reply(reader, body);
}

tcli::TFetchResultsResp empty_fetch() {
  tcli::TFetchResultsResp reply;
  reply.status = success();
  reply.__set_hasMoreRows(false);
  reply.__set_results({});
  return reply;
}

TEST(PageReader, ReadsArrowBatchesWithoutCopyingThem) {
  tcli::TFetchResultsResp wire = empty_fetch();
  wire.hasMoreRows = true;
  wire.results.startRowOffset = 40;
  tcli::TSparkArrowBatch first;
  first.batch = std::string(10'000, 'a');
  first.rowCount = 5;
  tcli::TSparkArrowBatch placeholder;  // servers send empty ones
  tcli::TSparkArrowBatch second;
  second.batch = "bbb";
  second.rowCount = 2;
  wire.results.__set_arrowBatches({first, placeholder, second});
  const base::Buffer body = thrift_bytes(wire);
  WireReader reader(body.bytes());

  const FetchReply reply = read_fetch_reply(reader, body);

  const auto& batches = std::get<std::vector<ArrowBatch>>(reply.page.rows);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].bytes.text(), first.batch);
  EXPECT_EQ(batches[0].row_count, 5);
  EXPECT_EQ(batches[1].bytes.text(), "bbb");
  EXPECT_GE(batches[0].bytes.data(), body.data());
  EXPECT_LT(batches[0].bytes.data(), body.data() + body.size());
  EXPECT_EQ(reply.page.start_row, 40);
  EXPECT_TRUE(reply.page.has_more);
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(PageReader, KeepsTheBodyAliveForItsBatches) {
  tcli::TFetchResultsResp wire = empty_fetch();
  tcli::TSparkArrowBatch batch;
  batch.batch = "still here";
  batch.rowCount = 1;
  wire.results.__set_arrowBatches({batch});

  const FetchReply reply = read_fetch(wire);  // the body's own handle is gone by now

  EXPECT_EQ(std::get<std::vector<ArrowBatch>>(reply.page.rows).front().bytes.text(), "still here");
}

TEST(PageReader, ReadsEveryKindOfColumn) {
  tcli::TFetchResultsResp wire = empty_fetch();
  std::vector<tcli::TColumn> columns(8);
  columns[0].__isset.boolVal = true;
  columns[0].boolVal.values = {true, false};
  columns[1].__isset.byteVal = true;
  columns[1].byteVal.values = {1, -1};
  columns[2].__isset.i16Val = true;
  columns[2].i16Val.values = {258, -2};
  columns[3].__isset.i32Val = true;
  columns[3].i32Val.values = {1, 2};
  columns[4].__isset.i64Val = true;
  columns[4].i64Val.values = {1, 2};
  columns[5].__isset.doubleVal = true;
  columns[5].doubleVal.values = {1.5, 2.5};
  columns[6].__isset.stringVal = true;
  columns[6].stringVal.values = {"ab", ""};
  columns[6].stringVal.nulls = std::string("\x02", 1);
  columns[7].__isset.binaryVal = true;
  columns[7].binaryVal.values = {std::string("\0x", 2), "y"};
  wire.results.__set_columns(columns);

  const FetchReply reply = read_fetch(wire);

  const auto& rows = std::get<ColumnarRows>(reply.page.rows);
  ASSERT_EQ(rows.columns.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(rows.columns[i].kind, static_cast<WireColumn::Kind>(i));
    EXPECT_EQ(rows.columns[i].count, 2);
  }
  EXPECT_EQ(rows.columns[2].values[0], std::byte{1});  // 258, big-endian
  EXPECT_EQ(rows.columns[2].values[1], std::byte{2});
  EXPECT_EQ(rows.columns[6].values.size(), 4U + 2U + 4U);
  EXPECT_EQ(rows.columns[6].nulls.size(), 1U);
}

TEST(PageReader, TakesAPageWithoutAnyRowsAsEmpty) {
  EXPECT_TRUE(std::holds_alternative<std::monostate>(read_fetch(empty_fetch()).page.rows));

  tcli::TFetchResultsResp with_empty_list = empty_fetch();
  with_empty_list.results.__set_arrowBatches({});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(read_fetch(with_empty_list).page.rows));
}

TEST(PageReader, RefusesRowBasedPages) {
  tcli::TFetchResultsResp wire = empty_fetch();
  wire.results.rows.resize(1);

  EXPECT_EQ(capture_error([&] { read_fetch(wire); }).kind(), ErrorKind::NotSupported);
}

TEST(PageReader, RefusesColumnsOfDifferentLength) {
  tcli::TFetchResultsResp wire = empty_fetch();
  std::vector<tcli::TColumn> columns(2);
  columns[0].__isset.i32Val = true;
  columns[0].i32Val.values = {1, 2};
  columns[1].__isset.i32Val = true;
  columns[1].i32Val.values = {1};
  wire.results.__set_columns(columns);

  EXPECT_EQ(capture_error([&] { read_fetch(wire); }).kind(), ErrorKind::CorruptResult);
}

TEST(PageReader, FailsCleanlyAtEveryTruncation) {
  tcli::TFetchResultsResp wire = empty_fetch();
  tcli::TSparkArrowBatch batch;
  batch.batch = "0123456789";
  batch.rowCount = 3;
  wire.results.__set_arrowBatches({batch, batch});
  const base::Buffer body = thrift_bytes(wire);

  for (std::size_t size = 0; size < body.size(); ++size) {
    const base::Buffer part = body.slice(0, size);
    WireReader reader(part.bytes());
    EXPECT_EQ(capture_error([&] { read_fetch_reply(reader, part); }).kind(),
              ErrorKind::CorruptResult)
        << "cut after " << size << " bytes";
  }
}

tcli::TColumnDesc column_of(const std::string& name, tcli::TTypeId type) {
  tcli::TPrimitiveTypeEntry primitive;
  primitive.type = type;
  tcli::TTypeEntry entry;
  entry.__set_primitiveEntry(primitive);
  tcli::TColumnDesc column;
  column.columnName = name;
  column.typeDesc.types = {entry};
  column.position = 1;
  return column;
}

TEST(PageReader, ReadsMetadata) {
  tcli::TGetResultSetMetadataResp wire;
  wire.status = success();
  tcli::TColumnDesc decimal = column_of("price", tcli::DECIMAL_TYPE);
  tcli::TTypeQualifiers qualifiers;
  qualifiers.qualifiers["precision"].__set_i32Value(10);
  qualifiers.qualifiers["scale"].__set_i32Value(2);
  decimal.typeDesc.types[0].primitiveEntry.__set_typeQualifiers(qualifiers);
  tcli::TTableSchema schema;
  schema.columns = {column_of("id", tcli::BIGINT_TYPE), decimal,
                    column_of("new", static_cast<tcli::TTypeId>(99))};
  wire.__set_schema(schema);
  wire.__set_lz4Compressed(true);
  wire.__set_arrowSchema("schema bytes");
  const base::Buffer body = thrift_bytes(wire);
  WireReader reader(body.bytes());

  const MetadataReply reply = read_metadata_reply(reader, body);

  ASSERT_EQ(reply.metadata.columns.size(), 3U);
  EXPECT_EQ(reply.metadata.columns[0].name, "id");
  EXPECT_EQ(reply.metadata.columns[0].type_name, "BIGINT");
  EXPECT_EQ(reply.metadata.columns[1].precision, 10);
  EXPECT_EQ(reply.metadata.columns[1].scale, 2);
  EXPECT_EQ(reply.metadata.columns[2].type_name, "");  // unknown, not an error
  EXPECT_TRUE(reply.metadata.lz4_compressed);
  EXPECT_EQ(reply.metadata.arrow_schema.text(), "schema bytes");
  EXPECT_FALSE(reply.metadata.is_staging) << "absent means no";
}

TEST(PageReader, ReadsWhetherTheStatementMovesAFileOfAVolume) {
  for (const bool is_staging : {false, true}) {
    tcli::TGetResultSetMetadataResp wire;
    wire.status = success();
    wire.__set_isStagingOperation(is_staging);
    const base::Buffer body = thrift_bytes(wire);
    WireReader reader(body.bytes());

    EXPECT_EQ(read_metadata_reply(reader, body).metadata.is_staging, is_staging);
  }
}

TEST(PageReader, ReadsDirectResults) {
  tcli::TExecuteStatementResp wire;
  wire.status = success();
  tcli::TOperationHandle handle;
  handle.operationId.guid = std::string(16, '\x01');
  handle.operationId.secret = std::string(16, '\x02');
  handle.operationType = tcli::EXECUTE_STATEMENT;
  handle.hasResultSet = true;
  wire.__set_operationHandle(handle);
  tcli::TSparkDirectResults direct;
  tcli::TGetOperationStatusResp status;
  status.status = success();
  status.__set_operationState(tcli::FINISHED_STATE);
  status.__set_numModifiedRows(3);
  direct.__set_operationStatus(status);
  direct.__set_resultSet(empty_fetch());
  tcli::TCloseOperationResp close;
  close.status = success();
  direct.__set_closeOperation(close);
  wire.__set_directResults(direct);
  const base::Buffer body = thrift_bytes(wire);
  WireReader reader(body.bytes());

  const ExecuteReply reply = read_execute_reply(reader, body);

  EXPECT_EQ(reply.operation->operationId.guid, handle.operationId.guid);
  EXPECT_EQ(reply.operation_status->numModifiedRows, 3);
  EXPECT_TRUE(reply.first_page.has_value());
  EXPECT_FALSE(reply.metadata.has_value());
  EXPECT_TRUE(reply.closed_by_server);
}

}  // namespace
}  // namespace dbsql::protocol::thrift
