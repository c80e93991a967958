#include "warehouse/thrift_call.h"

#include <thrift/TApplicationException.h>

#include <algorithm>

namespace dbsql::warehouse {
namespace {

using apache::thrift::TApplicationException;
using apache::thrift::transport::TMemoryBuffer;

constexpr std::size_t kMaxMethodName = 64;
constexpr std::size_t kMaxContainer = 1'000'000;

std::shared_ptr<TMemoryBuffer> memory_of(const std::string& body) {
  return std::make_shared<TMemoryBuffer>(
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(body.data())),
      static_cast<std::uint32_t>(body.size()), TMemoryBuffer::OBSERVE);
}

std::uint32_t read_word(std::string_view body, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) word = (word << 8) | static_cast<unsigned char>(body[at + i]);
  return word;
}

}  // namespace

std::string_view peek_thrift_method(std::string_view body) noexcept {
  constexpr std::uint32_t kStrictCall = 0x80010001;
  if (body.size() < 8 || read_word(body, 0) != kStrictCall) return {};
  const std::size_t size = read_word(body, 4);
  if (size > kMaxMethodName || body.size() < 8 + size) return {};
  return body.substr(8, size);
}

ThriftCall::ThriftCall(std::shared_ptr<Exchange> exchange, Compute compute)
    : exchange_(std::move(exchange)), compute_(compute), in_(memory_of(exchange_->request().body)) {
  in_.setStrict(true, true);
  const std::string& body = exchange_->request().body;
  const auto size = static_cast<std::int32_t>(body.size());
  in_.setStringSizeLimit(size);
  in_.setContainerSizeLimit(static_cast<std::int32_t>(std::min(body.size(), kMaxContainer)));
  apache::thrift::protocol::TMessageType type{};
  in_.readMessageBegin(method_, type, sequence_);
  if (type != apache::thrift::protocol::T_CALL) {
    throw TApplicationException(TApplicationException::INVALID_MESSAGE_TYPE, "not a call");
  }
}

void ThriftCall::throw_missing_request() {
  throw TApplicationException(TApplicationException::PROTOCOL_ERROR,
                              "the call has no request (field 1)");
}

void ThriftCall::refuse(std::int32_t type, const std::string& message) {
  refuse(*exchange_, compute_, method_, sequence_, type, message);
}

void ThriftCall::refuse(Exchange& exchange, Compute compute, std::string_view method,
                        std::int32_t sequence, std::int32_t type, const std::string& message) {
  auto buffer = std::make_shared<ReplyBuffer>();
  ReplyProtocol protocol(buffer);
  protocol.set_internal_fields({.enabled = false});
  apache::thrift::protocol::TProtocol& out = protocol;
  out.writeMessageBegin(std::string(method), apache::thrift::protocol::T_EXCEPTION, sequence);
  const TApplicationException error(
      static_cast<TApplicationException::TApplicationExceptionType>(type), message);
  error.write(&out);
  out.writeMessageEnd();
  send(exchange, compute, *buffer);
}

void ThriftCall::send(Exchange& exchange, Compute compute, ReplyBuffer& buffer) {
  HttpReply reply;
  reply.headers.push_back({"content-type", compute == Compute::Warehouse
                                               ? "application/x-thrift; protocol=TBINARY"
                                               : "application/x-thrift"});
  reply.body = buffer.take();
  exchange.reply(std::move(reply));
}

}  // namespace dbsql::warehouse
