#include "telemetry/connection_telemetry.h"

#include "base/fork.h"
#include "base/log.h"
#include "telemetry/host_key.h"

#include <utility>
#include <variant>

namespace dbsql::telemetry {
namespace {

using std::chrono::milliseconds;
using Answer = FeatureFlagCache::Answer;
using State = Decision::State;

ServerFlag flag_of(Answer answer) noexcept {
  switch (answer) {
    case Answer::On:
      return ServerFlag::On;
    case Answer::Off:
      return ServerFlag::Off;
    case Answer::Unreachable:
      return ServerFlag::Unreachable;
    case Answer::Pending:
      break;
  }
  return ServerFlag::Unknown;
}

FlagQuestion question_of(const ConnectionSettings& settings) {
  return {.destination = settings.destination,
          .product = settings.options.product,
          .flag = flag_name_of(settings.options)};
}

SenderOptions sender_options_of(const config::TelemetryOptions& options) {
  return {.batch_size = options.batch_size,
          .flush_interval = options.flush_interval,
          .retry_count = options.retry_count,
          .retry_delay = options.retry_delay};
}

/// What should not wait for the next batch: sessions, and failures that repeating cannot mend.
bool is_urgent(const Operation& operation) {
  return operation.type == OperationType::CreateSession ||
         operation.type == OperationType::DeleteSession || is_terminal(operation.error);
}

}  // namespace

Decision ConnectionTelemetry::decision_of(const ConnectionSettings& settings) {
  const Decision alone = decide(settings.options, settings.kill_switch, ServerFlag::Unknown);
  if (alone.state == State::Off) return alone;
  if (!is_safe_destination(settings.destination->host, settings.connection_host))
    return {State::Off, Decision::Reason::UnsafeHost};
  if (alone.state == State::On) return alone;
  const Answer known = settings.flags->peek(question_of(settings));
  return decide(settings.options, settings.kill_switch, flag_of(known));
}

std::shared_ptr<ConnectionTelemetry> ConnectionTelemetry::create(
    ConnectionSettings settings) noexcept {
  try {
    const Decision decision = decision_of(settings);
    if (decision.state == State::Off && !settings.sink) return nullptr;
    return std::make_shared<ConnectionTelemetry>(std::move(settings), decision);
  } catch (const std::exception&) {
    base::log(LogLevel::Debug, "telemetry", "a connection goes without telemetry");
    return nullptr;
  }
}

ConnectionTelemetry::ConnectionTelemetry(ConnectionSettings settings, Decision decision)
    : settings_(std::move(settings)),
      generation_(base::fork_generation()),
      token_(settings_.registry->new_token()),
      outbox_(std::make_shared<Outbox>(settings_.facts)),
      decision_(decision) {
  settings_.flags->acquire(*settings_.destination);
  const std::lock_guard lock(mutex_);
  if (decision_.state != State::Pending) attach_locked(decision_.state == State::On);
}

// It may go on any thread, so it waits for nothing.
ConnectionTelemetry::~ConnectionTelemetry() { end(milliseconds(0)); }

SenderKey ConnectionTelemetry::key(bool is_sending) const {
  return {.host = settings_.destination->host,
          .org_id = settings_.destination->org_id,
          .identity = settings_.identity,
          .sink = settings_.sink ? settings_.sink->name() : std::string(),
          .is_sending = is_sending};
}

void ConnectionTelemetry::attach_locked(bool is_sending) {
  if (!is_sending && !settings_.sink) return outbox_->close();
  key_ = key(is_sending);
  sender_ = settings_.registry->acquire(key_, token_, settings_.destination, settings_.sink,
                                        sender_options_of(settings_.options),
                                        breaker_options_of(settings_.options));
  if (!sender_) return outbox_->close();
  try {
    sender_->attach(outbox_);
  } catch (...) {  // without memory; a constructor that fails has no destructor to let go of it
    sender_.reset();
    settings_.registry->release(key_, token_, clock().now());
    throw;
  }
}

/// The server will not be heard any more, and nothing is sent. The sink hears of what would have
/// been.
void ConnectionTelemetry::attach_sink_locked() noexcept {
  try {
    attach_locked(/*is_sending=*/false);
  } catch (...) {  // no memory
    base::log(LogLevel::Debug, "telemetry", "a sink does not hear of a connection");
  }
}

bool ConnectionTelemetry::is_of_this_process() const noexcept {
  return generation_ == base::fork_generation();
}

void ConnectionTelemetry::on(const observe::Event& event) noexcept {
  try {
    if (const auto* opened = std::get_if<observe::SessionOpened>(&event)) session_opened(*opened);
    if (const auto* failed = std::get_if<observe::SessionFailed>(&event)) session_failed(*failed);
    if (const auto* closed = std::get_if<observe::SessionClosed>(&event)) session_closed(*closed);
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "an event was lost");
  }
}

void ConnectionTelemetry::session_failed(const observe::SessionFailed& event) {
  session_failed(category_of(*event.error), event.latency);
  close();
}

void ConnectionTelemetry::session_opened(const observe::SessionOpened& event) {
  {
    const std::lock_guard lock(mutex_);
    sessions_.emplace_back(event.session_id);
  }
  outbox_->set_session(WireId(event.session_id));
  Operation operation;
  operation.type = OperationType::CreateSession;
  operation.latency_ms = std::chrono::duration_cast<milliseconds>(event.latency).count();
  record(operation);
  ask_server();
}

/// The credentials that a request needs are at hand now that there is a session.
void ConnectionTelemetry::ask_server() {
  if (!is_of_this_process()) return;
  const Decision alone = decide(settings_.options, settings_.kill_switch, ServerFlag::Unknown);
  if (alone.state != State::Pending) return;
  const Answer answer =
      settings_.flags->query(question_of(settings_), [self = weak_from_this()](Answer later) {
        if (const auto connection = self.lock()) connection->decided(later);
      });
  if (answer != Answer::Pending) decided(answer);
}

void ConnectionTelemetry::decided(Answer answer) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (closed_ || decision_.state != State::Pending) return;
    decision_ = decide(settings_.options, settings_.kill_switch, flag_of(answer));
    attach_locked(decision_.state == State::On);
  } catch (...) {
    outbox_->close();
  }
}

void ConnectionTelemetry::session_closed(const observe::SessionClosed& event) {
  bool is_over = true;
  {
    const std::lock_guard lock(mutex_);
    const bool was_replaced = !sessions_.empty() && event.session_id != sessions_.back();
    std::erase(sessions_, event.session_id);
    if (was_replaced) return;
    is_over = sessions_.empty();
    // One that could not take the place of another goes before that one does.
    if (!is_over) outbox_->set_session(WireId(sessions_.back()));
  }
  Operation operation;
  operation.type = OperationType::DeleteSession;
  operation.session_id = WireId(event.session_id);
  operation.latency_ms = std::chrono::duration_cast<milliseconds>(event.latency).count();
  if (event.failed) operation.error = ErrorCategory::SessionClosed;
  record(operation);
  if (is_over) close();
}

void ConnectionTelemetry::session_failed(ErrorCategory error,
                                         std::chrono::nanoseconds latency) noexcept {
  if (decision().state != State::On) return;
  Operation operation;
  operation.type = OperationType::CreateSession;
  operation.error = error;
  operation.latency_ms = std::chrono::duration_cast<milliseconds>(latency).count();
  record(operation);
}

void ConnectionTelemetry::record(Operation operation) noexcept {
  if (!is_of_this_process()) return;
  if (operation.time == std::chrono::system_clock::time_point())
    operation.time = settings_.clock->system_now();
  if (!outbox_->append(operation, is_urgent(operation))) count_late();
}

/// What comes when all is told: of a result that outlived its connection, say.
void ConnectionTelemetry::count_late() noexcept {
  const std::lock_guard lock(mutex_);
  if (!last_stats_) return;
  ++last_stats_->recorded;
  ++last_stats_->lost[static_cast<std::size_t>(Loss::NoTime)];
}

void ConnectionTelemetry::close() noexcept { end(settings_.options.close_timeout); }

void ConnectionTelemetry::end(milliseconds limit) noexcept {
  if (!is_of_this_process()) return;  // locks may be held for ever here
  std::shared_ptr<Sender> sender;
  SenderKey key;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    if (decision_.state == State::Pending && limit.count() > 0) attach_sink_locked();
    sender = std::move(sender_);
    key = std::move(key_);
  }
  if (sender) {
    sender->detach(outbox_);
    sender->flush_soon();
    settings_.registry->release(key, token_, settings_.clock->now() + limit);
    keep_stats(*sender);
  }
  outbox_->close();
  settings_.flags->release(*settings_.destination);
}

void ConnectionTelemetry::keep_stats(const Sender& sender) noexcept {
  try {
    auto stats = sender.stats();
    const std::lock_guard lock(mutex_);
    last_stats_ = std::move(stats);
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "the last counts of a connection were lost");
  }
}

WireId ConnectionTelemetry::session_id() const {
  const std::lock_guard lock(mutex_);
  return sessions_.empty() ? WireId() : WireId(sessions_.back());
}

Decision ConnectionTelemetry::decision() const {
  const std::lock_guard lock(mutex_);
  return decision_;
}

std::optional<SenderStats> ConnectionTelemetry::stats() const {
  const std::lock_guard lock(mutex_);
  return sender_ ? std::optional(sender_->stats()) : last_stats_;
}

}  // namespace dbsql::telemetry
