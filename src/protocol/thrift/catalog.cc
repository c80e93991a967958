// The metadata calls (reference/thrift.md 3.7): one request each, and from the reply on a statement
// like any other.

#include <dbsql/error.h>

#include "protocol/thrift/message.h"
#include "protocol/thrift/operation.h"
#include "protocol/thrift/page_reader.h"
#include "protocol/thrift/session.h"
#include "protocol/thrift/session_error.h"

#include <tcli_service_types.h>

#include <string>
#include <utility>

namespace dbsql::protocol::thrift {

namespace {

using Kind = ListingRequest::Kind;
using Scope = ListingRequest::Scope;

constexpr Method kGetCatalogs{"GetCatalogs", http::RequestClass::Read};
constexpr Method kGetSchemas{"GetSchemas", http::RequestClass::Read};
constexpr Method kGetTables{"GetTables", http::RequestClass::Read};
constexpr Method kGetTableTypes{"GetTableTypes", http::RequestClass::Read};
constexpr Method kGetColumns{"GetColumns", http::RequestClass::Read};
constexpr Method kGetTypeInfo{"GetTypeInfo", http::RequestClass::Read};
constexpr Method kGetFunctions{"GetFunctions", http::RequestClass::Read};
constexpr Method kGetPrimaryKeys{"GetPrimaryKeys", http::RequestClass::Read};
constexpr Method kGetCrossReference{"GetCrossReference", http::RequestClass::Read};

template <class Request>
void set_schema(Request& request, const Scope& scope) {
  if (scope.catalog) request.__set_catalogName(*scope.catalog);
  if (scope.schema) request.__set_schemaName(*scope.schema);
}

template <class Request>
void set_table(Request& request, const Scope& scope) {
  set_schema(request, scope);
  if (scope.table) request.__set_tableName(*scope.table);
}

tcli::TGetSchemasReq schemas_request(const ListingRequest& request) {
  tcli::TGetSchemasReq wire;
  set_schema(wire, request.scope);
  return wire;
}

tcli::TGetTablesReq tables_request(const ListingRequest& request) {
  tcli::TGetTablesReq wire;
  set_table(wire, request.scope);
  // An empty list is not "all" to every server.
  if (!request.table_types.empty()) wire.__set_tableTypes(request.table_types);
  return wire;
}

tcli::TGetColumnsReq columns_request(const ListingRequest& request) {
  tcli::TGetColumnsReq wire;
  set_table(wire, request.scope);
  if (request.scope.column) wire.__set_columnName(*request.scope.column);
  return wire;
}

tcli::TGetFunctionsReq functions_request(const ListingRequest& request) {
  tcli::TGetFunctionsReq wire;
  set_schema(wire, request.scope);
  wire.functionName = request.scope.table.value_or("%");  // required
  return wire;
}

tcli::TGetPrimaryKeysReq primary_keys_request(const ListingRequest& request) {
  tcli::TGetPrimaryKeysReq wire;
  set_table(wire, request.scope);
  return wire;
}

tcli::TGetCrossReferenceReq cross_reference_request(const ListingRequest& request) {
  tcli::TGetCrossReferenceReq wire;
  const Scope& parent = request.parent;
  const Scope& foreign = request.scope;
  if (parent.catalog) wire.__set_parentCatalogName(*parent.catalog);
  if (parent.schema) wire.__set_parentSchemaName(*parent.schema);
  if (parent.table) wire.__set_parentTableName(*parent.table);
  if (foreign.catalog) wire.__set_foreignCatalogName(*foreign.catalog);
  if (foreign.schema) wire.__set_foreignSchemaName(*foreign.schema);
  if (foreign.table) wire.__set_foreignTableName(*foreign.table);
  return wire;
}

}  // namespace

template <class Request>
RpcReply ThriftSession::ask_listing(const Method& method, Request wire,
                                    const base::CallContext& call) {
  wire.sessionHandle = *handle_;
  if (features_.is_databricks()) {
    tcli::TSparkGetDirectResults direct;
    direct.maxRows = options_.max_rows_per_fetch;
    direct.__set_maxBytes(options_.max_bytes_per_fetch);
    wire.__set_getDirectResults(direct);
  }
  if (features_.has_async_metadata()) wire.__set_runAsync(true);
  return rpc_->call(method, wire, call);
}

RpcReply ThriftSession::ask_listing(const ListingRequest& request, const base::CallContext& call) {
  switch (request.kind) {
    case Kind::Catalogs:
      return ask_listing(kGetCatalogs, tcli::TGetCatalogsReq(), call);
    case Kind::Schemas:
      return ask_listing(kGetSchemas, schemas_request(request), call);
    case Kind::Tables:
      return ask_listing(kGetTables, tables_request(request), call);
    case Kind::TableTypes:
      return ask_listing(kGetTableTypes, tcli::TGetTableTypesReq(), call);
    case Kind::Columns:
      return ask_listing(kGetColumns, columns_request(request), call);
    case Kind::TypeInfo:
      return ask_listing(kGetTypeInfo, tcli::TGetTypeInfoReq(), call);
    case Kind::Functions:
      return ask_listing(kGetFunctions, functions_request(request), call);
    case Kind::PrimaryKeys:
      return ask_listing(kGetPrimaryKeys, primary_keys_request(request), call);
    case Kind::CrossReference:
      return ask_listing(kGetCrossReference, cross_reference_request(request), call);
  }
  throw_error({.kind = ErrorKind::Internal, .message = "no such metadata call"});
}

std::unique_ptr<Operation> ThriftSession::list(const ListingRequest& request,
                                               const base::CallContext& call) {
  ListingRequest own = request;
  for (Scope* scope : {&own.scope, &own.parent}) {
    if (!features_.is_databricks() && scope->catalog) {
      if (!names_only_catalog(*scope->catalog)) return empty_listing(request.kind);
      scope->catalog.reset();
    }
  }
  const bool about_keys = own.kind == Kind::PrimaryKeys || own.kind == Kind::CrossReference;
  const auto submitted = clock_->now();
  try {
    RpcReply reply = ask_listing(own, call);
    return ThriftOperation::start(shared_from_this(), read_execute_reply(reply.reader, reply.body),
                                  submitted, request.observer, call);
  } catch (const Error& error) {
    // Older servers and Hive's may keep no keys, and say so with whatever error comes first
    // (reference/thrift.md 5.3, reference/metadata.md 9).
    const bool answered = error.http_status() == 0 && !session_call_error(error).connection_dead;
    const bool unknown_call = error.error_class() == kApplicationException;
    if (about_keys && !features_.has_keys() && (answered || unknown_call) &&
        error.kind() != ErrorKind::Timeout && error.kind() != ErrorKind::Cancelled &&
        error.kind() != ErrorKind::Network)
      return empty_listing(request.kind);
    rethrow_of_session(error, call);
  }
}

}  // namespace dbsql::protocol::thrift
