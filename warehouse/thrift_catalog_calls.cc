// The metadata calls (reference/thrift.md 3.7): operations whose result is always column-based.

#include "base/text.h"
#include "warehouse/catalog_table.h"
#include "warehouse/thrift_service_impl.h"

#include <thrift/TApplicationException.h>

#include <utility>

namespace dbsql::warehouse {
namespace {

using apache::thrift::TApplicationException;

std::optional<std::string> given(bool is_set, const std::string& text) {
  return is_set ? std::optional(text) : std::nullopt;
}

/// `SPARK` is the old way to say "the default catalog": it filters nothing.
std::optional<std::string> catalog_given(bool is_set, const std::string& name) {
  return is_set && !base::equals_ignore_case(name, "SPARK") ? std::optional(name) : std::nullopt;
}

template <class Request>
CatalogFilter filter_of(const Request& request) {
  CatalogFilter filter;
  filter.catalog = catalog_given(request.__isset.catalogName, request.catalogName);
  filter.schema_pattern = given(request.__isset.schemaName, request.schemaName);
  return filter;
}

template <class Request>
CatalogFilter table_filter_of(const Request& request) {
  CatalogFilter filter = filter_of(request);
  filter.table_pattern = given(request.__isset.tableName, request.tableName);
  return filter;
}

}  // namespace

template <class Reply, class Request>
void ThriftService::Impl::catalog_call(
    const CallPtr& call, const Request& request, OperationType type,
    std::function<std::unique_ptr<EngineResult>(EngineSession&)> ask) {
  const auto session = find_session(request.sessionHandle);
  if (!session)
    return reply_status<Reply>(call, invalid_session(request.sessionHandle, error_style()),
                               refusal_fields());
  const std::int32_t protocol = session->protocol();
  Submission submission{.session = session, .type = type, .result = {}, .work = {}, .direct = {}};
  submission.result.format =
      protocol >= kHiveV6 ? ResultOptions::Format::Columns : ResultOptions::Format::Rows;
  submission.result.spark_columns = traits_.hive;
  submission.work = [ask = std::move(ask)](EngineSession& engine, const std::stop_token&) {
    return ask(engine);
  };
  submission.run_async = request.runAsync && protocol >= kSparkV6;
  if (request.__isset.getDirectResults) submission.direct = request.getDirectResults;
  submit(call, std::move(submission));
}

CatalogFilter ThriftService::Impl::seen(CatalogFilter filter, const EngineSession& engine) const {
  if (!traits_.hive) return filter;
  filter.catalog = engine.current_catalog();
  filter.nameless_catalog = true;
  return filter;
}

void ThriftService::Impl::require_constraints() const {
  if (!traits_.hive) return;
  throw EngineError{.sqlstate = "HY000",
                    .error_class = "",
                    .message = "The metastore does not keep keys of tables"};
}

void ThriftService::Impl::get_catalogs(const CallPtr& call, const tcli::TGetCatalogsReq& request) {
  catalog_call<tcli::TGetCatalogsResp>(
      call, request, OperationType::GetCatalogs, [hive = traits_.hive](EngineSession& engine) {
        return hive ? make_table({text_column("TABLE_CAT")}, {}) : engine.catalogs();
      });
}

void ThriftService::Impl::get_table_types(const CallPtr& call,
                                          const tcli::TGetTableTypesReq& request) {
  catalog_call<tcli::TGetTableTypesResp>(
      call, request, OperationType::GetTableTypes,
      [](EngineSession& engine) { return engine.table_types(); });
}

void ThriftService::Impl::get_type_info(const CallPtr& call, const tcli::TGetTypeInfoReq& request) {
  catalog_call<tcli::TGetTypeInfoResp>(call, request, OperationType::GetTypeInfo,
                                       [](EngineSession& engine) { return engine.type_info(); });
}

void ThriftService::Impl::get_schemas(const CallPtr& call, const tcli::TGetSchemasReq& request) {
  catalog_call<tcli::TGetSchemasResp>(call, request, OperationType::GetSchemas,
                                      [this, filter = filter_of(request)](EngineSession& engine) {
                                        return engine.schemas(seen(filter, engine));
                                      });
}

void ThriftService::Impl::get_tables(const CallPtr& call, const tcli::TGetTablesReq& request) {
  CatalogFilter filter = table_filter_of(request);
  filter.table_types = request.tableTypes;
  catalog_call<tcli::TGetTablesResp>(call, request, OperationType::GetTables,
                                     [this, filter = std::move(filter)](EngineSession& engine) {
                                       return engine.tables(seen(filter, engine));
                                     });
}

void ThriftService::Impl::get_columns(const CallPtr& call, const tcli::TGetColumnsReq& request) {
  CatalogFilter filter = table_filter_of(request);
  filter.column_pattern = given(request.__isset.columnName, request.columnName);
  catalog_call<tcli::TGetColumnsResp>(call, request, OperationType::GetColumns,
                                      [this, filter = std::move(filter)](EngineSession& engine) {
                                        return engine.columns(seen(filter, engine));
                                      });
}

void ThriftService::Impl::get_functions(const CallPtr& call,
                                        const tcli::TGetFunctionsReq& request) {
  CatalogFilter filter = filter_of(request);
  filter.table_pattern = request.functionName;
  catalog_call<tcli::TGetFunctionsResp>(call, request, OperationType::GetFunctions,
                                        [this, filter = std::move(filter)](EngineSession& engine) {
                                          return engine.functions(seen(filter, engine));
                                        });
}

void ThriftService::Impl::get_primary_keys(const CallPtr& call,
                                           const tcli::TGetPrimaryKeysReq& request) {
  catalog_call<tcli::TGetPrimaryKeysResp>(
      call, request, OperationType::Unknown,
      [this, filter = table_filter_of(request)](EngineSession& engine) {
        require_constraints();
        return engine.primary_keys(filter);
      });
}

void ThriftService::Impl::get_cross_reference(const CallPtr& call,
                                              const tcli::TGetCrossReferenceReq& request) {
  CatalogFilter parent, foreign;
  const auto& set = request.__isset;
  parent.catalog = catalog_given(set.parentCatalogName, request.parentCatalogName);
  parent.schema_pattern = given(set.parentSchemaName, request.parentSchemaName);
  parent.table_pattern = given(set.parentTableName, request.parentTableName);
  foreign.catalog = catalog_given(set.foreignCatalogName, request.foreignCatalogName);
  foreign.schema_pattern = given(set.foreignSchemaName, request.foreignSchemaName);
  foreign.table_pattern = given(set.foreignTableName, request.foreignTableName);
  catalog_call<tcli::TGetCrossReferenceResp>(
      call, request, OperationType::Unknown,
      [this, parent = std::move(parent), foreign = std::move(foreign)](EngineSession& engine) {
        require_constraints();
        return engine.cross_reference(parent, foreign);
      });
}

void ThriftService::Impl::dispatch_catalog_call(const CallPtr& call) {
  const std::string& method = call->method();
  if (method == "GetCatalogs") {
    get_catalogs(call, call->read_request<tcli::TGetCatalogsReq>());
  } else if (method == "GetSchemas") {
    get_schemas(call, call->read_request<tcli::TGetSchemasReq>());
  } else if (method == "GetTables") {
    get_tables(call, call->read_request<tcli::TGetTablesReq>());
  } else if (method == "GetTableTypes") {
    get_table_types(call, call->read_request<tcli::TGetTableTypesReq>());
  } else if (method == "GetColumns") {
    get_columns(call, call->read_request<tcli::TGetColumnsReq>());
  } else if (method == "GetTypeInfo") {
    get_type_info(call, call->read_request<tcli::TGetTypeInfoReq>());
  } else if (method == "GetFunctions") {
    get_functions(call, call->read_request<tcli::TGetFunctionsReq>());
  } else if (method == "GetPrimaryKeys") {
    get_primary_keys(call, call->read_request<tcli::TGetPrimaryKeysReq>());
  } else if (method == "GetCrossReference") {
    get_cross_reference(call, call->read_request<tcli::TGetCrossReferenceReq>());
  } else {
    call->refuse(TApplicationException::UNKNOWN_METHOD,
                 base::concat("Invalid method name: '", method, "'"));
  }
}

}  // namespace dbsql::warehouse
