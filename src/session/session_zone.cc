#include "session/session_zone.h"

#include <dbsql/error.h>
#include <dbsql/row.h>

#include "base/log.h"
#include "base/text.h"
#include "result/result_stream.h"
#include "result/row_cursor.h"

#include <vector>

namespace dbsql::session {

namespace {

std::optional<std::string> first_text(result::ResultStream& rows, const base::CallContext& call) {
  std::vector<detail::ColumnRef> columns;
  while (const auto batch = rows.next(call)) {
    if ((*batch)->length == 0) continue;
    result::bind_columns(rows.arrow_schema(), **batch, rows.schema(), columns);
    if (columns.empty() || detail::is_null(columns[0], 0)) return std::nullopt;
    return detail::cell_text(columns[0], 0);
  }
  return std::nullopt;
}

std::optional<std::string> run(protocol::Session& session,
                               const result::CloudFetchEnvironment& files,
                               const base::CallContext& call) {
  const Parameters none;
  auto operation = session.execute({.sql = "SELECT current_timezone()", .parameters = &none}, call);
  try {
    operation->wait(call);
  } catch (...) {
    operation->close();
    throw;
  }
  result::ResultStream rows(std::move(operation), 0, call, files);
  return first_text(rows, call);
}

}  // namespace

std::optional<std::string> ask_time_zone(protocol::Session& session,
                                         const result::CloudFetchEnvironment& files,
                                         const base::CallContext& call) {
  base::CallContext own = call;
  own.observer = nullptr;  // it follows the user's statement
  own.statement_id.clear();
  try {
    return run(session, files, own);
  } catch (const SqlError& error) {
    base::log(LogLevel::Warn, "session",
              base::concat("the server does not tell its time zone, so timestamps that it sends as "
                           "text are read as TIMESTAMP_NTZ: ",
                           error.message()));
    return std::nullopt;
  }
}

}  // namespace dbsql::session
