#pragma once

#include "warehouse/http_message.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

struct TelemetryOptions {
  /// Feature flags by name, as every driver is told them: their values are texts.
  std::map<std::string, std::string> flags;
  std::chrono::seconds flag_life{900};
  /// Hears of every record that is taken, as it was sent, one at a time; may be empty.
  std::function<void(std::string_view record)> on_record;
};

/// What drivers tell about themselves, and the flags that say whether they may: the feature-flag
/// endpoint and the two places that records are sent to (reference/telemetry.md 3).
///
/// A record that does not fit the schema is refused by name, not taken in part. Errors, delays and
/// damaged answers come from fault rules, like everywhere else.
/// Threads: safe from any thread.
class TelemetryService {
 public:
  static constexpr std::string_view kPath = "/telemetry-ext";         ///< with credentials
  static constexpr std::string_view kOpenPath = "/telemetry-unauth";  ///< without any
  static constexpr std::string_view kFlagsPath = "/api/2.0/connector-service/feature-flags/";
  static constexpr std::size_t kMostRecords = 10'000;  ///< the newest are kept
  static constexpr std::size_t kMostBytes = std::size_t{32} << 20;

  explicit TelemetryService(TelemetryOptions options);

  static bool serves(std::string_view path) noexcept;

  /// \param request  with credentials that were checked, unless its path is `kOpenPath`
  HttpReply serve(const HttpRequest& request);

  void set_flag(const std::string& name, const std::string& value);

  struct Counts {
    std::uint64_t requests = 0;  ///< uploads, whatever came of them
    std::uint64_t taken = 0;     ///< records
    std::uint64_t refused = 0;   ///< records that do not fit, and uploads that cannot be read
  };
  Counts counts() const;
  std::vector<std::string> records() const;
  std::vector<std::string> problems() const;  ///< what was refused and why, the newest

  /// Counts, records and problems as JSON.
  std::string to_json() const;
  void clear();

 private:
  HttpReply serve_flags(const HttpRequest& request) const;
  HttpReply take(const HttpRequest& request);
  void keep_locked(const std::string& record);
  void refuse_locked(const std::string& problem);

  const TelemetryOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> flags_;  // guarded by mutex_
  Counts counts_;                             // guarded by mutex_
  std::deque<std::string> records_;           // guarded by mutex_
  std::size_t record_bytes_ = 0;              // guarded by mutex_
  std::deque<std::string> problems_;          // guarded by mutex_
};

}  // namespace dbsql::warehouse
