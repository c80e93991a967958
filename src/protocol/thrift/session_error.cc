#include "protocol/thrift/session_error.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dbsql::protocol::thrift {

namespace {

constexpr int kNotFound = 404;

/// It is the warehouse that is not there, or the path to it: a new session would not help.
bool names_missing_endpoint(const Error& error) {
  constexpr std::array<std::string_view, 2> kClasses{"ENDPOINT_NOT_FOUND",
                                                     "RESOURCE_DOES_NOT_EXIST"};
  return std::ranges::find(kClasses, error.error_class()) != kClasses.end();
}

bool means_unknown_session(const Error& error) {
  // With an id the server had taken a statement, and speaks of that.
  if (!error.statement_id().empty()) return false;
  if (error.http_status() != 0)
    return error.http_status() == kNotFound && !names_missing_endpoint(error) &&
           (error.kind() == ErrorKind::Configuration || error.kind() == ErrorKind::StatementClosed);
  return error.kind() == ErrorKind::StatementClosed;
}

}  // namespace

ErrorFields session_call_error(const Error& error) {
  ErrorFields fields = error.fields();
  if (!means_unknown_session(error)) return fields;
  fields.kind = ErrorKind::SessionExpired;
  fields.sqlstate.clear();
  fields.connection_dead = true;
  fields.outcome_unknown = false;
  fields.message =
      base::concat("the session has expired or was closed on the server; open a new connection (",
                   error.message(), ")");
  return fields;
}

}  // namespace dbsql::protocol::thrift
