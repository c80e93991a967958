#include "base/error_ids.h"

#include <string>

namespace dbsql::base {

void throw_with_ids(ErrorFields fields, const CallContext& call) {
  const auto fill = [](std::string& id, const std::string& known) {
    if (id.empty()) id = known;
  };
  fill(fields.statement_id, call.statement_id);
  fill(fields.connection_id, call.connection_id);
  fill(fields.correlation_id, call.correlation_id);
  throw_error(std::move(fields));
}

bool lacks_ids(const Error& error, const CallContext& call) noexcept {
  return (error.statement_id().empty() && !call.statement_id.empty()) ||
         (error.connection_id().empty() && !call.connection_id.empty()) ||
         (error.correlation_id().empty() && !call.correlation_id.empty());
}

}  // namespace dbsql::base
