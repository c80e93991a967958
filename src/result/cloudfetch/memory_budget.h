#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace dbsql::result {

/// Counts the bytes that results hold, against a limit (`result.memory_budget`).
///
/// Ownership: shared by the connections it bounds, and by every `Reservation`, which may outlive
/// them all. Threads: safe from any thread.
class MemoryBudget : public std::enable_shared_from_this<MemoryBudget> {
 public:
  /// Bytes that are counted until this object goes.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation() { release(); }

    std::size_t size() const noexcept { return size_; }
    /// Corrects an estimate to the real size, also beyond the limit: the memory is there already.
    void resize(std::size_t size) noexcept;
    void release() noexcept;

   private:
    friend class MemoryBudget;
    Reservation(std::shared_ptr<MemoryBudget> budget, std::size_t size) noexcept
        : budget_(std::move(budget)), size_(size) {}
    std::shared_ptr<MemoryBudget> budget_;
    std::size_t size_ = 0;
  };

  static std::shared_ptr<MemoryBudget> create(std::size_t limit);

  /// The default budget of this process, which connections share unless they are given one of their
  /// own.
  static const std::shared_ptr<MemoryBudget>& process();

  /// Takes `size` bytes if they fit; an empty reservation (size 0, though `size` is not) otherwise.
  Reservation try_reserve(std::size_t size);
  /// Takes them in any case: for what the consumer waits for, which must always make progress.
  Reservation force_reserve(std::size_t size);

  std::size_t limit() const noexcept { return limit_; }
  std::size_t in_use() const noexcept;
  std::size_t peak() const noexcept;

 private:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  struct Counters;
  std::size_t limit_;
  std::shared_ptr<Counters> counters_;
};

}  // namespace dbsql::result
