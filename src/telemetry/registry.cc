#include "telemetry/registry.h"

#include "base/log.h"
#include "telemetry/fork.h"

#include <utility>
#include <vector>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kManyHosts = 128;
constexpr std::size_t kMostHealth = 4096;

}  // namespace

Registry::Registry(base::Clock& clock) : clock_(clock) {}
Registry::~Registry() = default;

Registry& Registry::process() { return one_per_process<Registry>(); }

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
    auto sender = make_locked(key, destination, sink, options, breaker);
    entries_.emplace(key, Entry{.sender = sender, .holders = {token}});
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
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.holders.erase(token) == 0) return;
    if (!found->second.holders.empty()) return;
    last = std::move(found->second.sender);
    entries_.erase(found);
  }
  end(last, until);
}

/// Closes a sender that nobody can get any more; with the last one the thread ends.
void Registry::end(const std::shared_ptr<Sender>& sender, base::Clock::TimePoint until) noexcept {
  sender->close(until);
  std::shared_ptr<Worker> idle;  // ends outside of the lock
  std::lock_guard lock(mutex_);
  if (worker_) worker_->remove(*sender);
  if (--running_ == 0) idle.swap(worker_);
}

void Registry::shutdown(std::chrono::milliseconds limit) noexcept {
  std::map<SenderKey, Entry> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(entries_);
  }
  const auto until = clock_.now() + limit;
  // All begin at once; then each is waited for until the same moment.
  for (const auto& [key, entry] : all) entry.sender->flush_soon();
  for (const auto& [key, entry] : all) end(entry.sender, until);
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
