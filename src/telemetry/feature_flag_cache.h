#pragma once

#include "base/clock.h"
#include "telemetry/destination.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// Which flag of which server.
struct FlagQuestion {
  std::shared_ptr<const Destination> destination;
  std::string product;  ///< the driver's name among the server's
  std::string flag;
};

/// What servers say about their flags, for each host and workspace (reference/telemetry.md 1.4).
///
/// Nobody waits for it: an answer that is not there is fetched in the background, once however many
/// ask, and told to those who asked. Answers live for the server's own time within bounds, and one
/// that is too old is served on while a new one is fetched, or when none can be had. A server that
/// does not answer is asked again after a minute, or when it says.
///
/// Threads: safe from any thread; listeners are called outside of every lock, on the thread that
/// brings the answer, and must be short.
class FeatureFlagCache {
 public:
  enum class Answer : std::uint8_t {
    Off,
    On,
    Pending,      ///< being fetched: the listener will hear
    Unreachable,  ///< off, because the server did not answer
  };
  using Listener = std::function<void(Answer answer)>;

  explicit FeatureFlagCache(base::Clock& clock = base::Clock::system());
  ~FeatureFlagCache();
  FeatureFlagCache(const FeatureFlagCache&) = delete;
  FeatureFlagCache& operator=(const FeatureFlagCache&) = delete;

  /// The cache of this process; never destroyed.
  static FeatureFlagCache& process();

  /// Pins what is known of a host: a connection uses it. No I/O.
  void acquire(const Destination& destination);
  /// Undoes one `acquire`; nothing for a host that is not pinned. What is known stays for its time.
  void release(const Destination& destination) noexcept;
  std::size_t pins(const Destination& destination) const;

  /// What is known, without I/O; `Pending` when nothing is, or only a no that is too old: who takes
  /// that for an answer never asks again.
  Answer peek(const FlagQuestion& question) const;

  /// What is known; fetches what is not, or is too old. Only for a host that is pinned.
  /// \param on_answer  called once, later, when `Pending` is returned
  Answer query(const FlagQuestion& question, Listener on_answer = {});

 private:
  struct State;
  std::shared_ptr<State> state_;  // requests under way keep it alive
};

/// Version without what stands behind major, minor and patch: `1.2.3-dev+5` is `1.2.3`.
std::string bare_version(std::string_view version);

}  // namespace dbsql::telemetry
