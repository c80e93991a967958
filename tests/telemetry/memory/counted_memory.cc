// Takes the place of the C++ allocation functions in this program, so that every one is counted.

#include "telemetry/memory/counted_memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace dbsql::test {
namespace {

thread_local std::uint64_t allocations = 0;
std::atomic<std::int64_t> live = 0;

void* counted(void* memory) noexcept {
  if (memory == nullptr) return nullptr;
  ++allocations;
  live.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  return memory;
}

void* counted_or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return counted(memory);
}

void* aligned(std::size_t size, std::align_val_t alignment) noexcept {
  void* memory = nullptr;
  const auto boundary = static_cast<std::size_t>(alignment);
  return posix_memalign(&memory, boundary, size) == 0 ? memory : nullptr;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  live.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

std::uint64_t allocations_of_this_thread() noexcept { return allocations; }
std::int64_t live_bytes() noexcept { return live.load(std::memory_order_relaxed); }

}  // namespace dbsql::test

using dbsql::test::aligned;
using dbsql::test::counted;
using dbsql::test::counted_or_throw;
using dbsql::test::give_back;

// NOLINTBEGIN: all of them in one place, as the language declares them
void* operator new(std::size_t size) { return counted_or_throw(std::malloc(size)); }
void* operator new[](std::size_t size) { return counted_or_throw(std::malloc(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(std::malloc(size));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return counted(std::malloc(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(aligned(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(aligned(size, alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
// NOLINTEND
