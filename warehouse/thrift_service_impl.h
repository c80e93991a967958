#pragma once

// Shared by the files that implement ThriftService.

#include "tcli_service_types.h"
#include "warehouse/flavor.h"
#include "warehouse/guid_map.h"
#include "warehouse/operation.h"
#include "warehouse/session.h"
#include "warehouse/thrift_call.h"
#include "warehouse/thrift_result.h"
#include "warehouse/thrift_service.h"
#include "warehouse/thrift_status.h"
#include "warehouse/worker_pool.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace dbsql::warehouse {

constexpr bool is_databricks(std::int32_t protocol) { return protocol >= kSparkV1; }

/// The guids of operations that were closed lately: a warehouse forgives closing them again.
class ClosedOperations {
 public:
  void add(const Guid& id);
  bool contains(const Guid& id) const;

 private:
  static constexpr std::size_t kMax = 10'000;
  mutable std::mutex mutex_;
  std::deque<Guid> order_;                    // guarded by mutex_
  std::unordered_set<Guid, GuidHash> known_;  // guarded by mutex_
};

class ThriftService::Impl {
 public:
  Impl(Engine& engine, Timers& timers, Journal& journal, Storage& storage, ServiceOptions options,
       base::Clock& clock);

  void handle(std::shared_ptr<Exchange> exchange, Compute compute);
  void expire_idle_sessions();
  std::size_t end_sessions();
  void stop();
  std::size_t open_sessions() const { return sessions_.size(); }
  std::size_t open_operations() const { return operations_.size(); }

 private:
  using SessionPtr = std::shared_ptr<Session>;
  using OperationPtr = std::shared_ptr<Operation>;

  /// What a call that makes an operation asks for.
  struct Submission {
    SessionPtr session;
    OperationType type = OperationType::ExecuteStatement;
    ResultOptions result;
    Operation::Work work;
    bool run_async = false;
    std::optional<tcli::TSparkGetDirectResults> direct;
    std::chrono::seconds timeout{0};
  };

  // thrift_service.cc
  void dispatch(const CallPtr& call);
  template <class Request, class Handler>
  void take(const CallPtr& call, Handler handler);

  // thrift_session_calls.cc
  void open_session(const CallPtr& call, tcli::TOpenSessionReq request);
  bool can_read(const tcli::TOpenSessionReq& request) const;
  void open_session_now(const CallPtr& call, const tcli::TOpenSessionReq& request);
  void close_session(const CallPtr& call, const tcli::TCloseSessionReq& request);
  void get_info(const CallPtr& call, const tcli::TGetInfoReq& request);
  void dispatch_delegation_token(const CallPtr& call);
  /// Interrupts what runs in a session that is closed, frees its results, then calls `done`.
  void retire(const SessionPtr& session, std::function<void()> done);

  // thrift_statement_calls.cc
  void execute_statement(const CallPtr& call, tcli::TExecuteStatementReq request);
  void get_operation_status(const CallPtr& call, const tcli::TGetOperationStatusReq& request);
  void get_result_set_metadata(const CallPtr& call, const tcli::TGetResultSetMetadataReq& request);
  void fetch_results(const CallPtr& call, tcli::TFetchResultsReq request);
  void cancel_operation(const CallPtr& call, const tcli::TCancelOperationReq& request);
  void close_operation(const CallPtr& call, const tcli::TCloseOperationReq& request);
  void fetch_now(const CallPtr& call, const OperationPtr& operation,
                 const tcli::TFetchResultsReq& request);

  // thrift_catalog_calls.cc
  template <class Reply, class Request>
  void catalog_call(const CallPtr& call, const Request& request, OperationType type,
                    std::function<std::unique_ptr<EngineResult>(EngineSession&)> ask);
  /// A filter as the server understands it: one with a single catalog does not look at its name.
  CatalogFilter seen(CatalogFilter filter, const EngineSession& engine) const;
  /// \throws EngineError on servers that keep no keys
  void require_constraints() const;
  void get_catalogs(const CallPtr& call, const tcli::TGetCatalogsReq& request);
  void get_table_types(const CallPtr& call, const tcli::TGetTableTypesReq& request);
  void get_type_info(const CallPtr& call, const tcli::TGetTypeInfoReq& request);
  void get_schemas(const CallPtr& call, const tcli::TGetSchemasReq& request);
  void get_tables(const CallPtr& call, const tcli::TGetTablesReq& request);
  void get_columns(const CallPtr& call, const tcli::TGetColumnsReq& request);
  void get_functions(const CallPtr& call, const tcli::TGetFunctionsReq& request);
  void get_primary_keys(const CallPtr& call, const tcli::TGetPrimaryKeysReq& request);
  void get_cross_reference(const CallPtr& call, const tcli::TGetCrossReferenceReq& request);
  void dispatch_catalog_call(const CallPtr& call);

  // thrift_statement_calls.cc: what makes an operation and answers about it
  void submit(const CallPtr& call, Submission submission);
  void answer_submission(const CallPtr& call, const Submission& submission,
                         const OperationPtr& operation);
  DirectResults direct_results(const Submission& submission, Operation& operation);
  void add_first_page(const Submission& submission, Operation& operation, DirectResults& results);
  void reply_submitted(const CallPtr& call, const Submission& submission, Operation& operation,
                       std::optional<DirectResults> results);
  /// Calls `then` when the operation is over, or after `limit` at the latest.
  void await(Operation& operation, std::optional<std::chrono::milliseconds> limit,
             std::function<void()> then);
  void arm_timeout(const OperationPtr& operation, std::chrono::seconds timeout);
  void close_now(const OperationPtr& operation);

  SessionPtr find_session(const tcli::TSessionHandle& handle);
  ResultOptions result_options(const tcli::TExecuteStatementReq& request, std::int32_t protocol);
  OperationPtr find_operation(const tcli::TOperationHandle& handle);
  static DirectResults failed_results(OperationStatus status, EngineError error,
                                      const ReplyStyle& style);
  static EngineError engine_error(const std::exception& error);
  std::int32_t protocol_of(const Operation& operation);
  ReplyStyle style_of(std::int32_t protocol) const { return style_for(traits_, protocol); }
  /// Of replies to somebody whose session is not known.
  ErrorStyle error_style() const { return style_of(options_.max_protocol).errors; }
  InternalFields refusal_fields() const {
    return {.enabled = style_of(options_.max_protocol).extensions};
  }
  tcli::THandleIdentifier handle_of(const Guid& id) const;

  template <class Reply>
  void reply_status(const CallPtr& call, tcli::TStatus status, InternalFields fields = {}) {
    Reply reply;
    reply.status = std::move(status);
    call->reply(reply, fields);
  }

  Engine& engine_;
  Timers& timers_;
  Journal& journal_;
  Storage& storage_;
  const FlavorTraits& traits_;
  const ServiceOptions options_;
  base::Clock& clock_;
  const Guid secret_ = Guid::random();  // the same in every handle (reference/observed.md 2)
  GuidMap<Session> sessions_;
  GuidMap<Operation> operations_;
  ClosedOperations closed_operations_;
  // Last: their threads use everything above.
  WorkerPool statement_workers_;
  WorkerPool page_workers_;
  WorkerPool request_workers_;
};

}  // namespace dbsql::warehouse
