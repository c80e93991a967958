#include "auth/token_cache.h"

#include <dbsql/error.h>

#include "auth/jwt.h"
#include "base/fork.h"
#include "base/log.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace dbsql::auth {
namespace {

using std::chrono::seconds;
using TimePoint = base::Clock::TimePoint;

constexpr seconds kExpiredMargin{30};
constexpr std::chrono::minutes kLongestLead{20};
constexpr std::chrono::minutes kLeadOfUnknownLife{5};
constexpr seconds kFirstBackoff{10};
constexpr seconds kLongestBackoff{60};
constexpr seconds kBetweenFailures{1};
constexpr int kMostHungRefreshes = 4;
/// Of real time: what is waited for at the end are threads, whatever clock tokens live by.
constexpr seconds kLastWait{2};
constexpr std::size_t kShards = 32;

std::size_t shard_of_this_thread() noexcept {
  constexpr std::size_t kNone = kShards;
  static std::atomic<std::size_t> next{0};
  constinit thread_local std::size_t shard = kNone;
  if (shard == kNone) shard = next.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shard;
}

/// Half the price of a mutex, for those who do something else when it is held. Whoever must have it
/// gives way until it is free; nobody holds it for longer than it takes to copy a header.
class TryLock {
 public:
  bool try_lock() noexcept { return !is_held_.exchange(true, std::memory_order_acquire); }
  void lock() noexcept {
    while (!try_lock()) std::this_thread::yield();
  }
  void unlock() noexcept { is_held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> is_held_{false};
};

std::string header_of(const Token& token) {
  return base::concat(token.token_type.empty() ? "Bearer" : token.token_type, " ",
                      token.access_token.view());
}

}  // namespace

void check_token(const Token& token, ErrorKind kind) {
  const std::string_view text = token.access_token.view();
  if (base::trim(text).empty()) throw_error({.kind = kind, .message = "the access token is empty"});
  const auto fits = [](std::string_view value, char least) {
    return std::all_of(value.begin(), value.end(),
                       [least](char c) { return c >= least && c < '\x7f'; });
  };
  bool is_clean = fits(text, '!') && fits(token.token_type, '!');
  for (const auto& [name, value] : token.extra_headers)
    is_clean = is_clean && fits(name, '!') && fits(value, ' ');
  if (!is_clean)
    throw_error({.kind = kind,
                 .message =
                     "the access token contains a blank, a line break or another character that "
                     "no token has"});
}

class TokenCache::State : public std::enable_shared_from_this<State> {
 public:
  State(std::shared_ptr<TokenProvider> inner, TokenCacheOptions options, base::Clock& clock)
      : inner_(std::move(inner)), options_(options), clock_(clock) {}

  std::shared_ptr<const Entry> get(const base::CallContext& call);
  void add_headers(http::Headers& headers, const base::CallContext& call);
  bool add_headers_at_hand(http::Headers& headers) const;
  void invalidate(std::string_view access_token) noexcept;
  void stop() noexcept;
  const TokenProvider& inner() const noexcept { return *inner_; }

 private:
  /// One question to the inner provider, and those who wait for the answer.
  struct Refresh {
    TimePoint limit;
    std::stop_source stop;
    std::thread thread;  ///< not joinable: left to itself
    bool is_done = false;
    std::shared_ptr<const Entry> entry;
    std::shared_ptr<const Error> error;  ///< also of one that was given up and may still end
  };
  /// A refresh that was given up and has not been told so yet: that is done without the lock, as is
  /// logging.
  struct GivenUp {
    std::shared_ptr<Refresh> refresh;
    std::string warning;
    void tell() const;
  };
  /// A copy of the entry for a part of the threads, so that they do not meet at one lock.
  struct alignas(64) Shard {
    TryLock lock;
    std::shared_ptr<const Entry> entry;  // guarded by lock
  };

  std::shared_ptr<const Entry> get_shared(const base::CallContext& call);
  std::shared_ptr<const Entry> wait(std::unique_lock<std::mutex>& lock,
                                    const base::CallContext& call);
  void start_locked();
  std::string renew_locked();
  bool is_late_locked() const { return refresh_ && clock_.now() >= refresh_->limit; }
  GivenUp give_up_locked();
  void run(const std::shared_ptr<Refresh>& refresh);
  std::shared_ptr<const Entry> ask(const Refresh& refresh) const;
  std::shared_ptr<const Entry> make_entry(Token token) const;
  void succeeded_locked(std::shared_ptr<const Entry> entry);
  std::string failed_locked(std::shared_ptr<const Error> error, TimePoint when);
  void keep_locked(std::shared_ptr<const Entry> entry);
  std::shared_ptr<const Error> error_of(std::string_view text) const;
  void leave_all() noexcept;
  void await(std::thread ended) const noexcept;
  static void append(const Entry& entry, http::Headers& headers);
  bool is_fresh(const std::shared_ptr<const Entry>& entry) const {
    return entry && (!entry->stale_from || clock_.coarse_now() < *entry->stale_from);
  }
  bool is_usable(const Entry& entry) const {
    return !entry.expired_from || clock_.now() < *entry.expired_from;
  }

  const std::shared_ptr<TokenProvider> inner_;
  const TokenCacheOptions options_;
  base::Clock& clock_;
  const int generation_ = base::fork_generation();
  mutable std::array<Shard, kShards> shards_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const Entry> entry_;             // guarded by mutex_
  std::shared_ptr<Refresh> refresh_;               // guarded by mutex_; the one under way
  std::shared_ptr<const Error> last_error_;        // guarded by mutex_; of the last refresh
  TimePoint not_before_{};                         // guarded by mutex_; of the next one
  seconds backoff_{kFirstBackoff};                 // guarded by mutex_
  std::vector<std::shared_ptr<Refresh>> running_;  // guarded by mutex_; hung ones among them
  std::thread ended_;  // guarded by mutex_; of the last refresh that is done

  static thread_local const State* asked_by_this_thread;
};

thread_local const TokenCache::State* TokenCache::State::asked_by_this_thread = nullptr;

/// Each request comes by here, so a fresh token costs one lock that few threads share and no count
/// of owners, which all of them would write to.
void TokenCache::State::add_headers(http::Headers& headers, const base::CallContext& call) {
  Shard& shard = shards_[shard_of_this_thread()];
  if (const std::unique_lock lock(shard.lock, std::try_to_lock); lock && is_fresh(shard.entry)) {
    return append(*shard.entry, headers);
  }
  append(*get_shared(call), headers);
}

bool TokenCache::State::add_headers_at_hand(http::Headers& headers) const {
  std::shared_ptr<const Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    entry = entry_;
  }
  if (!entry || !is_usable(*entry)) return false;
  append(*entry, headers);
  return true;
}

std::shared_ptr<const TokenCache::Entry> TokenCache::State::get(const base::CallContext& call) {
  Shard& shard = shards_[shard_of_this_thread()];
  if (const std::unique_lock lock(shard.lock, std::try_to_lock); lock && is_fresh(shard.entry))
    return shard.entry;
  return get_shared(call);
}

std::shared_ptr<const TokenCache::Entry> TokenCache::State::get_shared(
    const base::CallContext& call) {
  std::unique_lock lock(mutex_);
  if (is_late_locked()) {
    const GivenUp late = give_up_locked();
    lock.unlock();
    late.tell();
    lock.lock();
  }
  if (!entry_ || !is_usable(*entry_)) return wait(lock, call);
  auto served = entry_;
  const bool is_stale = served->stale_from && clock_.now() >= *served->stale_from;
  if (!is_stale || refresh_ || clock_.now() < not_before_) return served;
  const std::string warning = renew_locked();
  lock.unlock();
  if (!warning.empty()) base::log(LogLevel::Warn, "auth", warning);
  return served;
}

std::shared_ptr<const TokenCache::Entry> TokenCache::State::wait(std::unique_lock<std::mutex>& lock,
                                                                 const base::CallContext& call) {
  if (!refresh_) {
    // However many callers there are, a provider that fails is asked once a second.
    if (last_error_ && clock_.now() < not_before_ - backoff_ + kBetweenFailures)
      throw_error(last_error_->fields());
    start_locked();
  }
  const auto refresh = refresh_;
  const bool is_done =
      clock_.wait_at_most(lock, changed_, call, refresh->limit, [&] { return refresh->is_done; });
  GivenUp late;
  // The first of those who wait gives it up for all; the next caller asks again.
  if (!is_done && refresh_ == refresh) late = give_up_locked();
  const auto error = refresh->error;
  auto entry = refresh->entry;
  lock.unlock();
  late.tell();
  if (error) throw_error(error->fields());
  return entry;
}

/// It hangs: its thread is left to itself. The failure counts from when the limit was reached, not
/// from when somebody came to see it.
TokenCache::State::GivenUp TokenCache::State::give_up_locked() {
  const auto refresh = std::exchange(refresh_, nullptr);
  refresh->error =
      error_of(base::concat("no answer within ", options_.refresh_timeout.count(), " s"));
  return {refresh, failed_locked(refresh->error, std::min(refresh->limit, clock_.now()))};
}

void TokenCache::State::GivenUp::tell() const {
  if (refresh) refresh->stop.request_stop();
  if (!warning.empty()) base::log(LogLevel::Warn, "auth", warning);
}

void TokenCache::State::append(const Entry& entry, http::Headers& headers) {
  headers.push_back({std::string("Authorization"), std::string(entry.header.view())});
  for (const auto& [name, value] : entry.token.extra_headers) headers.push_back({name, value});
}

/// \throws AuthenticationError when the provider cannot be asked; nothing has changed then
void TokenCache::State::start_locked() {
  if (running_.size() >= kMostHungRefreshes)
    throw_error({.kind = ErrorKind::Unauthenticated,
                 .message = base::concat("the token provider ", inner_->name(),
                                         " does not answer: ", running_.size(),
                                         " earlier requests to it still hang")});
  auto refresh = std::make_shared<Refresh>();
  refresh->limit = clock_.now() + options_.refresh_timeout;
  running_.push_back(refresh);
  try {
    // A thread of its own: a provider may block for as long as it likes without holding up anybody
    // who does not need it. Refreshes are minutes apart.
    refresh->thread = std::thread([self = shared_from_this(), refresh] { self->run(refresh); });
  } catch (const std::system_error& failure) {
    running_.pop_back();
    throw_error({.kind = ErrorKind::ResourceExhausted,
                 .message = base::concat("no token from ", inner_->name(),
                                         ": no thread to ask it on: ", failure.what()),
                 .retryable = true});
  }
  refresh_ = std::move(refresh);
}

/// Starts to renew a token that is still good. What keeps it from starting is no caller's failure.
/// \return what to warn of
std::string TokenCache::State::renew_locked() {
  try {
    start_locked();
    return {};
  } catch (const Error& error) {
    return failed_locked(std::make_shared<const Error>(error), clock_.now());
  }
}

/// For as long as a thread needs that has nothing left to do. It may be this one, as a provider may
/// drop the cache, or one that a fork has left behind.
void TokenCache::State::await(std::thread ended) const noexcept {
  if (!ended.joinable()) return;
  const bool is_self = ended.get_id() == std::this_thread::get_id();
  if (is_self || generation_ != base::fork_generation()) return ended.detach();
  ended.join();
}

void TokenCache::State::run(const std::shared_ptr<Refresh>& refresh) {
  std::shared_ptr<const Entry> entry;
  std::shared_ptr<const Error> error;
  asked_by_this_thread = this;
  try {
    entry = ask(*refresh);
  } catch (const Error& failure) {
    ErrorFields fields = failure.fields();
    if (fields.kind != ErrorKind::Configuration) fields.kind = ErrorKind::Unauthenticated;
    fields.message = base::concat("no token from ", inner_->name(), ": ", fields.message);
    error = std::make_shared<const Error>(std::move(fields));
  } catch (const std::exception& failure) {
    error = error_of(failure.what());
  } catch (...) {
    error = error_of("it threw something that is no exception");
  }
  std::string warning;
  std::thread before;
  {
    std::lock_guard lock(mutex_);
    std::erase(running_, refresh);
    if (refresh->thread.joinable()) before = std::exchange(ended_, std::move(refresh->thread));
    refresh->entry = entry;
    refresh->error = error;
    refresh->is_done = true;
    if (refresh_ == refresh) {
      refresh_.reset();
      if (entry) {
        succeeded_locked(std::move(entry));
      } else {
        warning = failed_locked(std::move(error), clock_.now());
      }
    }
  }
  changed_.notify_all();
  await(std::move(before));
  if (!warning.empty()) base::log(LogLevel::Warn, "auth", warning);
}

std::shared_ptr<const TokenCache::Entry> TokenCache::State::ask(const Refresh& refresh) const {
  Token token = inner_->get_token({.deadline = refresh.limit, .stop = refresh.stop.get_token()});
  check_token(token, ErrorKind::Unauthenticated);
  auto entry = make_entry(std::move(token));
  base::log(LogLevel::Debug, "auth",
            base::concat("a token came from ", inner_->name(), ", ",
                         entry->token.access_token.view().size(), " characters"));
  return entry;
}

std::shared_ptr<const TokenCache::Entry> TokenCache::State::make_entry(Token token) const {
  const auto wall = clock_.system_now();
  const TimePoint now = clock_.now();
  if (!token.expires_at) {
    if (const auto claims = read_jwt(token.access_token.view()))
      token.expires_at = claims->expires_at;
  }
  auto entry = std::make_shared<Entry>();
  if (token.expires_at) {
    // From here on only the steady clock counts: the wall clock may be set at any time.
    const auto left = *token.expires_at - wall;
    std::chrono::nanoseconds lead =
        std::min<std::chrono::nanoseconds>(kLeadOfUnknownLife, left / 2);
    if (token.issued_at)
      lead = std::min<std::chrono::nanoseconds>(kLongestLead,
                                                (*token.expires_at - *token.issued_at) / 2);
    entry->expired_from = now + left - kExpiredMargin;
    entry->stale_from = std::min(now + left - lead, *entry->expired_from);
  }
  entry->header = header_of(token);
  entry->token = std::move(token);
  return entry;
}

void TokenCache::State::succeeded_locked(std::shared_ptr<const Entry> entry) {
  last_error_.reset();
  backoff_ = kFirstBackoff;
  not_before_ = {};
  const bool is_kept = entry->expired_from || !options_.asks_each_time_without_expiry;
  keep_locked(is_kept ? std::move(entry) : nullptr);
}

/// What to warn of, outside the lock; empty when the callers hear of it themselves.
std::string TokenCache::State::failed_locked(std::shared_ptr<const Error> error, TimePoint when) {
  if (last_error_) backoff_ = std::min(backoff_ * 2, kLongestBackoff);
  not_before_ = when + backoff_;
  last_error_ = std::move(error);
  if (!entry_ || !is_usable(*entry_)) return {};
  return base::concat(last_error_->message(),
                      "; the old token is used on, the next attempt comes in ", backoff_.count(),
                      " s");
}

void TokenCache::State::keep_locked(std::shared_ptr<const Entry> entry) {
  entry_ = std::move(entry);
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.lock);
    shard.entry = entry_;
  }
}

std::shared_ptr<const Error> TokenCache::State::error_of(std::string_view text) const {
  return std::make_shared<const Error>(
      ErrorFields{.kind = ErrorKind::Unauthenticated,
                  .message = base::concat("no token from ", inner_->name(), ": ", text)});
}

void TokenCache::State::invalidate(std::string_view access_token) noexcept {
  Token dropped;
  {
    std::lock_guard lock(mutex_);
    if (!entry_ || entry_->token.access_token.view() != access_token) return;
    dropped = entry_->token;
    keep_locked(nullptr);
  }
  inner_->invalidate(dropped);
}

/// What a provider refers to may go with the cache, so those who honour the stop are waited for;
/// who does not is left to itself after a while.
void TokenCache::State::stop() noexcept {
  if (generation_ != base::fork_generation()) return leave_all();
  std::unique_lock lock(mutex_);
  const auto under_way = running_;
  lock.unlock();
  for (const auto& refresh : under_way) refresh->stop.request_stop();
  lock.lock();
  // A provider that drops its own cache cannot be waited for.
  if (asked_by_this_thread != this)
    base::Clock::system().wait_at_most(lock, changed_, {}, base::Clock::system().now() + kLastWait,
                                       [this] { return running_.empty(); });
  lock.unlock();
  leave_all();
}

void TokenCache::State::leave_all() noexcept {
  std::thread ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& refresh : running_)
      if (refresh->thread.joinable()) refresh->thread.detach();
    ended = std::move(ended_);
  }
  await(std::move(ended));
}

TokenCache::TokenCache(std::shared_ptr<TokenProvider> inner, TokenCacheOptions options,
                       base::Clock& clock)
    : state_(std::make_shared<State>(std::move(inner), options, clock)) {}
TokenCache::~TokenCache() { state_->stop(); }

std::shared_ptr<const TokenCache::Entry> TokenCache::get(const base::CallContext& call) {
  return state_->get(call);
}
void TokenCache::add_headers(http::Headers& headers, const base::CallContext& call) {
  state_->add_headers(headers, call);
}
bool TokenCache::add_headers_at_hand(http::Headers& headers) const {
  return state_->add_headers_at_hand(headers);
}
void TokenCache::invalidate(std::string_view access_token) noexcept {
  state_->invalidate(access_token);
}
const TokenProvider& TokenCache::inner() const noexcept { return state_->inner(); }

}  // namespace dbsql::auth
