#include "telemetry/feature_flag_cache.h"

#include <dbsql/version.h>

#include "base/fork.h"
#include "base/log.h"
#include "base/text.h"
#include "http/retry_policy.h"
#include "http/url.h"
#include "telemetry/flag_answer.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace dbsql::telemetry {
namespace {

using Answer = FeatureFlagCache::Answer;
using TimePoint = base::Clock::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMostHosts = 1024;
constexpr milliseconds kFetchLimit{10'000};
constexpr milliseconds kLostAfter{15'000};  // longer than any fetch, if its transport forgets it
constexpr seconds kPauseAfterFailure{60};
constexpr seconds kLongestHint{3600};

struct Waiting {
  std::string flag;
  FeatureFlagCache::Listener tell;
};

/// What is known of one host and workspace.
struct Entry {
  std::optional<FlagAnswer> answer;
  TimePoint fresh_until{};  ///< of `answer`, or of not having one
  bool failed = false;      ///< the last fetch brought nothing
  std::optional<TimePoint> fetching_since;
  std::size_t pins = 0;
  std::vector<Waiting> waiting;
};

/// What came of a fetch.
struct Outcome {
  std::optional<FlagAnswer> answer;
  seconds pause = kPauseAfterFailure;  ///< without an answer: until it is tried again
};

Answer answer_of(const Entry& entry, std::string_view flag) {
  if (entry.answer) return entry.answer->is_on(flag) ? Answer::On : Answer::Off;
  return entry.failed ? Answer::Unreachable : Answer::Pending;
}

Outcome outcome_of(const http::Reply& reply, base::Clock& clock) {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) return {};
  if (response->status >= 200 && response->status < 300)
    return {.answer = parse_flags(response->body.text())};
  Outcome outcome;
  const auto hint = http::parse_retry_after(
      base::trim(http::find_header(response->headers, "retry-after")), clock.system_now());
  if (hint) outcome.pause = std::clamp(*hint, kPauseAfterFailure, kLongestHint);
  return outcome;
}

std::string key_of(const Destination& destination) {
  return base::concat(destination.host, '|', destination.org_id);
}

}  // namespace

struct FeatureFlagCache::State {
  explicit State(base::Clock& time) : clock(time) {}

  base::Clock& clock;
  mutable std::mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;  // guarded by mutex

  void make_room_locked(TimePoint now) {
    std::erase_if(entries, [&](const auto& each) {
      const Entry& entry = each.second;
      return entry.pins == 0 && !entry.fetching_since && entry.fresh_until <= now;
    });
    while (entries.size() >= kMostHosts) {
      auto oldest = entries.end();
      for (auto each = entries.begin(); each != entries.end(); ++each) {
        if (each->second.pins > 0 || each->second.fetching_since) continue;
        if (oldest == entries.end() || each->second.fresh_until < oldest->second.fresh_until)
          oldest = each;
      }
      if (oldest == entries.end()) return;
      entries.erase(oldest);
    }
  }

  /// One at a time for each host; one that was forgotten by its transport does not count for ever.
  static bool claim_fetch_locked(Entry& entry, TimePoint now) {
    if (entry.fetching_since && now - *entry.fetching_since < kLostAfter) return false;
    entry.fetching_since = now;
    return true;
  }

  void take(const std::string& key, Outcome outcome) {
    std::vector<std::pair<Waiting, Answer>> told;
    {
      std::lock_guard lock(mutex);
      const auto found = entries.find(key);
      if (found == entries.end()) return;
      Entry& entry = found->second;
      entry.fetching_since.reset();
      store_locked(entry, std::move(outcome));
      for (Waiting& waiting : entry.waiting) {
        const Answer answer = answer_of(entry, waiting.flag);
        told.emplace_back(std::move(waiting), answer);
      }
      entry.waiting.clear();
    }
    for (const auto& [waiting, answer] : told) waiting.tell(answer);
  }

  void store_locked(Entry& entry, Outcome outcome) const {
    const TimePoint now = clock.now();
    // Something that is no list says less than what is known already.
    const bool is_useful = outcome.answer && (outcome.answer->has_list || !entry.answer);
    entry.failed = !outcome.answer;
    entry.fresh_until = now + (is_useful ? outcome.answer->life : outcome.pause);
    if (is_useful) entry.answer = std::move(outcome.answer);
  }
};

FeatureFlagCache::FeatureFlagCache(base::Clock& clock) : state_(std::make_shared<State>(clock)) {}
FeatureFlagCache::~FeatureFlagCache() = default;

FeatureFlagCache& FeatureFlagCache::process() { return base::one_per_process<FeatureFlagCache>(); }

void FeatureFlagCache::acquire(const Destination& destination) {
  std::lock_guard lock(state_->mutex);
  std::string key = key_of(destination);
  if (!state_->entries.contains(key)) state_->make_room_locked(state_->clock.now());
  ++state_->entries[std::move(key)].pins;
}

void FeatureFlagCache::release(const Destination& destination) noexcept {
  try {
    std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(key_of(destination));
    if (found != state_->entries.end() && found->second.pins > 0) {
      --found->second.pins;
      return;
    }
  } catch (...) {
    return;  // no memory for the key: the entry stays pinned
  }
  base::log(LogLevel::Debug, "telemetry", "flags of a host were released that nobody held");
}

std::size_t FeatureFlagCache::pins(const Destination& destination) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(key_of(destination));
  return found == state_->entries.end() ? 0 : found->second.pins;
}

FeatureFlagCache::Answer FeatureFlagCache::peek(const FlagQuestion& question) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(key_of(*question.destination));
  if (found == state_->entries.end()) return Answer::Pending;
  const Entry& entry = found->second;
  const Answer answer = answer_of(entry, question.flag);
  // Who is told no asks nothing more: an old no must not be taken for an answer.
  const bool is_due = answer != Answer::On && entry.fresh_until <= state_->clock.now();
  return is_due ? Answer::Pending : answer;
}

FeatureFlagCache::Answer FeatureFlagCache::query(const FlagQuestion& question, Listener on_answer) {
  const std::string key = key_of(*question.destination);
  Answer answer = Answer::Off;
  {
    std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(key);
    if (found == state_->entries.end()) return Answer::Off;  // nobody uses that host
    Entry& entry = found->second;
    const TimePoint now = state_->clock.now();
    if (now < entry.fresh_until) return answer_of(entry, question.flag);
    answer = entry.answer ? answer_of(entry, question.flag) : Answer::Pending;
    if (answer == Answer::Pending && on_answer)
      entry.waiting.push_back({question.flag, std::move(on_answer)});
    if (!State::claim_fetch_locked(entry, now)) return answer;
  }
  const auto fail = [&] { state_->take(key, {}); };
  const auto headers = headers_for(*question.destination);
  if (!headers || !question.destination->transport) {
    fail();
    return answer;
  }
  http::Request request;
  request.method = "GET";
  request.url =
      base::concat(question.destination->origin, "/api/2.0/connector-service/feature-flags/",
                   http::percent_encode(question.product), "/", bare_version(version()));
  request.headers = *headers;
  request.headers.push_back({"Accept", "application/json"});
  request.request_class = http::RequestClass::Telemetry;
  request.name = "feature flags";
  request.first_byte_timeout = kFetchLimit;
  try {
    question.destination->transport->send_in_background(
        request, kFetchLimit, [state = state_, key](const http::Reply& reply) {
          try {
            state->take(key, outcome_of(reply, state->clock));
          } catch (...) {  // no memory: as if nothing had come
            base::log(LogLevel::Debug, "telemetry", "the answer about flags was lost");
          }
        });
  } catch (...) {
    fail();
  }
  return answer;
}

std::string bare_version(std::string_view version) {
  return std::string(version.substr(0, version.find_first_not_of("0123456789.")));
}

}  // namespace dbsql::telemetry
