#include "telemetry/registry.h"

#include "base/fork.h"
#include "base/log.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kManyHosts = 128;
constexpr std::size_t kMostHealth = 4096;

}  // namespace

Registry::Registry(base::Clock& clock) : clock_(clock) {}
Registry::~Registry() = default;

Registry& Registry::process() { return base::one_per_process<Registry>(); }

std::shared_ptr<Sender> Registry::acquire(const SenderKey& key, Token token,
                                          const std::shared_ptr<const Destination>& destination,
                                          const std::shared_ptr<Sink>& sink,
                                          const SenderOptions& options,
                                          const BreakerOptions& breaker) noexcept {
  try {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      found->second.holders.insert(token);
      if (found->second.sender->options() != options)
        base::log(LogLevel::Debug, "telemetry",
                  "a sender is shared whose numbers another connection has set");
      return found->second.sender;
    }
    // The place first: a sender that runs must be one that can be found again.
    const auto place = entries_.emplace(key, Entry{.sender = nullptr, .holders = {token}}).first;
    try {
      place->second.sender = make_locked(key, destination, sink, options, breaker);
    } catch (...) {
      entries_.erase(place);
      throw;
    }
    auto sender = place->second.sender;
    if (entries_.size() > kManyHosts && !std::exchange(noted_many_, true))
      base::log(LogLevel::Debug, "telemetry", "this process has more than 128 senders");
    return sender;
  } catch (const std::exception&) {
    base::log(LogLevel::Debug, "telemetry", "a sender cannot be started");
    return nullptr;
  }
}

std::shared_ptr<Sender> Registry::make_locked(const SenderKey& key,
                                              const std::shared_ptr<const Destination>& destination,
                                              const std::shared_ptr<Sink>& sink,
                                              const SenderOptions& options,
                                              const BreakerOptions& breaker) {
  std::optional<Exporter> exporter;
  if (key.is_sending) exporter.emplace(destination, health_locked(key.host, breaker), clock_);
  if (!worker_) worker_ = std::make_shared<Worker>(clock_);
  try {
    auto sender =
        std::make_shared<Sender>(options, std::move(exporter), sink, worker_->waker(), clock_);
    worker_->add(sender);
    ++running_;
    return sender;
  } catch (...) {
    if (running_ == 0) worker_.reset();
    throw;
  }
}

void Registry::release(const SenderKey& key, Token token, base::Clock::TimePoint until) noexcept {
  std::shared_ptr<Sender> last;
  const auto since = clock_.now();
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.holders.erase(token) == 0) return;
    if (!found->second.holders.empty()) return;
    last = std::move(found->second.sender);
    entries_.erase(found);
    until = worth_waiting_locked(until);
  }
  if (!end(last, until)) count_waiting(since);
}

base::Clock::TimePoint Registry::worth_waiting_locked(base::Clock::TimePoint until) const {
  const auto now = clock_.now();
  const bool is_forgotten = !last_in_vain_ || *last_in_vain_ + kForgetting < now;
  return is_forgotten ? until : std::min(until, now + (kMostWaiting - waited_in_vain_));
}

/// What others deliver meanwhile gives nothing back: among many endpoints that are out of reach
/// there may be one that answers.
void Registry::count_waiting(base::Clock::TimePoint since) noexcept {
  std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (last_in_vain_ && *last_in_vain_ + kForgetting < now) waited_in_vain_ = {};
  waited_in_vain_ =
      std::min<std::chrono::nanoseconds>(waited_in_vain_ + (now - since), kMostWaiting);
  last_in_vain_ = now;
}

/// Closes a sender that nobody can get any more; with the last one the thread ends.
bool Registry::end(const std::shared_ptr<Sender>& sender, base::Clock::TimePoint until) noexcept {
  // Of the time that there is, a little is for the thread.
  constexpr int kPartOfThread = 20;
  const auto now = clock_.now();
  std::shared_ptr<Worker> worker;
  {
    std::lock_guard lock(mutex_);
    worker = worker_;
  }
  // A sink of the program's may close connections; its own thread must not wait for itself.
  const bool waits = !worker || !worker->is_this_thread();
  const auto for_answers = std::max(until - now, base::Clock::TimePoint::duration::zero());
  const bool is_done = sender->close(waits ? now + for_answers - for_answers / kPartOfThread : now);
  if (worker) worker->remove(*sender);
  bool is_last = false;
  {
    std::lock_guard lock(mutex_);
    is_last = --running_ == 0;
    if (is_last) worker_.reset();
  }
  if (is_last && worker) worker->end(until);
  return is_done;
}

bool Registry::shutdown(std::chrono::milliseconds limit) noexcept {
  std::map<SenderKey, Entry> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(entries_);
  }
  const auto until = clock_.now() + limit;
  // All begin at once; then each is waited for until the same moment.
  for (const auto& [key, entry] : all) entry.sender->flush_soon();
  bool is_done = true;
  for (const auto& [key, entry] : all) is_done = end(entry.sender, until) && is_done;
  return is_done;
}

std::size_t Registry::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t Registry::holders(const SenderKey& key) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : found->second.holders.size();
}

std::shared_ptr<EndpointHealth> Registry::health(std::string_view host,
                                                 const BreakerOptions& options) {
  std::lock_guard lock(mutex_);
  return health_locked(host, options);
}

std::shared_ptr<EndpointHealth> Registry::health_locked(std::string_view host,
                                                        const BreakerOptions& options) {
  const auto found = health_.find(host);
  if (found != health_.end()) return found->second;
  if (health_.size() >= kMostHealth)
    std::erase_if(health_, [](const auto& each) { return each.second.use_count() == 1; });
  auto health = std::make_shared<EndpointHealth>(options, clock_);
  health_.emplace(host, health);
  return health;
}

}  // namespace dbsql::telemetry
