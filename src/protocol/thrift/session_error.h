#pragma once

#include <dbsql/error.h>

namespace dbsql::protocol::thrift {

/// What the failure of a call that names a session, and no statement, means for the session.
///
/// Servers say in three ways that they do not know a session: with a text, with the status
/// INVALID_HANDLE, and with HTTP 404 (reference/thrift.md 4.3). Each becomes `SessionExpired`. Such
/// a call was not carried out.
ErrorFields session_call_error(const Error& error);

}  // namespace dbsql::protocol::thrift
