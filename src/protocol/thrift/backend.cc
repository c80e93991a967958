#include "protocol/thrift/backend.h"

#include <dbsql/error.h>
#include <dbsql/quote.h>

#include "base/error_ids.h"
#include "base/log.h"
#include "base/text.h"
#include "observe/observer.h"
#include "protocol/thrift/features.h"
#include "protocol/thrift/message.h"
#include "protocol/thrift/session.h"

#include <tcli_service_types.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dbsql::protocol::thrift {

namespace {

/// How long the last request of a call took; passes everything on.
class AnswerTimer final : public observe::Observer {
 public:
  explicit AnswerTimer(observe::Observer* next) noexcept : next_(next) {}
  void on(const observe::Event& event) noexcept override {
    if (const auto* answered = std::get_if<observe::RequestAnswered>(&event))
      latency_ = answered->latency;
    if (next_ != nullptr) next_->on(event);
  }
  std::chrono::nanoseconds latency() const noexcept { return latency_; }

 private:
  observe::Observer* const next_;
  std::chrono::nanoseconds latency_{0};
};

constexpr Method kOpenSession{"OpenSession", http::RequestClass::Open};
constexpr const char* kTimestampAsString = "spark.thriftserver.arrowBasedRowSet.timestampAsString";
constexpr std::string_view kHiveConf = "set:hiveconf:";
/// Hive's versions with column-based results, V10 to V6: an older one would bring rows, which
/// nobody reads.
constexpr std::array<std::int32_t, 5> kHiveVersions{9, 8, 7, 6, 5};

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

/// What session settings of Databricks are called elsewhere.
std::string hive_conf(const std::string& key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kNames{
      {{"timezone", "spark.sql.session.timeZone"}, {"ansi_mode", "spark.sql.ansi.enabled"}}};
  for (const auto& [name, spark_name] : kNames) {
    if (base::equals_ignore_case(name, key)) return base::concat(kHiveConf, spark_name);
  }
  return base::concat(kHiveConf, key);
}

/// The request of plain Hive: its version is an enumeration there, and extension fields do not
/// exist (reference/thrift.md 5.2).
tcli::TOpenSessionReq prepare_for_hive(const SessionRequest& request, std::int32_t version) {
  tcli::TOpenSessionReq wire;
  wire.__set_client_protocol(static_cast<tcli::TProtocolVersion>(version));
  std::map<std::string, std::string> confs;
  for (const auto& [key, value] : request.confs) confs.emplace(hive_conf(key), value);
  wire.__set_configuration(confs);
  return wire;
}

/// Whether a server could not read the request, or does not speak the version in it, rather than
/// refuse to open the session.
bool is_misunderstanding(const Error& error) {
  return error.error_class() == kApplicationException ||
         base::to_lower(error.message()).find("client_protocol") != std::string::npos;
}

void run(Session& session, const std::string& sql, const base::CallContext& call) {
  const Parameters none;
  const auto operation = session.execute({.sql = sql, .parameters = &none}, call);
  operation->wait(call);
  operation->close();
}

/// For servers that ignored the initial namespace of the request (reference/thrift.md 3.1).
void use_namespace(Session& session, const SessionRequest& request, const base::CallContext& call) {
  if (!request.catalog.empty() && !names_only_catalog(request.catalog))
    run(session, "USE CATALOG " + quote_identifier(request.catalog), call);
  if (!request.schema.empty()) run(session, "USE " + quote_identifier(request.schema), call);
}

/// What the reply says is in force, or what was asked for.
Namespace namespace_of(const SessionRequest& request, const tcli::TOpenSessionResp& reply) {
  Namespace initial{.catalog = request.catalog, .schema = request.schema};
  if (!reply.__isset.initialNamespace) return initial;
  const tcli::TNamespace& effective = reply.initialNamespace;
  if (effective.__isset.catalogName) initial.catalog = effective.catalogName;
  if (effective.__isset.schemaName) initial.schema = effective.schemaName;
  return initial;
}

/// A server that says it cannot do several catalogs would run every statement in the wrong one.
void require_catalogs(const SessionRequest& request, const tcli::TOpenSessionResp& reply,
                      const base::CallContext& call) {
  if (request.catalog.empty() || names_only_catalog(request.catalog) ||
      (reply.__isset.canUseMultipleCatalogs && reply.canUseMultipleCatalogs))
    return;
  base::throw_with_ids(
      {.kind = ErrorKind::NotSupported,
       .message = base::concat("the server cannot use the catalog ", request.catalog,
                               ": it has no support for several catalogs; leave the catalog out")},
      call);
}

}  // namespace

/// A session whose opener gave up before the reply came is nobody's: left open it would take a
/// place on the server until it expires.
std::function<void(RpcReply)> ThriftBackend::close_when_late() const {
  return [rpc = std::weak_ptr<Rpc>(rpc_)](RpcReply reply) {
    const auto opened = decode_struct<tcli::TOpenSessionResp>(reply.reader);
    const auto calls = rpc.lock();
    if (!calls || !opened.__isset.sessionHandle) return;
    tcli::TCloseSessionReq close;
    close.sessionHandle = opened.sessionHandle;
    calls->notify(kCloseSession, close, nullptr);
  };
}

tcli::TOpenSessionResp ThriftBackend::ask(const tcli::TOpenSessionReq& request,
                                          const base::CallContext& call,
                                          std::chrono::nanoseconds& latency) {
  AnswerTimer timer(call.observer);
  base::CallContext timed = call;
  timed.observer = &timer;
  RpcReply reply = rpc_->call(kOpenSession, request, timed, close_when_late());
  latency = timer.latency();
  auto opened = decode_struct<tcli::TOpenSessionResp>(reply.reader);
  require_success(&opened.status, call);
  return opened;
}

tcli::TOpenSessionResp ThriftBackend::negotiate(const SessionRequest& request,
                                                const base::CallContext& call,
                                                std::chrono::nanoseconds& latency) {
  if (const std::int32_t known = hive_protocol_; known != kNone)
    return ask(prepare_for_hive(request, known), call, latency);
  try {
    return ask(prepare(request, options_), call, latency);
  } catch (const Error& error) {
    // Not a Databricks server: to Hive's reader the version of the request is no version at all.
    if (!is_misunderstanding(error)) throw;
    return open_on_hive(request, error, call, latency);
  }
}

tcli::TOpenSessionResp ThriftBackend::open_on_hive(const SessionRequest& request,
                                                   const Error& refusal,
                                                   const base::CallContext& call,
                                                   std::chrono::nanoseconds& latency) {
  for (const std::int32_t version : kHiveVersions) {
    try {
      auto opened = ask(prepare_for_hive(request, version), call, latency);
      hive_protocol_ = version;
      return opened;
    } catch (const Error& error) {
      if (!is_misunderstanding(error)) throw;
    }
  }
  base::throw_with_ids(
      {.kind = ErrorKind::NotSupported,
       .message = base::concat("the server takes no protocol version that this driver speaks: "
                               "Databricks SQL, or HiveServer2 from version 6 on (",
                               refusal.message(), ")"),
       .connection_dead = true,
       .cause = std::make_shared<const Error>(refusal)},
      call);
}

std::shared_ptr<Session> ThriftBackend::open_session(const SessionRequest& request,
                                                     const base::CallContext& call) {
  // Neither the way to a token nor attempts that failed (reference/telemetry.md 4.2).
  std::chrono::nanoseconds latency{0};
  const tcli::TOpenSessionResp opened = negotiate(request, call, latency);
  if (!opened.__isset.sessionHandle)
    base::throw_with_ids({.kind = ErrorKind::Protocol,
                          .message = "the server opened a session but gave no handle for it",
                          .connection_dead = true},
                         call);
  auto session = std::make_shared<ThriftSession>(rpc_, options_, *clock_, opened.sessionHandle,
                                                 Features(opened.serverProtocolVersion));
  session->begin_in(namespace_of(request, opened));
  require_catalogs(request, opened, call);
  const bool wants_namespace = !request.catalog.empty() || !request.schema.empty();
  if (wants_namespace && !opened.__isset.initialNamespace) use_namespace(*session, request, call);
  if (base::log_enabled(LogLevel::Debug)) {
    base::CallContext known = call;
    known.connection_id = session->id();
    base::log(LogLevel::Debug, "thrift", known,
              base::concat("session opened, protocol version ",
                           static_cast<int>(opened.serverProtocolVersion)));
  }
  if (request.observer) {
    session->tell(request.observer);
    request.observer->on(observe::SessionOpened{session->id(), latency});
  }
  return session;
}

}  // namespace dbsql::protocol::thrift
