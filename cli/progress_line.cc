#include "cli/progress_line.h"

#include "cli/duration.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <condition_variable>
#include <string_view>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto kFirst = 500ms;  // shorter statements need no explanation
constexpr auto kEvery = 100ms;

std::string_view phase_name(ProgressView::Phase phase) noexcept {
  switch (phase) {
    case ProgressView::Phase::Connecting:
      return "Connecting";
    case ProgressView::Phase::Starting:
      return "The warehouse is starting";
    case ProgressView::Phase::Waiting:
      return "Waiting for the warehouse";
    case ProgressView::Phase::Running:
      return "Running";
    case ProgressView::Phase::Fetching:
      return "Fetching";
    case ProgressView::Phase::Uploading:
      return "Uploading";
    case ProgressView::Phase::Downloading:
      return "Downloading";
  }
  return "";
}

/// Tenths of a second below a minute, then whole seconds: the line should not flicker more than it
/// tells.
std::string elapsed_text(std::chrono::milliseconds elapsed) {
  if (elapsed >= 1min) return format_duration(elapsed);
  const auto tenths = elapsed.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

std::string progress_text(const ProgressView& view, std::size_t width) {
  std::string text(phase_name(view.phase));
  text += "  " + elapsed_text(view.elapsed);
  if (view.row_count > 0) text += "  " + format_count(view.row_count) + " rows";
  if (view.bytes > 0) {
    text += "  " + format_count(static_cast<long long>(view.bytes));
    if (view.total > 0) text += " of " + format_count(static_cast<long long>(view.total));
    text += " bytes";
  }
  text += "  (Ctrl-C cancels)";
  if (text.size() > width) text.resize(width);
  return text;
}

void ProgressLine::start(ProgressView::Phase phase) {
  if (!is_enabled_) return;
  stop();
  started_ = std::chrono::steady_clock::now();
  phase_ = phase;
  row_count_ = 0;
  bytes_ = 0;
  total_ = 0;
  ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
}

void ProgressLine::update(const Progress& progress) noexcept {
  switch (progress.state) {
    case Progress::State::Starting:
      phase_ = ProgressView::Phase::Starting;
      break;
    case Progress::State::Pending:
      phase_ = ProgressView::Phase::Waiting;
      break;
    case Progress::State::Running:
    case Progress::State::Finished:
      phase_ = ProgressView::Phase::Running;
      break;
  }
}

void ProgressLine::update(const StagingProgress& progress) noexcept {
  phase_ = progress.operation == StagingOperation::Put ? ProgressView::Phase::Uploading
                                                       : ProgressView::Phase::Downloading;
  total_ = progress.total.value_or(0);
  bytes_ = progress.bytes;
}

void ProgressLine::stop() {
  if (!ticker_.joinable()) return;
  ticker_.request_stop();
  ticker_.join();
  if (!is_drawn_) return;
  is_drawn_ = false;
  write_text(descriptor_, "\r\x1b[K");
}

void ProgressLine::tick(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  const auto never = [] { return false; };
  changed.wait_for(lock, stop, kFirst, never);
  while (!stop.stop_requested()) {
    draw();
    changed.wait_for(lock, stop, kEvery, never);
  }
}

void ProgressLine::draw() {
  ProgressView view;
  view.phase = phase_;
  view.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started_);
  view.row_count = row_count_.load(std::memory_order_relaxed);
  view.bytes = bytes_;
  view.total = total_;
  write_text(descriptor_, "\r" + progress_text(view, terminal_width(descriptor_) - 1) + "\x1b[K");
  is_drawn_ = true;
}

}  // namespace dbsql::cli
