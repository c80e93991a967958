#include "http/retry_policy.h"

#include "base/text.h"
#include "http/http_date.h"

#include <algorithm>
#include <limits>

namespace dbsql::http {
namespace {

constexpr Verdict kRetry = Verdict::Retry;
constexpr Verdict kFail = Verdict::Fail;
constexpr Verdict kUnknown = Verdict::OutcomeUnknown;
constexpr int kServiceUnavailable = 503;
constexpr std::chrono::milliseconds kLongestStartWait{10'000};

/// One row of the table of reference/auth-http-config.md 4.7, its columns in the order of
/// `Outcome`.
struct Row {
  Verdict rate_limited;
  Verdict unavailable_hint;
  Verdict unavailable;
  Verdict gateway_error;
  Verdict connect_failed;
  Verdict lost_after_send;
};

// clang-format off
constexpr Row row_of(RequestClass request_class) noexcept {
  switch (request_class) {
    //                                   429     503+hint 503     5xx,408   connect  after send
    case RequestClass::Read:      return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    case RequestClass::Close:     return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    case RequestClass::Fetch:     return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    // The server may have moved its cursor past rows that we never saw (reference/thrift.md 4.4).
    case RequestClass::FetchNext: return {kRetry, kRetry, kRetry, kFail,    kRetry,  kFail};
    case RequestClass::Open:      return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    // A gateway answers 503 while a warehouse starts, before it dispatches anything: safe. After any other 5xx, or a
    // lost reply, the statement may have run, and a second one could apply a write twice.
    case RequestClass::Execute:   return {kRetry, kRetry, kRetry, kUnknown, kRetry,  kUnknown};
    case RequestClass::Commit:    return {kRetry, kRetry, kRetry, kUnknown, kRetry,  kUnknown};
    case RequestClass::Auth:      return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    case RequestClass::Storage:   return {kRetry, kRetry, kRetry, kRetry,   kRetry,  kRetry};
    case RequestClass::Telemetry: return {kFail,  kFail,  kFail,  kFail,    kFail,   kFail};
  }
  return {kFail, kFail, kFail, kFail, kFail, kFail};
}
// clang-format on

}  // namespace

Outcome outcome_of(int status, bool has_retry_after) noexcept {
  switch (status) {
    case 429:
      return Outcome::RateLimited;
    case 503:
      return has_retry_after ? Outcome::UnavailableHint : Outcome::Unavailable;
    case 408:
    case 500:
    case 502:
    case 504:
      return Outcome::GatewayError;
    default:
      return Outcome::Permanent;
  }
}

Outcome outcome_of(const Failure& failure) noexcept {
  if (failure.permanent || failure.kind == ErrorKind::Tls) return Outcome::Permanent;
  return failure.bytes_sent ? Outcome::LostAfterSend : Outcome::ConnectFailed;
}

Verdict verdict_for(RequestClass request_class, Outcome outcome) noexcept {
  const Row row = row_of(request_class);
  switch (outcome) {
    case Outcome::RateLimited:
      return row.rate_limited;
    case Outcome::UnavailableHint:
      return row.unavailable_hint;
    case Outcome::Unavailable:
      return row.unavailable;
    case Outcome::GatewayError:
      return row.gateway_error;
    case Outcome::ConnectFailed:
      return row.connect_failed;
    case Outcome::LostAfterSend:
      return row.lost_after_send;
    case Outcome::Permanent:
      return Verdict::Fail;
  }
  return Verdict::Fail;
}

Verdict verdict_for(RequestClass request_class, Outcome outcome, int status,
                    const RetryOptions& options) noexcept {
  const auto& dangerous = options.dangerous_statuses;
  const bool is_wanted = request_class == RequestClass::Execute &&
                         std::find(dangerous.begin(), dangerous.end(), status) != dangerous.end();
  return is_wanted ? Verdict::Retry : verdict_for(request_class, outcome);
}

std::chrono::milliseconds backoff(const RetryOptions& options, int retry, double unit) noexcept {
  auto wait = std::max(options.wait_min, std::chrono::milliseconds(1));
  for (int i = 0; i < retry && wait < options.wait_max; ++i) wait *= 2;
  wait = std::min(wait, options.wait_max);
  const double factor = 0.75 + std::clamp(unit, 0.0, 1.0) / 2;
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor));
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
  constexpr std::int64_t kLongest =
      std::numeric_limits<std::int32_t>::max();  // keeps sums in range
  value = base::trim(value);
  if (const auto seconds = base::parse_number<std::int64_t>(value)) {
    return std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, kLongest));
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(*date - now);
  return std::chrono::seconds(std::clamp<std::int64_t>(wait.count(), 0, kLongest));
}

bool may_be_starting(RequestClass request_class, int status, bool has_retry_after,
                     WarehouseState state) noexcept {
  if (status != kServiceUnavailable || state == WarehouseState::Deleted) return false;
  switch (request_class) {
    case RequestClass::Open:
      return true;
    case RequestClass::Execute:
    case RequestClass::Commit:
    case RequestClass::Read:
    case RequestClass::Fetch:
    case RequestClass::FetchNext:
      return has_retry_after || state != WarehouseState::Unknown;
    case RequestClass::Close:  // nobody waits for minutes to end something
    case RequestClass::Auth:
    case RequestClass::Storage:
    case RequestClass::Telemetry:
      break;
  }
  return false;
}

std::optional<std::chrono::milliseconds> next_wait(const RetryOptions& options, Outcome outcome,
                                                   const RetryState& state,
                                                   std::optional<std::chrono::seconds> hint,
                                                   double unit) noexcept {
  const bool awaits_start =
      state.is_starting && options.start_timeout.count() > 0 && options.max_attempts > 1;
  if (state.attempts >= options.max_attempts && !awaits_start) return std::nullopt;
  auto wait = backoff(options, state.attempts - 1, unit);
  // A start takes seconds or minutes; its end should be noticed soon.
  if (awaits_start) wait = std::min(wait, kLongestStartWait);
  if (hint) wait = std::max<std::chrono::milliseconds>(wait, *hint);
  auto budget = options.total_timeout - state.elapsed;
  if (awaits_start) budget = std::min(budget, options.start_timeout - state.elapsed);
  if (outcome == Outcome::RateLimited) {
    budget = std::min(budget, options.rate_limit_timeout - state.rate_limited);
  }
  if (state.remaining) budget = std::min(budget, *state.remaining);
  if (wait > budget) return std::nullopt;
  return wait;
}

}  // namespace dbsql::http
