#include "observe/profile_recorder.h"

#include <algorithm>
#include <variant>

namespace dbsql::observe {

void ProfileRecorder::on(const Event& event) noexcept {
  const std::lock_guard lock(mutex_);
  std::visit([this](const auto& each) { take_locked(each); }, event);
}

void ProfileRecorder::enter_locked(Part part) {
  if (part_ == Part::Over || part_ == part) return;
  const TimePoint now = clock_.now();
  spent_[static_cast<std::size_t>(part_)] += now - since_;
  part_ = part;
  since_ = now;
}

void ProfileRecorder::take_locked(const RequestRepeated&) { ++facts_.retries; }

void ProfileRecorder::take_locked(const StatementSubmitted&) { enter_locked(Part::Execute); }

void ProfileRecorder::take_locked(const StatementPolled& event) {
  ++facts_.polls;
  facts_.polling += event.latency;
  if (event.state == StatementPolled::State::Pending) facts_.queued = event.since_submit;
}

void ProfileRecorder::take_locked(const StatementReady&) {
  if (part_ < Part::Open) enter_locked(Part::Open);
}

void ProfileRecorder::take_locked(const ResultOpened&) { enter_locked(Part::Consume); }

void ProfileRecorder::take_locked(const PageReceived& event) {
  if (event.format == PageReceived::Format::None) return;
  ++facts_.pages;
  facts_.page_bytes += event.wire_bytes;
  facts_.fetch += event.latency;
}

void ProfileRecorder::take_locked(const PageDecoded& event) {
  facts_.decoded_bytes += event.bytes;
  facts_.decompress += event.decompress;
  facts_.decode += event.decode;
}

void ProfileRecorder::take_locked(const ChunkReceived& event) {
  ++facts_.files;
  facts_.file_bytes += event.wire_bytes;
  facts_.download += event.latency;
  facts_.slowest_download = std::max(facts_.slowest_download, event.latency);
  facts_.file_retries += event.repeats;
  facts_.file_hedges += event.hedges;
  facts_.decoded_bytes += event.bytes;
  facts_.decompress += event.decompress;
  facts_.decode += event.decode;
}

void ProfileRecorder::take_locked(const ReadBegan&) { enter_locked(Part::Read); }

void ProfileRecorder::take_locked(const RowsDelivered& event) {
  enter_locked(Part::Consume);
  ++facts_.batches;
  facts_.rows += event.rows;
  if (!facts_.first_row) facts_.first_row = since_ - started_;
}

void ProfileRecorder::take_locked(const RowsExhausted&) { enter_locked(Part::Over); }

void ProfileRecorder::take_locked(const Failed& event) {
  if (!facts_.error && part_ != Part::Over) facts_.error = event.error->kind();
}

void ProfileRecorder::take_locked(const StatementEnded&) { enter_locked(Part::Over); }

StatementProfile ProfileRecorder::profile() const {
  const std::lock_guard lock(mutex_);
  auto spent = spent_;
  const bool is_over = part_ == Part::Over;
  if (!is_over) spent[static_cast<std::size_t>(part_)] += clock_.now() - since_;
  const auto of = [&](Part part) { return spent[static_cast<std::size_t>(part)]; };
  StatementProfile profile = facts_;
  profile.submit = of(Part::Submit);
  profile.execute = of(Part::Execute);
  profile.open = of(Part::Open);
  profile.read = of(Part::Read);
  profile.consume = of(Part::Consume);
  profile.total = profile.submit + profile.execute + profile.open + profile.read + profile.consume;
  profile.is_complete = is_over;
  return profile;
}

}  // namespace dbsql::observe
