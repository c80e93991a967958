#include "protocol/thrift/wire_reader.h"
#include "unit/protocol/thrift_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tcli_service_types.h>

#include <vector>

// The generated code reads what it writes, so only the bytes show whether an id of the interface
// description is right.
namespace dbsql::protocol::thrift {
namespace {

using testing::ElementsAre;

template <class Struct>
std::vector<int> field_ids(const Struct& value) {
  const base::Buffer buffer = test::thrift_bytes(value);
  WireReader reader(buffer.bytes());
  std::vector<int> ids;
  for_each_field(reader, [&](WireReader::Field field) {
    ids.push_back(field.id);
    reader.skip(field.type);
  });
  return ids;
}

TEST(InterfaceDescription, CountsTheExtensionsOfAStatementInHexDigits) {
  tcli::TExecuteStatementReq request;
  request.__set_runAsync(true);
  request.__set_getDirectResults({});
  request.__set_canReadArrowResult(true);
  request.__set_maxBytesPerBatch(1);
  request.__set_statementConf({});

  EXPECT_THAT(field_ids(request), ElementsAre(1, 2, 4, 5, 1281, 1282, 1289, 1296));
}

TEST(InterfaceDescription, KeepsRunAsyncOfMetadataCallsApart) {
  tcli::TGetTablesReq request;
  request.__set_getDirectResults({});
  request.__set_runAsync(true);

  EXPECT_THAT(field_ids(request), ElementsAre(1, 1281, 1282));
}

TEST(InterfaceDescription, MarksTheVersionWhereHiveServersDoNotLook) {
  tcli::TOpenSessionReq request;
  request.__set_client_protocol_i64(0xA509);

  EXPECT_THAT(field_ids(request), ElementsAre(1, 1282));
}

}  // namespace
}  // namespace dbsql::protocol::thrift
