#pragma once

#include "http/client.h"
#include "http/transport.h"
#include "protocol/thrift/backend.h"
#include "protocol/thrift/rpc.h"
#include "protocol/thrift/wire_reader.h"
#include "support/fake_clock.h"
#include "unit/protocol/thrift_bytes.h"

#include <tcli_service_types.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A server that answers Thrift calls from a script, in process: what it was asked, and in which
/// order, is kept.
class ScriptedServer final : public http::Transport {
 public:
  using Answer = std::function<http::Reply(const http::Request&, std::int32_t sequence_id)>;

  explicit ScriptedServer(FakeClock& clock) : clock_(&clock) {}

  /// The next answer to calls of `method`; the last one stays for all further calls.
  template <class Response>
  void answer(const std::string& method, const Response& response) {
    std::lock_guard lock(mutex_);
    script_[method].push_back(
        [method, bytes = thrift_bytes(response)](const http::Request&, std::int32_t sequence_id) {
          return http::Reply(
              http::Response{.status = 200, .body = envelope(method, sequence_id, bytes)});
        });
  }
  void answer_with(const std::string& method, Answer answer) {
    std::lock_guard lock(mutex_);
    script_[method].push_back(std::move(answer));
  }

  http::Reply send(const http::Request& request, const base::CallContext& call) override {
    base::check(call, *clock_);
    return answer_to(request);
  }

  void send_in_background(const http::Request& request, std::chrono::milliseconds,
                          Completion on_completion) override {
    http::Reply reply = answer_to(request);
    if (on_completion) on_completion(std::move(reply));
  }

  std::vector<std::string> methods() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& call : calls_) names.push_back(call.first);
    return names;
  }
  int count(const std::string& method) const {
    int found = 0;
    for (const auto& name : methods()) found += name == method ? 1 : 0;
    return found;
  }

  /// The request of the last call of a method, as the struct it is.
  template <class Request>
  Request last_request(const std::string& method) const {
    std::lock_guard lock(mutex_);
    for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
      if (call->first == method) return parse_request<Request>(call->second);
    }
    return Request();
  }

 private:
  http::Reply answer_to(const http::Request& request) {
    std::int32_t sequence_id = 0;
    const std::string method = method_of(request, sequence_id);
    Answer answer;
    {
      std::lock_guard lock(mutex_);
      calls_.push_back({method, request.body});
      auto& answers = script_[method];
      if (answers.empty()) return http::Response{.status = 404};
      answer = answers.front();
      if (answers.size() > 1) answers.pop_front();
    }
    return answer(request, sequence_id);
  }

  static std::string method_of(const http::Request& request, std::int32_t& sequence_id) {
    protocol::thrift::WireReader reader(request.body.bytes());
    reader.read_i32();
    std::string method(reader.read_string());
    sequence_id = reader.read_i32();
    return method;
  }

  static base::Buffer envelope(const std::string& method, std::int32_t sequence_id,
                               const base::Buffer& success) {
    std::string bytes;
    const auto put_i32 = [&](std::uint32_t value) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    };
    put_i32(0x80010002U);
    put_i32(static_cast<std::uint32_t>(method.size()));
    bytes += method;
    put_i32(static_cast<std::uint32_t>(sequence_id));
    bytes += std::string("\x0C\x00\x00", 3);
    bytes += success.text();
    bytes += '\0';
    return base::Buffer::copy_of(bytes);
  }

  template <class Request>
  static Request parse_request(const base::Buffer& body) {
    protocol::thrift::WireReader reader(body.bytes());
    reader.read_i32();
    reader.read_string();
    reader.read_i32();
    reader.read_field();
    const auto bytes = reader.take_struct();
    auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>(
        reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes.data())),
        static_cast<std::uint32_t>(bytes.size()));
    apache::thrift::protocol::TBinaryProtocol protocol(memory);
    Request request;
    request.read(&protocol);
    return request;
  }

  FakeClock* clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Answer>> script_;         // guarded by mutex_
  std::vector<std::pair<std::string, base::Buffer>> calls_;  // guarded by mutex_
};

/// A backend that talks to a `ScriptedServer`; retries are off, and waiting takes no time.
struct ScriptedBackend {
  FakeClock clock;
  std::shared_ptr<ScriptedServer> server = std::make_shared<ScriptedServer>(clock);
  protocol::thrift::ThriftBackend backend{
      std::make_shared<protocol::thrift::Rpc>(
          std::make_shared<const http::Client>(server, http::RetryOptions{.max_attempts = 1},
                                               http::Client::Decorator{}, clock),
          protocol::thrift::Endpoint{.url = "http://127.0.0.1:1/sql/1.0/warehouses/a"}),
      {},
      clock};

  ScriptedBackend() { clock.advance_when_waited_on(true); }
};

// Pieces of replies.

inline tcli::TStatus success_status() {
  tcli::TStatus status;
  status.statusCode = tcli::SUCCESS_STATUS;
  return status;
}

inline tcli::TStatus error_status(const std::string& sqlstate, const std::string& message) {
  tcli::TStatus status;
  status.statusCode = tcli::ERROR_STATUS;
  status.__set_sqlState(sqlstate);
  status.__set_errorMessage(message);
  return status;
}

inline tcli::THandleIdentifier handle_id(char fill) {
  tcli::THandleIdentifier id;
  id.guid = std::string(16, fill);
  id.secret = std::string(16, 's');
  return id;
}

inline tcli::TOpenSessionResp opened(std::int32_t protocol = 0xA508) {
  tcli::TOpenSessionResp reply;
  reply.status = success_status();
  reply.serverProtocolVersion = static_cast<tcli::TProtocolVersion>(protocol);
  tcli::TSessionHandle handle;
  handle.sessionId = handle_id('\x11');
  reply.__set_sessionHandle(handle);
  reply.__set_initialNamespace({});
  reply.__set_canUseMultipleCatalogs(true);
  return reply;
}

inline tcli::TExecuteStatementResp accepted() {
  tcli::TExecuteStatementResp reply;
  reply.status = success_status();
  tcli::TOperationHandle handle;
  handle.operationId = handle_id('\x22');
  handle.operationType = tcli::EXECUTE_STATEMENT;
  handle.hasResultSet = true;
  reply.__set_operationHandle(handle);
  return reply;
}

inline tcli::TGetOperationStatusResp in_state(tcli::TOperationState value) {
  tcli::TGetOperationStatusResp reply;
  reply.status = success_status();
  reply.__set_operationState(value);
  return reply;
}

/// An execute reply with everything a finished statement brings along; `page` decides whether it is
/// complete.
inline tcli::TExecuteStatementResp finished(const tcli::TFetchResultsResp& page, bool closed) {
  tcli::TExecuteStatementResp reply = accepted();
  tcli::TSparkDirectResults direct;
  direct.__set_operationStatus(in_state(tcli::FINISHED_STATE));
  tcli::TGetResultSetMetadataResp metadata;
  metadata.status = success_status();
  metadata.__set_schema({});
  direct.__set_resultSetMetadata(metadata);
  direct.__set_resultSet(page);
  if (closed) {
    tcli::TCloseOperationResp close;
    close.status = success_status();
    direct.__set_closeOperation(close);
  }
  reply.__set_directResults(direct);
  return reply;
}

inline tcli::TFetchResultsResp column_page(std::int64_t start_row, std::vector<std::int32_t> values,
                                           bool has_more) {
  tcli::TFetchResultsResp reply;
  reply.status = success_status();
  reply.__set_hasMoreRows(has_more);
  tcli::TRowSet rows;
  rows.startRowOffset = start_row;
  tcli::TColumn column;
  column.__isset.i32Val = true;
  column.i32Val.values = std::move(values);
  rows.__set_columns({column});
  reply.__set_results(rows);
  return reply;
}

}  // namespace dbsql::test
