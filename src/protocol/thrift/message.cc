#include "protocol/thrift/message.h"

#include <dbsql/error.h>

#include "base/redact.h"
#include "base/text.h"

#include <tcli_service_types.h>
#include <thrift/TConfiguration.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <memory>
#include <string>

namespace dbsql::protocol::thrift {

namespace {

using apache::thrift::protocol::TBinaryProtocolT;
using apache::thrift::transport::TMemoryBuffer;
using Protocol = TBinaryProtocolT<TMemoryBuffer>;

constexpr std::uint32_t kVersion1 = 0x80010000U;
constexpr std::uint32_t kVersionMask = 0xFFFF0000U;
constexpr int kReply = 2;
constexpr int kException = 3;
// Schemas of 10,000 columns take a few MiB. In memory a struct is many times its wire form, hence a
// limit.
constexpr std::size_t kLargestStruct = std::size_t{64} << 20;

[[noreturn]] void fail_protocol(std::string message) {
  throw_error(
      {.kind = ErrorKind::Protocol, .message = std::move(message), .connection_dead = true});
}

struct Envelope {
  std::string_view method;
  int type = 0;
  std::int32_t sequence_id = 0;
};

Envelope read_envelope(WireReader& reader) {
  Envelope envelope;
  const std::int32_t first = reader.read_i32();
  if (first < 0) {
    if ((static_cast<std::uint32_t>(first) & kVersionMask) != kVersion1)
      fail_protocol("the reply uses an unknown version of the Thrift binary protocol");
    envelope.type = first & 0xFF;
    envelope.method = reader.read_string();
  } else {  // the old form without a version: the first number was the length of the name
    const auto name = reader.take(first, 1);
    envelope.method = {reinterpret_cast<const char*>(name.data()), name.size()};
    envelope.type = reader.read_byte();
  }
  envelope.sequence_id = reader.read_i32();
  return envelope;
}

[[noreturn]] void throw_application_exception(WireReader& reader, std::string_view method) {
  std::string message;
  std::int32_t type = 0;
  for_each_field(reader, [&](WireReader::Field field) {
    if (field.is(1, WireType::String)) {
      message = reader.read_string();
    } else if (field.is(2, WireType::I32)) {
      type = reader.read_i32();
    } else {
      reader.skip(field.type);
    }
  });
  throw_error({.kind = ErrorKind::Protocol,
               .message = base::concat("the server could not handle ", method, ": ",
                                       base::redact(std::string_view(message).substr(0, 1024)),
                                       " (Thrift exception type ", type, ")"),
               .error_class = std::string(kApplicationException),
               .native_code = type,
               .connection_dead = true});
}

/// HTML and JSON are what proxies and login pages answer where a SQL endpoint was expected.
void require_thrift(WireReader& probe) {
  const auto first = static_cast<char>(probe.read_byte());
  if (first == '<' || first == '{' || first == '\n' || first == ' ')
    fail_protocol(
        "the answer is not Thrift: this is not a Databricks SQL endpoint; check the host and the "
        "HTTP path of the connection");
}

}  // namespace

template <class Request>
base::Buffer encode_call(std::string_view method, std::int32_t sequence_id,
                         const Request& request) {
  auto memory = std::make_shared<TMemoryBuffer>();
  Protocol protocol(memory);
  protocol.writeMessageBegin(std::string(method), apache::thrift::protocol::T_CALL, sequence_id);
  protocol.writeStructBegin("args");
  protocol.writeFieldBegin("req", apache::thrift::protocol::T_STRUCT, 1);
  request.write(&protocol);
  protocol.writeFieldEnd();
  protocol.writeFieldStop();
  protocol.writeStructEnd();
  protocol.writeMessageEnd();
  std::uint8_t* bytes = nullptr;
  std::uint32_t size = 0;
  memory->getBuffer(&bytes, &size);
  return {memory, std::as_bytes(std::span(bytes, size))};
}

template <class Struct>
Struct decode_struct(std::span<const std::byte> bytes) {
  if (bytes.size() > kLargestStruct)
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("the server's Thrift reply has a structure of ",
                                         bytes.size(), " bytes where a few thousand are usual")});
  // The observing buffer never writes; its interface only lacks the const.
  auto* data = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes.data()));
  const auto configuration =
      std::make_shared<apache::thrift::TConfiguration>(static_cast<int>(kLargestStruct));
  Protocol protocol(std::make_shared<TMemoryBuffer>(data, static_cast<std::uint32_t>(bytes.size()),
                                                    TMemoryBuffer::OBSERVE, configuration));
  Struct value;
  try {
    value.read(&protocol);
  } catch (const apache::thrift::TException& error) {
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("the server's Thrift reply cannot be read: ",
                                         std::string_view(error.what()))});
  }
  return value;
}

void enter_reply(WireReader& reader, std::string_view method, std::int32_t sequence_id) {
  WireReader probe = reader;
  require_thrift(probe);
  const Envelope envelope = read_envelope(reader);
  if (envelope.type == kException) throw_application_exception(reader, method);
  if (envelope.type != kReply)
    fail_protocol("the server sent a Thrift message that is not a reply");
  if (envelope.method != method || envelope.sequence_id != sequence_id)
    fail_protocol(base::concat("the reply belongs to another call than ", method));
  for (auto field = reader.read_field(); field.type != WireType::Stop;
       field = reader.read_field()) {
    if (field.is(0, WireType::Struct)) return;
    reader.skip(field.type);
  }
  fail_protocol(base::concat("the reply to ", method, " has no result"));
}

// What the driver sends ...
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TOpenSessionReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TCloseSessionReq&);
template base::Buffer encode_call(std::string_view, std::int32_t,
                                  const tcli::TExecuteStatementReq&);
template base::Buffer encode_call(std::string_view, std::int32_t,
                                  const tcli::TGetOperationStatusReq&);
template base::Buffer encode_call(std::string_view, std::int32_t,
                                  const tcli::TGetResultSetMetadataReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TFetchResultsReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TCancelOperationReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TCloseOperationReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetCatalogsReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetSchemasReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetTablesReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetTableTypesReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetColumnsReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetTypeInfoReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetFunctionsReq&);
template base::Buffer encode_call(std::string_view, std::int32_t, const tcli::TGetPrimaryKeysReq&);
template base::Buffer encode_call(std::string_view, std::int32_t,
                                  const tcli::TGetCrossReferenceReq&);
// ... and what it reads with generated code.
template tcli::TStatus decode_struct(std::span<const std::byte>);
template tcli::TOpenSessionResp decode_struct(std::span<const std::byte>);
template tcli::TOperationHandle decode_struct(std::span<const std::byte>);
template tcli::TGetOperationStatusResp decode_struct(std::span<const std::byte>);
template tcli::TCancelOperationResp decode_struct(std::span<const std::byte>);
template tcli::TCloseOperationResp decode_struct(std::span<const std::byte>);
template tcli::TTableSchema decode_struct(std::span<const std::byte>);

}  // namespace dbsql::protocol::thrift
