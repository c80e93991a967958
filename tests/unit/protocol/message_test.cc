#include "protocol/thrift/message.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "support/capture_error.h"

#include <gtest/gtest.h>
#include <tcli_service_types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::protocol::thrift {
namespace {

using test::capture_error;

std::string from_hex(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == '|') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The example of reference/thrift.md 1.5: a CloseSession reply with sequence id 2.
const std::string kCloseSessionReply = from_hex(
    "80010002 0000000C 436C6F736553657373696F6E 00000002 | 0C0000 | 0C0001 | 0800010000 0000 | 00 "
    "| 00 | 00");

TEST(ThriftMessage, ReadsTheReferenceReply) {
  WireReader reader(bytes_of(kCloseSessionReply));

  enter_reply(reader, "CloseSession", 2);

  ASSERT_TRUE(reader.read_field().is(1, WireType::Struct));
  const auto status = decode_struct<tcli::TStatus>(reader);
  EXPECT_EQ(static_cast<int>(status.statusCode), 0);
}

TEST(ThriftMessage, ReadsTheFormWithoutAVersion) {
  const std::string reply = from_hex(
      "0000000C 436C6F736553657373696F6E 02 00000002 0C0000 0C0001 080001 00000000 00 00 00");
  WireReader reader(bytes_of(reply));

  enter_reply(reader, "CloseSession", 2);

  EXPECT_TRUE(reader.read_field().is(1, WireType::Struct));
}

TEST(ThriftMessage, RefusesTheReplyToAnotherCall) {
  for (const auto& [method, sequence] :
       std::vector<std::pair<std::string, int>>{{"CloseSession", 3}, {"OpenSession", 2}}) {
    WireReader reader(bytes_of(kCloseSessionReply));
    const Error error = capture_error([&] { enter_reply(reader, method, sequence); });
    EXPECT_EQ(error.kind(), ErrorKind::Protocol);
    EXPECT_TRUE(error.connection_dead());
  }
}

TEST(ThriftMessage, SaysWhenTheAnswerIsAWebPage) {
  WireReader reader(bytes_of("<html><body>Sign in</body></html>"));

  const Error error = capture_error([&] { enter_reply(reader, "OpenSession", 1); });

  EXPECT_EQ(error.kind(), ErrorKind::Protocol);
  EXPECT_NE(error.message().find("not a Databricks SQL endpoint"), std::string::npos);
}

TEST(ThriftMessage, PassesOnAnApplicationException) {
  const std::string reply =
      from_hex("80010003 00000003 466F6F 00000001 0B0001 00000004 6F6F7073 080002 00000001 00");
  WireReader reader(bytes_of(reply));

  const Error error = capture_error([&] { enter_reply(reader, "Foo", 1); });

  EXPECT_EQ(error.kind(), ErrorKind::Protocol);
  EXPECT_NE(error.message().find("oops"), std::string::npos);
}

TEST(ThriftMessage, WritesAStrictCallThatCarriesTheRequestInFieldOne) {
  tcli::TCloseOperationReq request;
  request.operationHandle.operationId.guid = "g";

  const base::Buffer call = encode_call("CloseOperation", 7, request);

  EXPECT_EQ(base::to_hex(call.bytes()).substr(0, 16 + 28 + 8 + 6),
            "800100010000000e436c6f73654f7065726174696f6e000000070c0001");
}

TEST(WireReader, RefusesCountsThatCannotBeTrue) {
  const std::string list =
      from_hex("0F 0001 0C 7FFFFFFF 00");  // field 1: a list of two billion structs
  WireReader reader(bytes_of(list));

  EXPECT_EQ(capture_error([&] { reader.skip(WireType::Struct); }).kind(), ErrorKind::CorruptResult);
}

TEST(WireReader, RefusesElementsOfAnUnknownTypeEvenWhereThereAreNone) {
  for (const char* hex : {"0F 0001 E3 00000000 00", "0D 0001 0B E3 00000000 00"}) {
    const std::string bytes = from_hex(hex);
    WireReader reader(bytes_of(bytes));
    EXPECT_EQ(capture_error([&] { reader.skip(WireType::Struct); }).kind(),
              ErrorKind::CorruptResult);
  }
}

TEST(WireReader, RefusesEndlessNesting) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += from_hex("0C0001");
  WireReader reader(bytes_of(deep));

  EXPECT_EQ(capture_error([&] { reader.skip(WireType::Struct); }).kind(), ErrorKind::CorruptResult);
}

TEST(WireReader, SkipsFieldsItDoesNotKnow) {
  // Fields of every type, then the one we want.
  const std::string fields = from_hex(
      "02 0D01 01 | 03 0D02 7F | 04 0D03 3FF0000000000000 | 06 0D04 0001 | 08 0D05 00000001 |"
      "0A 0D06 0000000000000001 | 0B 0D07 00000002 6869 | 0C 0D08 08 0001 00000001 00 |"
      "0D 0D09 0B 08 00000001 00000001 61 00000005 | 0E 0D10 08 00000001 00000009 |"
      "0F 0D11 0B 00000001 00000001 7A | 08 0001 0000002A 00");
  WireReader reader(bytes_of(fields));
  std::int32_t found = 0;

  for_each_field(reader, [&](WireReader::Field field) {
    if (field.is(1, WireType::I32)) {
      found = reader.read_i32();
    } else {
      reader.skip(field.type);
    }
  });

  EXPECT_EQ(found, 42);
  EXPECT_EQ(reader.remaining(), 0U);
}

}  // namespace
}  // namespace dbsql::protocol::thrift
