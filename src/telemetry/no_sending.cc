// In place of exporter.cc, feature_flag_cache.cc and flag_answer.cc where the library is built with
// DBSQL_TELEMETRY=OFF: nothing here, and so nothing in the library, knows how to send telemetry or
// to ask for a flag. The rest stays: it shows a sink of this machine what would be sent.

#include "base/fork.h"
#include "telemetry/exporter.h"
#include "telemetry/feature_flag_cache.h"

#include <utility>

namespace dbsql::telemetry {

std::string_view to_word(ExportResult::Kind) noexcept { return "not built"; }

Exporter::Exporter(std::shared_ptr<const Destination> destination,
                   std::shared_ptr<EndpointHealth> health, base::Clock& clock)
    : destination_(std::move(destination)), health_(std::move(health)), clock_(clock) {}

void Exporter::send(std::string_view, std::size_t, CircuitBreaker::Permit permit,
                    std::chrono::milliseconds, Done done) const {
  static_cast<void>(clock_);
  health_->abandoned(permit);
  done({.kind = ExportResult::Kind::NoCredentials});
}

struct FeatureFlagCache::State {};

FeatureFlagCache::FeatureFlagCache(base::Clock&) {}
FeatureFlagCache::~FeatureFlagCache() = default;
FeatureFlagCache& FeatureFlagCache::process() { return base::one_per_process<FeatureFlagCache>(); }
void FeatureFlagCache::acquire(const Destination&) {}
void FeatureFlagCache::release(const Destination&) noexcept {}
std::size_t FeatureFlagCache::pins(const Destination&) const { return 0; }

FeatureFlagCache::Answer FeatureFlagCache::peek(const FlagQuestion&) const { return Answer::Off; }
FeatureFlagCache::Answer FeatureFlagCache::query(const FlagQuestion&, Listener) {
  return Answer::Off;
}

}  // namespace dbsql::telemetry
