#pragma once

#include <atomic>
#include <memory>

namespace dbsql::base {

/// How many forks lie between the program's start and this process. A child has none of the
/// threads of its parent, and locks may be held in it for ever: what was made before a fork must be
/// left alone after it.
int fork_generation() noexcept;

/// The one object of a type in this process, made when it is first asked for and never destroyed;
/// a new one in a child.
template <class Object>
Object& one_per_process() {
  struct Slot {
    Object* object;
    int generation;
  };
  static std::atomic<const Slot*> current = nullptr;
  const int generation = fork_generation();
  const Slot* slot = current.load(std::memory_order_acquire);
  while (slot == nullptr || slot->generation != generation) {
    auto object = std::make_unique<Object>();
    auto mine = std::make_unique<const Slot>(Slot{object.get(), generation});
    if (!current.compare_exchange_strong(slot, mine.get(), std::memory_order_acq_rel)) continue;
    static_cast<void>(object.release());  // on purpose: nothing of this ends with static objects
    slot = mine.release();
  }
  return *slot->object;
}

}  // namespace dbsql::base
