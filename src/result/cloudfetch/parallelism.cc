#include "result/cloudfetch/parallelism.h"

#include <algorithm>

namespace dbsql::result {

void Parallelism::completed(std::size_t bytes, TimePoint now) {
  if (!adaptive_) return;
  if (round_downloads_ == 0 && round_bytes_ == 0 && round_start_ == TimePoint{}) {
    round_start_ = now;  // the first download only starts the clock
    return;
  }
  round_bytes_ += bytes;
  // A round is as many downloads as there are streams: every stream has had its turn.
  if (++round_downloads_ < limit_) return;
  const double seconds = std::max(std::chrono::duration<double>(now - round_start_).count(), 1e-6);
  const double rate = static_cast<double>(round_bytes_) / seconds;
  const double worth = 1 + 0.1 / limit_;  // a tenth of what one more stream could bring at best
  if (rate > best_rate_ * worth) limit_ = std::min(limit_ + 1, kMost);
  best_rate_ = std::max(best_rate_, rate);
  round_start_ = now;
  round_bytes_ = 0;
  round_downloads_ = 0;
}

void Parallelism::slow_down() noexcept {
  if (!adaptive_) return;
  limit_ = std::max(limit_ / 2, kFewest);
  best_rate_ = 0;  // what was possible then is not possible now
}

}  // namespace dbsql::result
