#pragma once

#include "base/clock.h"
#include "telemetry/destination.h"
#include "telemetry/endpoint_health.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// What came of one export.
struct ExportResult {
  enum class Kind : std::uint8_t {
    Delivered,
    Failed,         ///< worth another try later: 429, 5xx, the network
    Refused,        ///< never will be taken: 4xx, a redirect, none of the records counted
    NoCredentials,  ///< none at hand; nothing was sent
  };
  Kind kind = Kind::Delivered;
  int status = 0;               ///< of HTTP; 0 = no answer
  std::size_t not_counted = 0;  ///< records that the server took but did not count
  bool bad_response = false;    ///< accepted with an answer that makes no sense
};

std::string_view to_word(ExportResult::Kind kind) noexcept;

/// Sends batches: one request for each, whatever comes of it (reference/telemetry.md 1.12). It goes
/// past the attempt loop of queries and never follows a redirect: whether and when there is another
/// try is the sender's affair, and the breaker's.
///
/// Threads: safe from any thread; nothing waits.
class Exporter {
 public:
  static constexpr std::chrono::milliseconds kLimit{10'000};
  static constexpr std::string_view kPath = "/telemetry-ext";

  using Done = std::function<void(const ExportResult& result)>;

  Exporter(std::shared_ptr<const Destination> destination, std::shared_ptr<EndpointHealth> health,
           base::Clock& clock = base::Clock::system());

  std::optional<CircuitBreaker::Permit> admit() const { return health_->admit(); }

  /// \param body     as `export_body` makes it
  /// \param records  in it
  /// \param limit    the request is given up after this time
  /// \param done     called once, on an I/O thread or at once; must be short and must not throw
  void send(std::string_view body, std::size_t records, CircuitBreaker::Permit permit,
            std::chrono::milliseconds limit, Done done) const;

  /// Requests that are under way are given up by ourselves: what becomes of them says nothing.
  void abandon() const noexcept { abandoned_->store(true, std::memory_order_relaxed); }

  const std::string& url() const noexcept { return url_; }
  EndpointHealth& health() const noexcept { return *health_; }

 private:
  const std::shared_ptr<const Destination> destination_;
  const std::shared_ptr<EndpointHealth> health_;
  base::Clock& clock_;
  const std::string url_;
  const std::shared_ptr<std::atomic<bool>> abandoned_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace dbsql::telemetry
