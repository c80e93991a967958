#include "result/cloudfetch/memory_budget.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace dbsql::result {

struct MemoryBudget::Counters {
  mutable std::mutex mutex;
  std::size_t in_use = 0;  // guarded by mutex
  std::size_t peak = 0;    // guarded by mutex

  void add_locked(std::size_t size) {
    in_use += size;
    peak = std::max(peak, in_use);
  }
};

std::shared_ptr<MemoryBudget> MemoryBudget::create(std::size_t limit) {
  std::shared_ptr<MemoryBudget> budget(new MemoryBudget(limit));
  budget->counters_ = std::make_shared<Counters>();
  return budget;
}

const std::shared_ptr<MemoryBudget>& MemoryBudget::process() {
  constexpr std::size_t kDefaultLimit = std::size_t{256} << 20;
  // Leaked on purpose: Arrow data may be released during static destruction.
  static const auto& budget = *new std::shared_ptr<MemoryBudget>(create(kDefaultLimit));
  return budget;
}

MemoryBudget::Reservation MemoryBudget::try_reserve(std::size_t size) {
  {
    std::lock_guard lock(counters_->mutex);
    if (counters_->in_use > limit_ || size > limit_ - counters_->in_use) return {};
    counters_->add_locked(size);
  }
  return {shared_from_this(), size};
}

MemoryBudget::Reservation MemoryBudget::force_reserve(std::size_t size) {
  {
    std::lock_guard lock(counters_->mutex);
    counters_->add_locked(size);
  }
  return {shared_from_this(), size};
}

std::size_t MemoryBudget::in_use() const noexcept {
  std::lock_guard lock(counters_->mutex);
  return counters_->in_use;
}

std::size_t MemoryBudget::peak() const noexcept {
  std::lock_guard lock(counters_->mutex);
  return counters_->peak;
}

MemoryBudget::Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::move(other.budget_)), size_(std::exchange(other.size_, 0)) {}

MemoryBudget::Reservation& MemoryBudget::Reservation::operator=(Reservation&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(size_, other.size_);
  return *this;
}

void MemoryBudget::Reservation::resize(std::size_t size) noexcept {
  if (!budget_) return;
  std::lock_guard lock(budget_->counters_->mutex);
  budget_->counters_->in_use -= size_;
  budget_->counters_->add_locked(size);
  size_ = size;
}

void MemoryBudget::Reservation::release() noexcept {
  resize(0);
  budget_.reset();
}

}  // namespace dbsql::result
