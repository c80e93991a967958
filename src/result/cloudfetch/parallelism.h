#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dbsql::result {

/// How many downloads of one result run at the same time: a fixed number, or one that grows while
/// more streams bring more bytes and shrinks when the storage asks for it
/// (reference/results.md 2.3).
///
/// Threads: one at a time; its owner guards it.
class Parallelism {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr int kFewest = 2;
  static constexpr int kStart = 4;
  static constexpr int kMost = 16;

  /// \param fixed  0 = adaptive
  explicit Parallelism(int fixed) : limit_(fixed > 0 ? fixed : kStart), adaptive_(fixed <= 0) {}

  int limit() const noexcept { return limit_; }

  /// A download of this many bytes has ended.
  void completed(std::size_t bytes, TimePoint now);
  /// The storage service said "slow down".
  void slow_down() noexcept;

 private:
  int limit_;
  bool adaptive_;
  TimePoint round_start_{};
  std::size_t round_bytes_ = 0;
  int round_downloads_ = 0;
  double best_rate_ = 0;  // bytes per second of the best round so far
};

}  // namespace dbsql::result
