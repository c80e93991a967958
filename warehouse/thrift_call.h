#pragma once

#include "warehouse/exchange.h"
#include "warehouse/thrift_reply.h"
#include "warehouse/thrift_service.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dbsql::warehouse {

using RequestProtocol =
    apache::thrift::protocol::TBinaryProtocolT<apache::thrift::transport::TMemoryBuffer>;

/// One Thrift call on its way: its name and sequence id are echoed exactly
/// (reference/thrift.md 1.5).
class ThriftCall {
 public:
  /// \throws apache::thrift::TException when the body does not begin as a strict call
  ThriftCall(std::shared_ptr<Exchange> exchange, Compute compute);

  const std::string& method() const noexcept { return method_; }
  Compute compute() const noexcept { return compute_; }
  std::uint64_t journal_number() const noexcept { return exchange_->journal_number; }

  /// Reads field 1 `req` of the arguments.
  /// \param request  what the fields are that are not sent
  /// \throws apache::thrift::TException
  template <class Request>
  Request read_request(Request request = {});

  /// Answers with a generated struct. Threads: any; the first answer counts.
  template <class Result>
  void reply(const Result& result, InternalFields fields = {}) {
    reply_with(fields, [&](ReplyProtocol& out) { result.write(&out); });
  }

  /// Answers with what `write_result` writes: one struct.
  template <class WriteResult>
  void reply_with(InternalFields fields, WriteResult write_result);

  /// Answers with a TApplicationException.
  void refuse(std::int32_t type, const std::string& message);
  static void refuse(Exchange& exchange, Compute compute, std::string_view method,
                     std::int32_t sequence, std::int32_t type, const std::string& message);

 private:
  static void send(Exchange& exchange, Compute compute, ReplyBuffer& buffer);
  [[noreturn]] static void throw_missing_request();

  std::shared_ptr<Exchange> exchange_;
  const Compute compute_;
  RequestProtocol in_;
  std::string method_;
  std::int32_t sequence_ = 0;
};

using CallPtr = std::shared_ptr<ThriftCall>;

template <class Request>
Request ThriftCall::read_request(Request request) {
  bool found = false;
  std::string name;
  apache::thrift::protocol::TType type{};
  std::int16_t id = 0;
  in_.readStructBegin(name);
  for (in_.readFieldBegin(name, type, id); type != apache::thrift::protocol::T_STOP;
       in_.readFieldBegin(name, type, id)) {
    if (id == 1 && type == apache::thrift::protocol::T_STRUCT) {
      request.read(&in_);
      found = true;
    } else {
      in_.skip(type);
    }
  }
  if (!found) throw_missing_request();
  return request;
}

template <class WriteResult>
void ThriftCall::reply_with(InternalFields fields, WriteResult write_result) {
  auto buffer = std::make_shared<ReplyBuffer>();
  ReplyProtocol protocol(buffer);
  protocol.set_internal_fields(fields);
  apache::thrift::protocol::TProtocol& out = protocol;
  out.writeMessageBegin(method_, apache::thrift::protocol::T_REPLY, sequence_);
  out.writeStructBegin("Result");
  out.writeFieldBegin("success", apache::thrift::protocol::T_STRUCT, 0);
  write_result(protocol);
  out.writeFieldEnd();
  out.writeFieldStop();
  out.writeStructEnd();
  out.writeMessageEnd();
  send(*exchange_, compute_, *buffer);
}

}  // namespace dbsql::warehouse
