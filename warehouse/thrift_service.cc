#include "warehouse/thrift_service.h"

#include "base/text.h"
#include "warehouse/thrift_service_impl.h"

#include <thrift/TApplicationException.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

using apache::thrift::TApplicationException;

constexpr std::int32_t kHiveVersions = 10;
constexpr std::int32_t kSparkVersions = 9;

ServiceOptions within(ServiceOptions options, const FlavorTraits& traits) {
  options.max_protocol = std::min(options.max_protocol, traits.newest_protocol);
  return options;
}

}  // namespace

std::int32_t parse_protocol(std::string_view name) {
  const std::string upper = base::to_upper(name);
  for (std::int32_t i = 0; i < kSparkVersions; ++i) {
    if (upper == protocol_name(kSparkV1 + i)) return kSparkV1 + i;
  }
  for (std::int32_t i = 0; i < kHiveVersions; ++i) {
    if (upper == protocol_name(kHiveV1 + i)) return kHiveV1 + i;
  }
  throw std::invalid_argument(
      base::concat("unknown protocol version \"", name, "\": use V1 to V9 or HIVE_V1 to HIVE_V10"));
}

std::string protocol_name(std::int32_t protocol) {
  return is_databricks(protocol) ? base::concat("V", protocol - kSparkV1 + 1)
                                 : base::concat("HIVE_V", protocol + 1);
}

void ClosedOperations::add(const Guid& id) {
  std::lock_guard lock(mutex_);
  if (!known_.insert(id).second) return;
  order_.push_back(id);
  if (order_.size() <= kMax) return;
  known_.erase(order_.front());
  order_.pop_front();
}

bool ClosedOperations::contains(const Guid& id) const {
  std::lock_guard lock(mutex_);
  return known_.contains(id);
}

ThriftService::Impl::Impl(Engine& engine, Timers& timers, Journal& journal, Storage& storage,
                          ServiceOptions options, base::Clock& clock)
    : engine_(engine),
      timers_(timers),
      journal_(journal),
      storage_(storage),
      traits_(traits_of(options.flavor)),
      options_(within(options, traits_)),
      clock_(clock),
      statement_workers_(options.statement_threads),
      page_workers_(options.page_threads),
      request_workers_(options.request_threads) {}

void ThriftService::Impl::handle(std::shared_ptr<Exchange> exchange, Compute compute) {
  CallPtr call;
  try {
    call = std::make_shared<ThriftCall>(exchange, compute);
    dispatch(call);
  } catch (const apache::thrift::TException& error) {
    const int kind = TApplicationException::PROTOCOL_ERROR;
    const std::string message = base::concat("cannot read the request: ", error.what());
    if (call) {
      call->refuse(kind, message);
    } else {
      ThriftCall::refuse(*exchange, compute, peek_thrift_method(exchange->request().body), 0, kind,
                         message);
    }
  }
}

template <class Request, class Handler>
void ThriftService::Impl::take(const CallPtr& call, Handler handler) {
  (this->*handler)(call, call->template read_request<Request>());
}

void ThriftService::Impl::dispatch(const CallPtr& call) {
  const std::string& method = call->method();
  if (method == "ExecuteStatement") {
    take<tcli::TExecuteStatementReq>(call, &Impl::execute_statement);
  } else if (method == "FetchResults") {
    take<tcli::TFetchResultsReq>(call, &Impl::fetch_results);
  } else if (method == "GetOperationStatus") {
    take<tcli::TGetOperationStatusReq>(call, &Impl::get_operation_status);
  } else if (method == "GetResultSetMetadata") {
    take<tcli::TGetResultSetMetadataReq>(call, &Impl::get_result_set_metadata);
  } else if (method == "CloseOperation") {
    take<tcli::TCloseOperationReq>(call, &Impl::close_operation);
  } else if (method == "CancelOperation") {
    take<tcli::TCancelOperationReq>(call, &Impl::cancel_operation);
  } else if (method == "OpenSession") {
    tcli::TOpenSessionReq nothing;
    nothing.__isset.client_protocol = false;  // or its default would look as if it had been sent
    open_session(call, call->read_request(std::move(nothing)));
  } else if (method == "CloseSession") {
    take<tcli::TCloseSessionReq>(call, &Impl::close_session);
  } else if (method == "GetInfo") {
    take<tcli::TGetInfoReq>(call, &Impl::get_info);
  } else if (method.ends_with("DelegationToken")) {
    dispatch_delegation_token(call);
  } else {
    dispatch_catalog_call(call);
  }
}

std::shared_ptr<Session> ThriftService::Impl::find_session(const tcli::TSessionHandle& handle) {
  const auto id = Guid::from_bytes(handle.sessionId.guid);
  auto session = id ? sessions_.find(*id) : nullptr;
  if (session) session->touch(clock_.now());
  return session;
}

std::shared_ptr<Operation> ThriftService::Impl::find_operation(
    const tcli::TOperationHandle& handle) {
  // By guid alone: clients send type and hasResultSet back changed (reference/thrift.md 3.5).
  const auto id = Guid::from_bytes(handle.operationId.guid);
  auto operation = id ? operations_.find(*id) : nullptr;
  if (!operation) return nullptr;
  if (const auto session = sessions_.find(operation->session_id())) session->touch(clock_.now());
  return operation;
}

std::int32_t ThriftService::Impl::protocol_of(const Operation& operation) {
  const auto session = sessions_.find(operation.session_id());
  return session ? session->protocol() : options_.max_protocol;
}

tcli::THandleIdentifier ThriftService::Impl::handle_of(const Guid& id) const {
  tcli::THandleIdentifier identifier;
  identifier.guid = id.to_bytes();
  identifier.secret = secret_.to_bytes();
  return identifier;
}

void ThriftService::Impl::expire_idle_sessions() {
  if (options_.session_idle_timeout.count() == 0) return;
  const auto moment = clock_.now() - options_.session_idle_timeout;
  for (const auto& session :
       sessions_.take_if([&](const Session& each) { return each.idle_since(moment); })) {
    retire(session, [] {});
  }
}

std::size_t ThriftService::Impl::end_sessions() {
  const auto sessions = sessions_.take_if([](const Session&) { return true; });
  for (const auto& session : sessions) retire(session, [] {});
  return sessions.size();
}

void ThriftService::Impl::stop() {
  const auto everything = [](const auto&) { return true; };
  // Sessions live until their statements have come back from the engine.
  const auto sessions = sessions_.take_if(everything);
  const auto operations = operations_.take_if(everything);
  for (const auto& operation : operations) operation->abandon();
  request_workers_.stop();
  page_workers_.stop();
  statement_workers_.stop();
  for (const auto& operation : operations) operation->close();
  // What slipped in meanwhile never ran.
  for (const auto& operation : operations_.take_if(everything)) operation->close();
  sessions_.take_if(everything);
}

ThriftService::ThriftService(Engine& engine, Timers& timers, Journal& journal, Storage& storage,
                             ServiceOptions options, base::Clock& clock)
    : impl_(std::make_unique<Impl>(engine, timers, journal, storage, options, clock)) {}

ThriftService::~ThriftService() { stop(); }

void ThriftService::handle(std::shared_ptr<Exchange> exchange, Compute compute) {
  impl_->handle(std::move(exchange), compute);
}

void ThriftService::expire_idle_sessions() { impl_->expire_idle_sessions(); }
std::size_t ThriftService::end_sessions() { return impl_->end_sessions(); }
std::size_t ThriftService::open_sessions() const { return impl_->open_sessions(); }
std::size_t ThriftService::open_operations() const { return impl_->open_operations(); }
void ThriftService::stop() { impl_->stop(); }

}  // namespace dbsql::warehouse
