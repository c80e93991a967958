// Counts memory allocations and copied bytes of any program: LD_PRELOAD=libdbsql-bench-count.so.
//
// For the figure "copies per byte" (reference/performance.md 3.2 b). Copies that a compiler has put
// in line, and those of the kernel and of decoders, are not calls and are not counted. Counting
// costs time: never preload it where time counts.

#include "count/counters.h"

#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

namespace {

constexpr std::size_t kSmallestCopy = 64;

std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> allocated_bytes{0};
std::atomic<std::uint64_t> copied_bytes{0};

void count_allocation(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(size, std::memory_order_relaxed);
}

void count_copy(std::size_t size) noexcept {
  if (size >= kSmallestCopy) copied_bytes.fetch_add(size, std::memory_order_relaxed);
}

using Copy = void* (*)(void*, const void*, std::size_t);

// Usable before anything else is: the look-up of the real function may copy, too.
void* copy_forwards(void* target, const void* source, std::size_t size) noexcept {
  void* position = target;
  asm volatile("rep movsb" : "+D"(position), "+S"(source), "+c"(size) : : "memory");
  return target;
}

void* copy_backwards(void* target, const void* source, std::size_t size) noexcept {
  auto* to = static_cast<volatile char*>(target);
  const auto* from = static_cast<const volatile char*>(source);
  while (size-- > 0) to[size] = from[size];
  return target;
}

/// The next definition of a function after ours; null while it is being looked up.
class Real {
 public:
  explicit constexpr Real(const char* name) : name_(name) {}

  Copy get() noexcept {
    Copy function = function_.load(std::memory_order_acquire);
    if (function != nullptr || searching) return function;
    searching = true;
    function = reinterpret_cast<Copy>(::dlsym(RTLD_NEXT, name_));
    searching = false;
    function_.store(function, std::memory_order_release);
    return function;
  }

 private:
  static inline thread_local bool searching = false;
  const char* name_;
  std::atomic<Copy> function_{nullptr};
};

constinit Real real_memcpy("memcpy");
constinit Real real_memmove("memmove");

}  // namespace

extern "C" {

// The allocator of the C library under its own names.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

[[gnu::visibility("default")]] void dbsql_bench_read_counters(DbsqlBenchCounters* out) {
  out->allocations = allocations.load(std::memory_order_relaxed);
  out->allocated_bytes = allocated_bytes.load(std::memory_order_relaxed);
  out->copied_bytes = copied_bytes.load(std::memory_order_relaxed);
}

[[gnu::visibility("default")]] void* malloc(std::size_t size) {
  count_allocation(size);
  return __libc_malloc(size);
}

[[gnu::visibility("default")]] void* calloc(std::size_t count, std::size_t size) {
  count_allocation(count * size);
  return __libc_calloc(count, size);
}

[[gnu::visibility("default")]] void* realloc(void* memory, std::size_t size) {
  count_allocation(size);
  return __libc_realloc(memory, size);
}

[[gnu::visibility("default")]] void* memalign(std::size_t alignment, std::size_t size) {
  count_allocation(size);
  return __libc_memalign(alignment, size);
}

[[gnu::visibility("default")]] void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}

[[gnu::visibility("default")]] int posix_memalign(void** out, std::size_t alignment,
                                                  std::size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? 12 /* ENOMEM */ : 0;
}

[[gnu::visibility("default")]] void* memcpy(void* target, const void* source, std::size_t size) {
  count_copy(size);
  const Copy copy = real_memcpy.get();
  return copy != nullptr ? copy(target, source, size) : copy_forwards(target, source, size);
}

[[gnu::visibility("default")]] void* memmove(void* target, const void* source, std::size_t size) {
  count_copy(size);
  if (const Copy copy = real_memmove.get(); copy != nullptr) return copy(target, source, size);
  return target <= source ? copy_forwards(target, source, size)
                          : copy_backwards(target, source, size);
}

[[gnu::visibility("default")]] void* __memcpy_chk(void* target, const void* source,
                                                  std::size_t size, std::size_t) {
  return memcpy(target, source, size);
}

[[gnu::visibility("default")]] void* __memmove_chk(void* target, const void* source,
                                                   std::size_t size, std::size_t) {
  return memmove(target, source, size);
}
}
