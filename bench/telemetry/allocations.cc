// Takes the place of the C++ allocation functions in this program: each is counted, at the cost of
// two additions.

#include "telemetry/allocations.h"

#include <cstdlib>
#include <new>

namespace dbsql::bench {
namespace {

thread_local Allocations own;

void* counted(std::size_t size, void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  ++own.count;
  own.bytes += size;
  return memory;
}

}  // namespace

Allocations Allocations::of_this_thread() noexcept { return own; }

}  // namespace dbsql::bench

using dbsql::bench::counted;

// NOLINTBEGIN: all of them in one place, as the language declares them
void* operator new(std::size_t size) { return counted(size, std::malloc(size)); }
void* operator new[](std::size_t size) { return counted(size, std::malloc(size)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND
