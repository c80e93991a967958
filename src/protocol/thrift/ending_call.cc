#include "protocol/thrift/ending_call.h"

#include "http/retry_policy.h"

#include <string>
#include <variant>

namespace dbsql::protocol::thrift {

void EarlierAttempts::on(const observe::Event& event) noexcept {
  const auto* repeated = std::get_if<observe::RequestRepeated>(&event);
  if (repeated != nullptr && repeated->was_answered) may_have_run_ = true;
  if (next_ != nullptr) next_->on(event);
}

bool says_not_committed(const Error& error) noexcept {
  return error.kind() == ErrorKind::TransactionConflict ||
         error.error_class().find("ROLLBACK_REQUIRED") != std::string::npos;
}

bool may_have_run(const Error& error) noexcept {
  const int status = error.http_status();
  // Statuses that the table of retries does not know may be a gateway's own (520 and the like).
  const bool is_gateways = status > 505 && status < 600;
  return error.outcome_unknown() || is_gateways ||
         http::outcome_of(status, /*has_retry_after=*/false) != http::Outcome::Permanent;
}

}  // namespace dbsql::protocol::thrift
