#include "base/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace dbsql::base {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
// Below this, the allocator's own caches are as good as ours. Above the largest class, memory is
// not kept.
constexpr unsigned kSmallestClass = 16;  // 64 KiB
constexpr unsigned kLargestClass = 26;   // 64 MiB
constexpr std::size_t kSmallestSlab = std::size_t{1} << kSmallestClass;

std::size_t round_up(std::size_t size, std::size_t unit) {
  if (size > SIZE_MAX - unit) throw std::bad_alloc();
  return (size + unit - 1) / unit * unit;
}

bool is_cacheable(std::size_t capacity) noexcept {
  return std::has_single_bit(capacity) && capacity >= kSmallestSlab &&
         capacity <= (std::size_t{1} << kLargestClass);
}

std::size_t class_of(std::size_t capacity) noexcept {
  return static_cast<std::size_t>(std::countr_zero(capacity)) - kSmallestClass;
}

/// The size that is really allocated for a request: a power of two where slabs are reused.
std::size_t slab_size(std::size_t capacity) {
  if (capacity < kSmallestSlab) return round_up(std::max<std::size_t>(capacity, 1), kAlignment);
  if (capacity <= (std::size_t{1} << kLargestClass)) return std::bit_ceil(capacity);
  return round_up(capacity, kHugePage);
}

std::byte* allocate_pages(std::size_t capacity) {
  // Aligned to a huge page, or the kernel could not use one (reference/performance.md 7, trap 14).
  const std::size_t alignment = capacity >= kHugePage ? kHugePage : kAlignment;
  void* memory = std::aligned_alloc(alignment, round_up(capacity, alignment));
  if (memory == nullptr) throw std::bad_alloc();
  if (capacity >= kHugePage)
    ::madvise(memory, capacity, MADV_HUGEPAGE);  // a wish: failure is harmless
  return static_cast<std::byte*>(memory);
}

}  // namespace

struct BufferArena::State {
  mutable std::mutex mutex;
  std::size_t cache_limit = 0;
  Stats stats;  // guarded by mutex
  std::array<std::vector<std::byte*>, kLargestClass - kSmallestClass + 1>
      cache;  // guarded by mutex
};

BufferArena::BufferArena(std::size_t cache_limit) : state_(std::make_unique<State>()) {
  state_->cache_limit = cache_limit;
}

BufferArena::~BufferArena() { trim(); }

BufferArena& BufferArena::process() {
  static auto* const arena =
      new BufferArena;  // leaked on purpose: Arrow data may be released at any time
  return *arena;
}

std::byte* BufferArena::take(std::size_t& capacity) {
  capacity = slab_size(capacity);
  {
    std::lock_guard lock(state_->mutex);
    state_->stats.in_use_bytes += capacity;
    if (is_cacheable(capacity)) {
      auto& slabs = state_->cache[class_of(capacity)];
      if (!slabs.empty()) {
        std::byte* slab = slabs.back();
        slabs.pop_back();
        state_->stats.cached_bytes -= capacity;
        ++state_->stats.reused;
        return slab;
      }
    }
    ++state_->stats.fresh;
  }
  try {
    return allocate_pages(capacity);
  } catch (...) {
    std::lock_guard lock(state_->mutex);
    state_->stats.in_use_bytes -= capacity;
    throw;
  }
}

void BufferArena::give_back(std::byte* data, std::size_t capacity) noexcept {
  {
    std::lock_guard lock(state_->mutex);
    state_->stats.in_use_bytes -= capacity;
    if (is_cacheable(capacity) && state_->stats.cached_bytes + capacity <= state_->cache_limit) {
      try {
        state_->cache[class_of(capacity)].push_back(data);
        state_->stats.cached_bytes += capacity;
        return;
      } catch (
          const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): free it instead of keeping it
      }
    }
  }
  std::free(data);
}

void BufferArena::trim() noexcept {
  std::lock_guard lock(state_->mutex);
  for (auto& slabs : state_->cache) {
    for (std::byte* slab : slabs) std::free(slab);
    slabs.clear();
  }
  state_->stats.cached_bytes = 0;
}

BufferArena::Stats BufferArena::stats() const noexcept {
  std::lock_guard lock(state_->mutex);
  return state_->stats;
}

MutableBuffer BufferArena::allocate(std::size_t capacity) {
  MutableBuffer buffer;
  buffer.arena_ = this;
  buffer.data_ = take(capacity);
  buffer.capacity_ = capacity;
  return buffer;
}

MutableBuffer::MutableBuffer(MutableBuffer&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

MutableBuffer& MutableBuffer::operator=(MutableBuffer&& other) noexcept {
  std::swap(arena_, other.arena_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

MutableBuffer::~MutableBuffer() {
  if (data_ != nullptr) arena_->give_back(data_, capacity_);
}

void MutableBuffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  BufferArena& arena = arena_ != nullptr ? *arena_ : BufferArena::process();
  MutableBuffer larger = arena.allocate(std::max(capacity, capacity_ + capacity_ / 2));
  if (size_ != 0) std::memcpy(larger.data_, data_, size_);
  larger.size_ = size_;
  *this = std::move(larger);
}

void MutableBuffer::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  reserve(size_ + bytes.size());
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

Buffer MutableBuffer::freeze() && {
  if (data_ == nullptr) return {};
  const std::span<const std::byte> bytes(data_, size_);
  auto owner = std::make_shared<MutableBuffer>(std::move(*this));
  return {std::shared_ptr<const void>(std::move(owner)), bytes};
}

Buffer Buffer::copy_of(std::string_view text) {
  MutableBuffer copy = BufferArena::process().allocate(text.size());
  copy.append(std::as_bytes(std::span(text.data(), text.size())));
  return std::move(copy).freeze();
}

}  // namespace dbsql::base
