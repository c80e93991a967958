#include "protocol/thrift/backend.h"

#include <dbsql/error.h>
#include <dbsql/quote.h>

#include "base/text.h"
#include "observe/observer.h"
#include "protocol/thrift/features.h"
#include "protocol/thrift/message.h"
#include "protocol/thrift/session.h"

#include <tcli_service_types.h>

#include <string>
#include <utility>

namespace dbsql::protocol::thrift {

namespace {

constexpr Method kOpenSession{"OpenSession", http::RequestClass::Open};
constexpr const char* kTimestampAsString = "spark.thriftserver.arrowBasedRowSet.timestampAsString";

tcli::TOpenSessionReq prepare(const SessionRequest& request, const ThriftOptions& options) {
  tcli::TOpenSessionReq wire;
  wire.__set_client_protocol(static_cast<tcli::TProtocolVersion>(kHiveWorkaround));
  wire.__set_client_protocol_i64(kClientProtocol);
  std::map<std::string, std::string> confs = request.confs;
  // Native timestamps are asked for with every statement; older servers also need this setting.
  if (options.arrow && options.native_types.timestamp) confs.emplace(kTimestampAsString, "false");
  wire.__set_configuration(confs);
  wire.__set_canUseMultipleCatalogs(true);
  if (!request.catalog.empty() || !request.schema.empty()) {
    tcli::TNamespace initial;
    if (!request.catalog.empty()) initial.__set_catalogName(request.catalog);
    if (!request.schema.empty()) initial.__set_schemaName(request.schema);
    wire.__set_initialNamespace(initial);
  }
  return wire;
}

void run(Session& session, const std::string& sql, const base::CallContext& call) {
  const Parameters none;
  const auto operation = session.execute({.sql = sql, .parameters = &none}, call);
  operation->wait(call);
  operation->close();
}

/// For servers that ignored the initial namespace of the request (reference/thrift.md 3.1).
void use_namespace(Session& session, const SessionRequest& request, const base::CallContext& call) {
  if (!request.catalog.empty())
    run(session, "USE CATALOG " + quote_identifier(request.catalog), call);
  if (!request.schema.empty()) run(session, "USE " + quote_identifier(request.schema), call);
}

/// A server that says it cannot do several catalogs would run every statement in the wrong one.
void require_catalogs(const SessionRequest& request, const tcli::TOpenSessionResp& reply,
                      const base::CallContext& call) {
  if (request.catalog.empty() ||
      (reply.__isset.canUseMultipleCatalogs && reply.canUseMultipleCatalogs))
    return;
  throw_with_ids(
      {.kind = ErrorKind::NotSupported,
       .message = base::concat("the server cannot use the catalog ", request.catalog,
                               ": it has no support for several catalogs; leave the catalog out")},
      call);
}

}  // namespace

std::shared_ptr<Session> ThriftBackend::open_session(const SessionRequest& request,
                                                     const base::CallContext& call) {
  const auto started = clock_->now();
  RpcReply reply = rpc_->call(kOpenSession, prepare(request, options_), call);
  const auto opened = decode_struct<tcli::TOpenSessionResp>(reply.reader);
  require_success(&opened.status, call);
  if (!opened.__isset.sessionHandle)
    throw_with_ids({.kind = ErrorKind::Protocol,
                    .message = "the server opened a session but gave no handle for it",
                    .connection_dead = true},
                   call);
  auto session = std::make_shared<ThriftSession>(rpc_, options_, *clock_, opened.sessionHandle,
                                                 Features(opened.serverProtocolVersion));
  require_catalogs(request, opened, call);
  const bool wants_namespace = !request.catalog.empty() || !request.schema.empty();
  if (wants_namespace && !opened.__isset.initialNamespace) use_namespace(*session, request, call);
  if (call.observer != nullptr)
    call.observer->on(observe::SessionOpened{session->id(), clock_->now() - started});
  return session;
}

}  // namespace dbsql::protocol::thrift
