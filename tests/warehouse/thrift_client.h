#pragma once

#include "tcli_service_types.h"
#include "tests/warehouse/http_client.h"

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

// How test failures show generated types: the generated operators are declared, but not made.
namespace dbsql::tcli {
inline void PrintTo(TStatusCode value, std::ostream* out) { *out << static_cast<int>(value); }
inline void PrintTo(TOperationState value, std::ostream* out) { *out << static_cast<int>(value); }
inline void PrintTo(TOperationType value, std::ostream* out) { *out << static_cast<int>(value); }
inline void PrintTo(TSparkRowSetType value, std::ostream* out) { *out << static_cast<int>(value); }
inline void PrintTo(TTypeId value, std::ostream* out) { *out << static_cast<int>(value); }
inline void PrintTo(const TRow&, std::ostream* out) { *out << "TRow"; }
inline void PrintTo(const TSparkArrowBatch& batch, std::ostream* out) {
  *out << "batch of " << batch.rowCount << " rows";
}
}  // namespace dbsql::tcli

namespace dbsql::test {

inline constexpr std::string_view kWarehousePath = "/sql/1.0/warehouses/local";
inline constexpr std::string_view kClusterPath = "/sql/protocolv1/o/42/0101-000000-abc";

/// The bytes of a strict call.
template <class Request>
std::string thrift_call(const std::string& method, std::int32_t sequence, const Request& request) {
  auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
  apache::thrift::protocol::TBinaryProtocol out(memory);
  out.writeMessageBegin(method, apache::thrift::protocol::T_CALL, sequence);
  out.writeStructBegin("args");
  out.writeFieldBegin("req", apache::thrift::protocol::T_STRUCT, 1);
  request.write(&out);
  out.writeFieldEnd();
  out.writeFieldStop();
  out.writeStructEnd();
  return memory->getBufferAsString();
}

/// A reply taken apart; `exception` is set when the server sent a TApplicationException.
template <class Reply>
struct ThriftReply {
  std::string method;
  std::int32_t sequence = 0;
  std::optional<apache::thrift::TApplicationException> exception;
  Reply success;
  std::size_t bytes_left = 0;  ///< behind the message
};

template <class Reply>
ThriftReply<Reply> parse_reply(const std::string& body) {
  auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>(
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(body.data())),
      static_cast<std::uint32_t>(body.size()));
  apache::thrift::protocol::TBinaryProtocol in(memory);
  ThriftReply<Reply> reply;
  apache::thrift::protocol::TMessageType kind{};
  in.readMessageBegin(reply.method, kind, reply.sequence);
  if (kind == apache::thrift::protocol::T_EXCEPTION) {
    reply.exception.emplace();
    reply.exception->read(&in);
  } else {
    std::string name;
    apache::thrift::protocol::TType type{};
    std::int16_t id = -1;
    in.readStructBegin(name);
    in.readFieldBegin(name, type, id);
    if (id != 0) throw std::runtime_error("the reply has no success field");
    reply.success.read(&in);
    in.readFieldEnd();
    in.readFieldBegin(name, type, id);
  }
  reply.bytes_left = memory->available_read();
  return reply;
}

/// A client of TCLIService that does what it is told, also the wrong thing.
class ThriftClient {
 public:
  explicit ThriftClient(std::uint16_t port, std::string_view path = kWarehousePath,
                        std::string_view ca_file = {})
      : http_(port, ca_file), path_(path) {}

  HttpClient& http() { return http_; }
  HttpResult post(const std::string& body, const std::string& token = "local") {
    return post_as(authorization.empty() ? "Bearer " + token : authorization, body);
  }
  HttpResult post_as(const std::string& credentials, const std::string& body) {
    return http_.send("POST", path_, body,
                      {{"authorization", credentials}, {"content-type", "application/x-thrift"}});
  }

  template <class Reply, class Request>
  Reply call(const std::string& method, const Request& request) {
    const HttpResult result = post(thrift_call(method, ++sequence_, request));
    if (result.status != 200 || !result.complete()) {
      throw std::runtime_error(method + ": HTTP " + std::to_string(result.status));
    }
    auto reply = parse_reply<Reply>(result.body);
    if (reply.exception) throw *reply.exception;
    if (reply.method != method || reply.sequence != sequence_ || reply.bytes_left != 0) {
      throw std::runtime_error(method + ": the reply does not echo the call");
    }
    return std::move(reply.success);
  }

  // The calls tests make over and over.
  tcli::TOpenSessionResp open(std::int64_t protocol = 0xA509);
  tcli::TExecuteStatementResp execute(const std::string& sql);
  tcli::TExecuteStatementResp execute(const tcli::TExecuteStatementReq& request) {
    return call<tcli::TExecuteStatementResp>("ExecuteStatement", request);
  }
  tcli::TFetchResultsResp fetch(const tcli::TOperationHandle& operation, std::int64_t max_rows);
  tcli::TGetOperationStatusResp status(const tcli::TOperationHandle& operation);
  tcli::TStatus cancel(const tcli::TOperationHandle& operation);
  tcli::TStatus close(const tcli::TOperationHandle& operation);
  tcli::TStatus close_session();

  /// What drivers send: asynchronous, direct results of up to `rows` rows, everything native, LZ4.
  tcli::TExecuteStatementReq usual_request(const std::string& sql,
                                           std::int64_t rows = 100'000) const;

  tcli::TSessionHandle session;  ///< of the last `open`
  std::string authorization;     ///< in place of a token

 private:
  HttpClient http_;
  std::string path_;
  std::int32_t sequence_ = 0;
};

}  // namespace dbsql::test
