#include "result/cloudfetch/server_clock.h"

#include "http/http_date.h"

#include <algorithm>

namespace dbsql::result {

void ServerClock::note(const http::Headers& headers, TimePoint from, TimePoint until) {
  using std::chrono::seconds;
  constexpr seconds kTolerance{30};
  const auto date = http::parse_http_date(http::find_header(headers, "date"));
  if (!date || !http::find_header(headers, "age").empty()) return;
  const auto least = std::chrono::floor<seconds>(*date - until);
  const auto most = std::chrono::ceil<seconds>(*date - from);
  const seconds ahead = std::clamp(seconds(0), least, std::max(least, most));
  ahead_ = ahead <= kTolerance && -ahead <= kTolerance ? 0 : ahead.count();
}

ServerClock::TimePoint ServerClock::at(TimePoint ours) const noexcept {
  return ours + std::chrono::seconds(ahead_);
}

}  // namespace dbsql::result
