#include "http/client.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/background_sends.h"
#include "http/connection_limit.h"
#include "http/http_error.h"
#include "http/rate_limit_gate.h"
#include "http/redirect.h"
#include "http/warehouse_state.h"
#include "observe/observer.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace dbsql::http {
namespace {

using std::chrono::milliseconds;
using TimePoint = base::Clock::TimePoint;

double random_unit() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

milliseconds whole_milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

bool is_success(const Reply& reply) {
  const auto* response = std::get_if<Response>(&reply);
  return response != nullptr && response->status >= 200 && response->status < 300;
}

bool is_unauthorized(const Reply& reply) {
  const auto* response = std::get_if<Response>(&reply);
  return response != nullptr && response->status == 401;
}

std::optional<std::string> redirect_of(const Request& request, const Reply& reply) {
  const auto* response = std::get_if<Response>(&reply);
  if (response == nullptr) return std::nullopt;
  return redirect_target(request, *response, RedirectRule::SameHost);
}

/// One call of `Client::send`: the attempts so far and what came of them.
class Attempts {
 public:
  Attempts(const Request& request, const RetryOptions& options, const base::CallContext& call,
           base::Clock& clock, RateLimitGate& gate)
      : request_(request),
        options_(options),
        call_(call),
        clock_(clock),
        gate_(gate),
        start_(clock.now()) {}

  /// Waits while the server has told any of us to stay away. What ends something does not: it is
  /// one small request, and somebody waits for it; it hears of the limit from its own reply.
  void wait_for_gate() {
    if (request_.request_class == RequestClass::Close) return;
    for (;;) {
      const auto closed = gate_.closed_for(server_of(request_.url), clock_.now());
      if (closed.count() <= 0) return;
      // Jitter, so that the threads that wait together do not come back together.
      const auto wait = whole_milliseconds(closed) + backoff(options_, 0, random_unit());
      if (wait > budget()) throw_closed(closed);
      pause(wait);
    }
  }

  Reply send(Transport& transport, ConnectionLimit& limit) {
    try {
      // What ends something never waits: the places may all be taken by what it is to end.
      const ConnectionLimit::Place place = request_.request_class == RequestClass::Close
                                               ? ConnectionLimit::Place(nullptr)
                                               : limit.enter(call_);
      ++count_;
      sent_ = clock_.now();
      return transport.send(request_, call_);
    } catch (const Error& error) {
      throw_interrupted(error);
    }
  }

  void tell_success(const Response& response) const {
    if (call_.observer != nullptr)
      call_.observer->on(
          observe::RequestAnswered{.request = request_.name, .latency = clock_.now() - sent_});
    if (!base::log_enabled(LogLevel::Trace)) return;
    base::log(LogLevel::Trace, "http", call_,
              base::concat(request_.name, " to ", server_of(request_.url), ": HTTP ",
                           response.status, ", ", response.body.size(), " bytes in ",
                           elapsed().count(), " ms, ", count_, " attempts"));
  }

  /// Whether streamed bodies can be moved once more.
  bool rewind_bodies() const {
    return (request_.source == nullptr || request_.source->rewind()) &&
           (request_.sink == nullptr || request_.sink->rewind());
  }

  /// Waits until the next attempt is due. \throws Error  when there is to be none
  void wait_after(const Reply& reply) {
    const TimePoint now = clock_.now();
    const auto* response = std::get_if<Response>(&reply);
    const auto hint =
        response == nullptr
            ? std::nullopt
            : parse_retry_after(find_header(response->headers, "retry-after"), clock_.system_now());
    const Outcome outcome = response == nullptr ? outcome_of(std::get<Failure>(reply))
                                                : outcome_of(response->status, hint.has_value());
    note_rate_limit(outcome, hint, now);
    Verdict verdict = verdict_for(request_.request_class, outcome,
                                  response == nullptr ? 0 : response->status, options_);
    if (verdict == Verdict::Retry && !rewind_bodies()) verdict = Verdict::Fail;
    ErrorFields fields = describe(reply, verdict, hint);
    RetryState where = state(now);
    where.is_starting = is_starting(fields, hint.has_value());
    const auto wait =
        fields.retryable ? next_wait(options_, outcome, where, hint, random_unit()) : std::nullopt;
    if (!wait) throw_final(std::move(fields));
    log_retry(fields, *wait);
    if (call_.observer != nullptr)
      call_.observer->on(observe::RequestRepeated{.request = request_.name,
                                                  .attempts = count_,
                                                  .elapsed = where.elapsed,
                                                  .wait = *wait,
                                                  .is_starting = where.is_starting,
                                                  .was_answered = response != nullptr});
    remember(std::move(fields));
    pause(*wait);
  }

 private:
  RetryState state(TimePoint now) const {
    RetryState state;
    state.attempts = count_;
    state.elapsed = whole_milliseconds(now - start_);
    if (rate_limited_since_) state.rate_limited = whole_milliseconds(now - *rate_limited_since_);
    if (call_.deadline) state.remaining = whole_milliseconds(*call_.deadline - now);
    return state;
  }

  milliseconds elapsed() const { return whole_milliseconds(clock_.now() - start_); }

  milliseconds budget() const {
    milliseconds left = std::min(options_.rate_limit_timeout, options_.total_timeout - elapsed());
    if (call_.deadline) left = std::min(left, whole_milliseconds(*call_.deadline - clock_.now()));
    return left;
  }

  void note_rate_limit(Outcome outcome, std::optional<std::chrono::seconds> hint, TimePoint now) {
    if (outcome != Outcome::RateLimited) {
      rate_limited_since_.reset();
      return;
    }
    if (!rate_limited_since_) rate_limited_since_ = now;
    if (hint && hint->count() > 0) {
      const auto longest = std::min<milliseconds>(*hint, options_.rate_limit_timeout);
      gate_.close_until(server_of(request_.url), now + longest);
    }
  }

  ErrorFields describe(const Reply& reply, Verdict verdict,
                       std::optional<std::chrono::seconds> hint) const {
    ErrorFields fields =
        std::visit([&](const auto& outcome) { return error_of(request_, outcome); }, reply);
    const auto* failure = std::get_if<Failure>(&reply);
    // A warehouse that was deleted does not come back, whatever the status.
    fields.retryable = verdict == Verdict::Retry && fields.kind != ErrorKind::Configuration;
    fields.outcome_unknown =
        verdict == Verdict::OutcomeUnknown ||
        (failure != nullptr && failure->bytes_sent && is_write(request_.request_class));
    if (fields.outcome_unknown) {
      fields.message += "; the server may have run it: look before repeating";
    }
    fields.retry_after = hint;
    return fields;
  }

  bool is_starting(const ErrorFields& fields, bool has_hint) const {
    return may_be_starting(request_.request_class, fields.http_status, has_hint,
                           warehouse_state_in(fields.message, fields.error_class));
  }

  void add_history(ErrorFields& fields) const {
    fields.attempts = count_;
    fields.elapsed = elapsed();
    fields.statement_id = call_.statement_id;
    fields.connection_id = call_.connection_id;
    fields.correlation_id = call_.correlation_id;
    if (!fields.cause) fields.cause = first_;
  }

  [[noreturn]] void throw_final(ErrorFields fields) const {
    add_history(fields);
    if (count_ > 1) {
      fields.message +=
          base::concat("; gave up after ", count_, " attempts in ", fields.elapsed.count(), " ms");
    }
    throw_error(std::move(fields));
  }

  /// The server asked everybody to stay away for longer than this call may wait.
  [[noreturn]] void throw_closed(std::chrono::nanoseconds closed) const {
    ErrorFields fields{.kind = ErrorKind::RateLimited,
                       .message = base::concat(request_.name, ": ", server_of(request_.url),
                                               " has asked to send it nothing for now (HTTP 429)"),
                       .retryable = true,
                       .retry_after = std::chrono::ceil<std::chrono::seconds>(closed)};
    throw_final(std::move(fields));
  }

  /// A deadline or a stop ended the attempt, or the wait before the next one.
  [[noreturn]] void throw_interrupted(const Error& error) const {
    ErrorFields fields = error.fields();
    fields.message = base::concat(request_.name, ": ", fields.message);
    if (last_) fields.cause = last_;
    add_history(fields);
    if (fields.outcome_unknown) {
      fields.message += "; the server may have run it: look before repeating";
    }
    throw_error(std::move(fields));
  }

  void remember(ErrorFields fields) {
    fields.attempts = count_;
    fields.cause = first_;
    last_ = std::make_shared<const Error>(std::move(fields));
    if (!first_) first_ = last_;
  }

  void pause(milliseconds wait) const {
    try {
      clock_.sleep(wait, call_);
    } catch (const Error& error) {
      throw_interrupted(error);
    }
  }

  void log_retry(const ErrorFields& fields, milliseconds wait) const {
    if (!base::log_enabled(LogLevel::Info)) return;
    base::log(LogLevel::Info, "http", call_,
              base::concat("attempt ", count_, " of ", options_.max_attempts,
                           " failed; next one in ", wait.count(), " ms: ", fields.message));
  }

  const Request& request_;
  const RetryOptions& options_;
  const base::CallContext& call_;
  base::Clock& clock_;
  RateLimitGate& gate_;
  const TimePoint start_;
  TimePoint sent_{};  // the last attempt
  int count_ = 0;
  std::optional<TimePoint> rate_limited_since_;
  std::shared_ptr<const Error> first_;
  std::shared_ptr<const Error> last_;
};

}  // namespace

Client::Client(std::shared_ptr<Transport> transport, RetryOptions options, Credentials credentials,
               base::Clock& clock, std::size_t most_at_once)
    : transport_(std::move(transport)),
      options_(std::move(options)),
      credentials_(std::move(credentials)),
      background_(credentials_.add
                      ? std::make_shared<BackgroundSends>(transport_, credentials_.add, clock)
                      : nullptr),
      clock_(&clock),
      gate_(RateLimitGate::for_clock(clock)),
      limit_(std::make_shared<ConnectionLimit>(most_at_once, clock)) {}

void Client::send_in_background(Request request, std::chrono::milliseconds limit,
                                Transport::Completion on_completion) const {
  const bool is_ready =
      !background_ || (credentials_.add_at_hand && credentials_.add_at_hand(request.headers));
  if (!is_ready) return background_->send(std::move(request), limit, std::move(on_completion));
  transport_->send_in_background(request, limit, std::move(on_completion));
}

Response Client::send(Request request, const base::CallContext& call) const {
  const std::size_t plain_headers = request.headers.size();
  Attempts attempts(request, options_, call, *clock_, *gate_);
  bool may_renew = credentials_.renew != nullptr;
  int hops = 0;
  for (;;) {
    base::check(call, *clock_);
    attempts.wait_for_gate();
    request.headers.resize(plain_headers);  // without what the last attempt added
    if (credentials_.add) credentials_.add(request.headers, call);
    Reply reply = attempts.send(*transport_, *limit_);
    if (is_success(reply)) {
      attempts.tell_success(std::get<Response>(reply));
      return std::get<Response>(std::move(reply));
    }
    if (auto target = redirect_of(request, reply); target && hops < kMostRedirects) {
      request.url = *std::move(target);
      ++hops;
      continue;
    }
    if (is_unauthorized(reply) && std::exchange(may_renew, false) &&
        credentials_.renew(request.headers) && attempts.rewind_bodies())
      continue;
    attempts.wait_after(reply);
  }
}

}  // namespace dbsql::http
