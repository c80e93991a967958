#pragma once

#include <dbsql/execute_options.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace dbsql::cli {

/// What the line shows.
struct ProgressView {
  enum class Phase : std::uint8_t {
    Connecting,
    Starting,
    Waiting,
    Running,
    Fetching,
    Uploading,
    Downloading
  };
  Phase phase = Phase::Running;
  std::chrono::milliseconds elapsed{0};
  std::int64_t row_count = 0;
  std::uint64_t bytes = 0;  ///< of a volume's file that is being moved
  std::uint64_t total = 0;  ///< of that file; 0 = unknown
};

/// `Fetching  4.1 s  1,240,000 rows  (Ctrl-C cancels)`, cut to `width` characters.
std::string progress_text(const ProgressView& view, std::size_t width);

/// One line at the bottom of a terminal that tells how a long statement is doing. It appears after
/// half a second and is erased before anything else is printed.
///
/// Threads: `start`, `show`, `stop` belong to the thread that runs the statement; `update` may come
/// from any. Cost: nothing when disabled; otherwise one thread while a statement runs.
class ProgressLine {
 public:
  /// \param enabled  false: every call does nothing (output is no terminal, or `-q`)
  ProgressLine(int descriptor, bool enabled) : descriptor_(descriptor), is_enabled_(enabled) {}
  ~ProgressLine() { stop(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void start(ProgressView::Phase phase);
  void show(ProgressView::Phase phase) noexcept { phase_ = phase; }
  void update(const Progress& progress) noexcept;
  void update(const StagingProgress& progress) noexcept;
  void set_row_count(std::int64_t count) noexcept {
    row_count_.store(count, std::memory_order_relaxed);
  }
  /// Erases the line; afterwards nothing appears until the next `start`.
  void stop();

 private:
  void tick(const std::stop_token& stop);
  void draw();

  int descriptor_;
  bool is_enabled_;
  bool is_drawn_ = false;  // touched by the ticker while it runs
  std::chrono::steady_clock::time_point started_;
  std::atomic<ProgressView::Phase> phase_{ProgressView::Phase::Running};
  std::atomic<std::int64_t> row_count_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> total_{0};
  std::jthread ticker_;
};

}  // namespace dbsql::cli
