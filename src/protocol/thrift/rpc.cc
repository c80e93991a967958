#include "protocol/thrift/rpc.h"

#include <dbsql/error.h>

#include "base/error_ids.h"
#include "base/log.h"
#include "base/text.h"
#include "protocol/classify_error.h"
#include "protocol/thrift/message.h"

#include <tcli_service_types.h>

#include <utility>

namespace dbsql::protocol::thrift {

namespace {

/// For closes and cancels that must not hold anybody up.
constexpr std::chrono::seconds kNotifyTimeout{5};

RpcReply open_reply(const base::Buffer& body, const Method& method, std::int32_t sequence_id) {
  RpcReply reply{body, WireReader(body.bytes())};
  enter_reply(reply.reader, method.name, sequence_id);
  return reply;
}

/// Headers of the user's own count.
void add_trace(const base::TraceHeaders& trace, http::Headers& headers) {
  if (!http::find_header(headers, "traceparent").empty()) return;
  headers.push_back({"traceparent", trace.parent});
  if (!trace.state.empty()) headers.push_back({"tracestate", trace.state});
}

/// The reply among the outcomes of a request that is not repeated, whatever comes of it.
std::optional<RpcReply> reply_in(const http::Reply& outcome, const Method& method,
                                 std::int32_t sequence_id) noexcept {
  const auto* response = std::get_if<http::Response>(&outcome);
  if (response == nullptr || response->status != 200) return std::nullopt;
  try {
    return open_reply(response->body, method, sequence_id);
  } catch (const std::exception& error) {
    base::log(LogLevel::Debug, "thrift",
              base::concat("reply to ", method.name, ": ", std::string_view(error.what())));
    return std::nullopt;
  }
}

}  // namespace

http::Request Rpc::prepare(const Method& method, base::Buffer body, const base::Trace& trace,
                           std::chrono::milliseconds first_byte_timeout) const {
  http::Request request;
  request.url = endpoint_.url;
  request.headers = endpoint_.headers;
  if (trace) add_trace(*trace, request.headers);
  request.body = std::move(body);
  request.request_class = method.request_class;
  request.name = method.name;
  request.first_byte_timeout =
      first_byte_timeout.count() != 0 ? first_byte_timeout : endpoint_.request_timeout;
  return request;
}

RpcReply Rpc::exchange(const Method& method, http::Request request, std::int32_t sequence_id,
                       const base::CallContext& call) {
  const http::Response response = client_->send(std::move(request), call);
  try {
    return open_reply(response.body, method, sequence_id);
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    // Something answered, but it was not the statement's reply: whether it ran is unknown.
    fields.outcome_unknown = http::is_write(method.request_class);
    fields.http_status = response.status;
    base::throw_with_ids(std::move(fields), call);
  }
}

template <class Request>
RpcReply Rpc::call(const Method& method, const Request& request, const base::CallContext& call,
                   std::chrono::milliseconds first_byte_timeout) {
  const std::int32_t sequence_id = next_sequence_id();
  return exchange(method,
                  prepare(method, encode_call(method.name, sequence_id, request), call.trace,
                          first_byte_timeout),
                  sequence_id, call);
}

template <class Request>
RpcReply Rpc::call(const Method& method, const Request& request, const base::CallContext& call,
                   std::function<void(RpcReply)> on_late_reply) {
  const std::int32_t sequence_id = next_sequence_id();
  http::Request wire = prepare(method, encode_call(method.name, sequence_id, request), call.trace,
                               std::chrono::milliseconds(0));
  wire.on_late_reply = [method, sequence_id,
                        late = std::move(on_late_reply)](const http::Response& response) {
    try {
      late(open_reply(response.body, method, sequence_id));
    } catch (const std::exception& error) {
      base::log(LogLevel::Debug, "thrift",
                base::concat("late reply to ", method.name, ": ", std::string_view(error.what())));
    }
  };
  return exchange(method, std::move(wire), sequence_id, call);
}

template <class Request>
void Rpc::call_in_background(const Method& method, const Request& request, const base::Trace& trace,
                             std::chrono::milliseconds limit,
                             std::function<void(std::optional<RpcReply>)> on_reply) noexcept {
  try {
    const std::int32_t sequence_id = next_sequence_id();
    client_->send_in_background(
        prepare(method, encode_call(method.name, sequence_id, request), trace, limit), limit,
        [method, sequence_id, on_reply](const http::Reply& outcome) {
          on_reply(reply_in(outcome, method, sequence_id));
        });
  } catch (const std::exception& error) {
    base::log(LogLevel::Debug, "thrift",
              base::concat(method.name, " not sent: ", std::string_view(error.what())));
    on_reply(std::nullopt);
  }
}

template <class Request>
void Rpc::notify(const Method& method, const Request& request, const base::Trace& trace) noexcept {
  call_in_background(method, request, trace, kNotifyTimeout, [](const std::optional<RpcReply>&) {});
}

template RpcReply Rpc::call(const Method&, const tcli::TOpenSessionReq&, const base::CallContext&,
                            std::function<void(RpcReply)>);
template RpcReply Rpc::call(const Method&, const tcli::TCloseSessionReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TExecuteStatementReq&,
                            const base::CallContext&, std::function<void(RpcReply)>);
template RpcReply Rpc::call(const Method&, const tcli::TGetOperationStatusReq&,
                            const base::CallContext&, std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetResultSetMetadataReq&,
                            const base::CallContext&, std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TFetchResultsReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TCancelOperationReq&,
                            const base::CallContext&, std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetCatalogsReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetSchemasReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetTablesReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetTableTypesReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetColumnsReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetTypeInfoReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetFunctionsReq&, const base::CallContext&,
                            std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetPrimaryKeysReq&,
                            const base::CallContext&, std::chrono::milliseconds);
template RpcReply Rpc::call(const Method&, const tcli::TGetCrossReferenceReq&,
                            const base::CallContext&, std::chrono::milliseconds);
template void Rpc::notify(const Method&, const tcli::TCancelOperationReq&,
                          const base::Trace&) noexcept;
template void Rpc::notify(const Method&, const tcli::TCloseOperationReq&,
                          const base::Trace&) noexcept;
template void Rpc::notify(const Method&, const tcli::TCloseSessionReq&,
                          const base::Trace&) noexcept;
template void Rpc::call_in_background(const Method&, const tcli::TCloseOperationReq&,
                                      const base::Trace&, std::chrono::milliseconds,
                                      std::function<void(std::optional<RpcReply>)>) noexcept;
template void Rpc::call_in_background(const Method&, const tcli::TGetOperationStatusReq&,
                                      const base::Trace&, std::chrono::milliseconds,
                                      std::function<void(std::optional<RpcReply>)>) noexcept;
template void Rpc::call_in_background(const Method&, const tcli::TFetchResultsReq&,
                                      const base::Trace&, std::chrono::milliseconds,
                                      std::function<void(std::optional<RpcReply>)>) noexcept;

ErrorFields error_of(const tcli::TStatus* status) {
  if (status == nullptr)
    return {.kind = ErrorKind::Protocol,
            .message = "the server's reply lacks a status",
            .connection_dead = true};
  const std::string& text = status->__isset.displayMessage && !status->displayMessage.empty()
                                ? status->displayMessage
                                : status->errorMessage;
  ErrorFields fields = classify({status->sqlState, text, status->errorCode});
  if (status->statusCode == tcli::INVALID_HANDLE_STATUS && fields.kind == ErrorKind::SqlOther)
    fields.kind = ErrorKind::StatementClosed;
  return fields;
}

void require_success(const tcli::TStatus* status, const base::CallContext& call) {
  if (status != nullptr && (status->statusCode == tcli::SUCCESS_STATUS ||
                            status->statusCode == tcli::SUCCESS_WITH_INFO_STATUS))
    return;
  base::throw_with_ids(error_of(status), call);
}

}  // namespace dbsql::protocol::thrift
