// OpenSession, CloseSession, GetInfo and the delegation tokens (reference/thrift.md 3.1, 3.6).

#include "base/text.h"
#include "warehouse/thrift_service_impl.h"

#include <thrift/TApplicationException.h>

#include <algorithm>
#include <utility>

namespace dbsql::warehouse {
namespace {

constexpr std::int32_t kHiveWorkaround = -7;

/// The version that both sides speak. The Databricks number wins over the one that plain Hive
/// clients send; a client that names none takes what the server has.
std::int32_t negotiate(const tcli::TOpenSessionReq& request, std::int32_t server_maximum,
                       bool sees_extensions) {
  if (sees_extensions && request.__isset.client_protocol_i64) {
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(request.client_protocol_i64, kHiveV1, server_maximum));
  }
  const auto hive = static_cast<std::int32_t>(request.client_protocol);
  if (!request.__isset.client_protocol || hive == kHiveWorkaround) return server_maximum;
  return std::clamp(hive, kHiveV1, server_maximum);
}

/// Hive clients wrap their settings: `set:hiveconf:KEY`, `set:hivevar:KEY`, `use:database`. Whether
/// Hive servers take bare keys differs from version to version (reference/thrift.md 5.2): one that
/// must not be relied on does not.
void add_conf(SessionSettings& settings, const std::string& key, const std::string& value,
              bool takes_bare_keys) {
  for (const std::string_view prefix : {"set:hiveconf:", "set:hivevar:"}) {
    if (!key.starts_with(prefix)) continue;
    settings.confs[key.substr(prefix.size())] = value;
    return;
  }
  if (key == "use:database") {
    settings.schema = value;
  } else if (takes_bare_keys) {
    settings.confs[key] = value;
  }
}

SessionSettings settings_of(const tcli::TOpenSessionReq& request, std::int32_t protocol,
                            bool takes_bare_keys) {
  SessionSettings settings;
  for (const auto& [key, value] : request.configuration)
    add_conf(settings, key, value, takes_bare_keys);
  if (protocol < kSparkV4 || !request.__isset.initialNamespace) return settings;
  // `SPARK` is the old way to say "the default catalog" (reference/thrift.md 3.7).
  const tcli::TNamespace& wanted = request.initialNamespace;
  if (!base::equals_ignore_case(wanted.catalogName, "SPARK")) settings.catalog = wanted.catalogName;
  settings.schema = wanted.schemaName;
  return settings;
}

/// What is in force: the client's own spelling where it named something.
tcli::TNamespace effective_namespace(const tcli::TOpenSessionReq& request, Session& session) {
  tcli::TNamespace effective;
  const tcli::TNamespace& wanted = request.initialNamespace;
  effective.__set_catalogName(wanted.catalogName.empty() ? session.engine().current_catalog()
                                                         : wanted.catalogName);
  effective.__set_schemaName(wanted.schemaName.empty() ? session.engine().current_schema()
                                                       : wanted.schemaName);
  return effective;
}

std::optional<std::string> server_info(tcli::TGetInfoType type, std::string_view version) {
  switch (type) {
    case tcli::TGetInfoType::CLI_SERVER_NAME:
    case tcli::TGetInfoType::CLI_DBMS_NAME:
      return "Spark SQL";
    case tcli::TGetInfoType::CLI_DBMS_VER:
      return std::string(version);
    default:
      return std::nullopt;
  }
}

tcli::TGetInfoValue text_info(std::string text) {
  tcli::TGetInfoValue value;
  value.__set_stringValue(std::move(text));
  return value;
}

}  // namespace

/// Hive's version is a required enumeration there: a number that it does not have reads as none
/// (reference/thrift.md 5.2). Left out it takes its default, which is the newest.
bool ThriftService::Impl::can_read(const tcli::TOpenSessionReq& request) const {
  if (!traits_.hive || !request.__isset.client_protocol) return true;
  const auto protocol = static_cast<std::int32_t>(request.client_protocol);
  return protocol >= kHiveV1 && protocol <= options_.max_protocol;
}

void ThriftService::Impl::open_session(const CallPtr& call, tcli::TOpenSessionReq request) {
  if (!can_read(request)) {
    return call->refuse(apache::thrift::TApplicationException::PROTOCOL_ERROR,
                        "Required field 'client_protocol' is unset! "
                        "Struct:TOpenSessionReq(client_protocol:null)");
  }
  request_workers_.post(
      [this, call, request = std::move(request)] { open_session_now(call, request); });
}

void ThriftService::Impl::open_session_now(const CallPtr& call,
                                           const tcli::TOpenSessionReq& request) {
  const std::int32_t protocol = negotiate(request, options_.max_protocol, !traits_.hive);
  const bool databricks = is_databricks(protocol);
  const ReplyStyle style = style_of(protocol);
  tcli::TOpenSessionResp reply;
  reply.serverProtocolVersion = static_cast<tcli::TProtocolVersion>(protocol);
  try {
    SessionSettings settings = settings_of(request, protocol, !traits_.hive);
    settings.transactions = traits_.transactions;
    auto session =
        std::make_shared<Session>(engine_.open_session(settings), protocol, statement_workers_);
    session->touch(clock_.now());
    reply.status = success_status();
    tcli::TSessionHandle handle;
    handle.sessionId = handle_of(session->id());
    reply.__set_sessionHandle(handle);
    if (databricks) {
      std::vector<tcli::TGetInfoValue> infos;
      for (const auto type : request.getInfos) {
        infos.push_back(text_info(server_info(type, traits_.version).value_or("")));
      }
      reply.__set_getInfos(infos);
    } else {
      reply.__set_configuration({});
    }
    if (protocol >= kSparkV4) {
      reply.__set_initialNamespace(effective_namespace(request, *session));
      reply.__set_canUseMultipleCatalogs(true);
    }
    sessions_.add(session->id(), session);
  } catch (const EngineError& error) {
    reply.status = error_status(error, style.errors);
  } catch (const std::exception& error) {
    reply.status = error_status(engine_error(error), style.errors);
  }
  call->reply(reply, {.enabled = style.extensions});
}

void ThriftService::Impl::retire(const SessionPtr& session, std::function<void()> done) {
  auto operations = operations_.take_if(
      [&](const Operation& each) { return each.session_id() == session->id(); });
  // All at once, and only then one by one: freeing a result waits for the statement that runs.
  for (const auto& operation : operations) operation->abandon();
  session->enqueue([this, operations = std::move(operations), done = std::move(done)] {
    for (const auto& operation : operations) close_now(operation);
    done();
  });
}

void ThriftService::Impl::close_session(const CallPtr& call,
                                        const tcli::TCloseSessionReq& request) {
  const auto id = Guid::from_bytes(request.sessionHandle.sessionId.guid);
  auto session = id ? sessions_.take(*id) : nullptr;
  if (!session) {
    return reply_status<tcli::TCloseSessionResp>(
        call, invalid_session(request.sessionHandle, error_style()), refusal_fields());
  }
  const InternalFields fields{.enabled = style_of(session->protocol()).extensions};
  retire(session, [this, call, fields] {
    reply_status<tcli::TCloseSessionResp>(call, success_status(), fields);
  });
}

void ThriftService::Impl::get_info(const CallPtr& call, const tcli::TGetInfoReq& request) {
  tcli::TGetInfoResp reply;
  if (!find_session(request.sessionHandle)) {
    reply.status = invalid_session(request.sessionHandle, error_style());
  } else if (const auto text = server_info(request.infoType, traits_.version)) {
    reply.status = success_status();
    reply.infoValue = text_info(*text);
  } else {
    reply.status = service_error("HYC00",
                                 base::concat("Unrecognized GetInfoType value: ",
                                              static_cast<std::int32_t>(request.infoType)),
                                 error_style());
  }
  call->reply(reply);
}

void ThriftService::Impl::dispatch_delegation_token(const CallPtr& call) {
  const tcli::TStatus refusal = service_error(
      "08S01", "Delegation token only supported over remote client with kerberos authentication",
      error_style());
  if (call->method() == "GetDelegationToken") {
    reply_status<tcli::TGetDelegationTokenResp>(call, refusal);
  } else if (call->method() == "CancelDelegationToken") {
    reply_status<tcli::TCancelDelegationTokenResp>(call, refusal);
  } else if (call->method() == "RenewDelegationToken") {
    reply_status<tcli::TRenewDelegationTokenResp>(call, refusal);
  } else {
    dispatch_catalog_call(call);
  }
}

}  // namespace dbsql::warehouse
