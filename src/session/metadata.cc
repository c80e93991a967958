#include <dbsql/connection.h>
#include <dbsql/error.h>
#include <dbsql/metadata.h>

#include "base/text.h"
#include "protocol/listing.h"
#include "session/connection_impl.h"

#include <algorithm>
#include <array>
#include <utility>

// What the arguments of metadata calls mean, before anything is sent and after the server has
// answered (reference/metadata.md 2, 9, 10).
namespace dbsql {

namespace {

using protocol::ListingRequest;
using Kind = ListingRequest::Kind;
using Scope = ListingRequest::Scope;

bool is_key_call(Kind kind) { return kind == Kind::PrimaryKeys || kind == Kind::CrossReference; }

/// `SPARK` is the old way to say "the default catalog".
std::optional<std::string> catalog_of(const std::optional<std::string>& catalog) {
  if (catalog && base::equals_ignore_case(*catalog, "SPARK")) return std::nullopt;
  return catalog;
}

telemetry::OperationType operation_of(Kind kind) {
  using Type = telemetry::OperationType;
  switch (kind) {
    case Kind::Catalogs:
      return Type::ListCatalogs;
    case Kind::Schemas:
      return Type::ListSchemas;
    case Kind::Tables:
      return Type::ListTables;
    case Kind::TableTypes:
      return Type::ListTableTypes;
    case Kind::Columns:
      return Type::ListColumns;
    case Kind::Functions:
      return Type::ListFunctions;
    case Kind::TypeInfo:
      return Type::ListTypeInfo;
    case Kind::PrimaryKeys:
      return Type::ListPrimaryKeys;
    case Kind::CrossReference:
      return Type::ListCrossReferences;
  }
  return Type::Unspecified;
}

bool is_empty_text(const std::optional<std::string>& name) { return name && name->empty(); }

bool matches_nothing(const Scope& scope) {
  return is_empty_text(scope.catalog) || is_empty_text(scope.schema) ||
         is_empty_text(scope.table) || is_empty_text(scope.column);
}

/// Tables of hive_metastore have no keys, and the server takes the question for an error.
bool has_no_keys(const Scope& scope) {
  return scope.catalog && base::equals_ignore_case(*scope.catalog, "hive_metastore");
}

bool needs_no_request(const ListingRequest& request) {
  if (matches_nothing(request.scope) || matches_nothing(request.parent)) return true;
  return is_key_call(request.kind) && (has_no_keys(request.scope) || has_no_keys(request.parent));
}

/// Servers report a missing catalog, and for keys a missing table, as an error; to the caller
/// nothing matches.
bool is_missing_object(const Error& error, Kind kind) {
  constexpr std::array<std::string_view, 3> kOfKeys{"SCHEMA_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND",
                                                    "INVALID_PARAMETER_VALUE"};
  if (error.http_status() != 0) return false;
  if (error.sqlstate() == "42704" || error.error_class() == "NO_SUCH_CATALOG_EXCEPTION")
    return true;
  return is_key_call(kind) && std::ranges::any_of(kOfKeys, [&](std::string_view name) {
           return error.error_class() == name;
         });
}

[[noreturn]] void refuse(std::string message) {
  throw_error(
      {.kind = ErrorKind::InvalidArgument, .message = std::move(message), .sqlstate = "42000"});
}

Scope scope_of(const TableName& name) {
  if (name.table.empty()) refuse("a table must be named to ask for its keys");
  // The server answers with an internal error.
  if (name.catalog && !name.schema)
    refuse("a table whose catalog is named needs its schema, too, to ask for its keys");
  return {.catalog = catalog_of(name.catalog),
          .schema = name.schema,
          .table = name.table,
          .column = std::nullopt};
}

/// As servers compare them: upper case, and without the quotation marks of old callers.
std::string type_of(std::string_view type) {
  if (type.size() >= 2 && type.front() == '\'' && type.back() == '\'')
    type = type.substr(1, type.size() - 2);
  return base::to_upper(type);
}

}  // namespace

std::string escape_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

Result Connection::Impl::open_listing(std::unique_ptr<protocol::Operation> operation,
                                      const ExecuteOptions& options, Watch watch,
                                      const base::CallContext& limits) {
  if (watch.observers)
    watch.observers->on(observe::StatementSubmitted{operation->statement_id(), {}});
  base::CallContext call = call_of(options);
  call.trace = std::move(watch.trace);
  const auto statement = track(session_.current(), std::move(operation),
                               {.call = std::move(call),
                                .wait_until = std::nullopt,
                                .row_limit = options.row_limit,
                                .on_progress = options.on_progress,
                                .files = files_,
                                .observers = std::move(watch.observers)});
  const StatementHandle owner(statement);
  return statement->open_result(limits);
}

/// Inside a transaction the server would refuse (reference/auth-http-config.md 7.5).
std::unique_ptr<protocol::Operation> Connection::Impl::ask(const ListingRequest& request,
                                                           const base::CallContext& limits) {
  const auto call = [&](const session::LiveSession::SessionPtr& session) {
    return session->list(request, limits);
  };
  if (!transactions_.is_in_transaction()) return session_.run(limits, call);
  try {
    return side_session_.run(limits, call);
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    fields.connection_dead = false;  // it is another session that has failed
    throw_error(std::move(fields));
  }
}

Result Connection::Impl::list(const ListingRequest& request, const ExecuteOptions& options) {
  require_valid(options);
  require_open();
  const base::CallContext limits = limits_of(options);
  if (needs_no_request(request))
    return open_listing(protocol::empty_listing(request.kind), options, {}, limits);
  const Watch watch =
      watch_over(operation_of(request.kind), {StatementType::Metadata}, {}, options);
  ListingRequest told = request;
  told.observer = watch.observers;
  base::CallContext call = limits;
  call.observer = watch.observers.get();
  call.trace = watch.trace;
  try {
    return open_listing(protocol::normalise_listing(ask(told, call), request), options, watch,
                        limits);
  } catch (const Error& error) {
    if (is_missing_object(error, request.kind))
      return open_listing(protocol::empty_listing(request.kind), options, watch, limits);
    watch.observers->fail(error);
    ErrorFields fields = error.fields();
    fields.outcome_unknown = false;  // nothing was to be changed
    base::throw_with_ids(std::move(fields), limits);
  }
}

Result Connection::catalogs(const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::Catalogs}, options);
}

Result Connection::schemas(const SchemaFilter& filter, const ExecuteOptions& options) {
  return impl_->list(
      {.kind = Kind::Schemas,
       .scope = {.catalog = catalog_of(filter.catalog), .schema = filter.schema_pattern}},
      options);
}

Result Connection::tables(const TableFilter& filter, const ExecuteOptions& options) {
  ListingRequest request{.kind = Kind::Tables,
                         .scope = {.catalog = catalog_of(filter.catalog),
                                   .schema = filter.schema_pattern,
                                   .table = filter.table_pattern}};
  if (filter.types) {
    for (const std::string& type : *filter.types) request.table_types.push_back(type_of(type));
    if (filter.types->empty()) request.scope.table = "";  // no type, no table
  }
  return impl_->list(request, options);
}

Result Connection::table_types(const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::TableTypes}, options);
}

Result Connection::columns(const ColumnFilter& filter, const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::Columns,
                      .scope = {.catalog = catalog_of(filter.catalog),
                                .schema = filter.schema_pattern,
                                .table = filter.table_pattern,
                                .column = filter.column_pattern}},
                     options);
}

Result Connection::type_info(const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::TypeInfo}, options);
}

Result Connection::functions(const FunctionFilter& filter, const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::Functions,
                      .scope = {.catalog = catalog_of(filter.catalog),
                                .schema = filter.schema_pattern,
                                .table = filter.function_pattern}},
                     options);
}

Result Connection::primary_keys(const TableName& table, const ExecuteOptions& options) {
  return impl_->list({.kind = Kind::PrimaryKeys, .scope = scope_of(table)}, options);
}

Result Connection::cross_reference(const std::optional<TableName>& parent,
                                   const std::optional<TableName>& foreign,
                                   const ExecuteOptions& options) {
  if (!parent && !foreign) refuse("a table must be named on one side of the reference at least");
  ListingRequest request{.kind = Kind::CrossReference};
  if (parent) request.parent = scope_of(*parent);
  if (foreign) request.scope = scope_of(*foreign);
  return impl_->list(request, options);
}

}  // namespace dbsql
