#include "base/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace dbsql::base {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
// Below this, the allocator's own caches are as good as ours. What is larger than the largest slab
// is not kept.
constexpr std::size_t kSmallestSlab = std::size_t{64} << 10;
constexpr std::size_t kLargestSlab = std::size_t{64} << 20;
// Used and kept memory may exceed the most that was in use by so much, before slabs of other sizes
// are given up for a fresh one.
constexpr std::size_t kSlack = std::size_t{16} << 20;

std::size_t round_up(std::size_t size, std::size_t unit) {
  if (size > SIZE_MAX - unit) throw std::bad_alloc();
  return (size + unit - 1) / unit * unit;
}

/// The size that is really allocated for a request. Where slabs are reused there are four sizes to
/// a doubling: files of nearly the same size share a slab, and little of it stays unused.
std::size_t slab_size(std::size_t capacity) {
  if (capacity < kSmallestSlab) return round_up(std::max<std::size_t>(capacity, 1), kAlignment);
  if (capacity > kLargestSlab) return round_up(capacity, kHugePage);
  const std::size_t step = std::bit_floor(capacity) / 4;
  return round_up(capacity, capacity > kHugePage ? std::max(step, kHugePage) : step);
}

bool is_cacheable(std::size_t capacity) noexcept {
  return capacity >= kSmallestSlab && capacity <= kLargestSlab;
}

/// Kept slabs, by their size.
class SlabCache {
 public:
  std::size_t bytes() const noexcept { return bytes_; }

  /// A slab of at least that size, but not much more. Null when there is none.
  std::byte* take(std::size_t& capacity) noexcept {
    const std::size_t largest = capacity + capacity / 4;
    for (auto place = slabs_.lower_bound(capacity); place != slabs_.end(); ++place) {
      if (place->first > largest) return nullptr;
      if (place->second.empty()) continue;
      capacity = place->first;
      return take_from(*place);
    }
    return nullptr;
  }

  /// The largest; there must be one.
  std::byte* take_any() noexcept {
    auto place = slabs_.rbegin();
    while (place->second.empty()) ++place;
    return take_from(*place);
  }

  /// \throws std::bad_alloc
  void keep(std::size_t capacity, std::byte* data) {
    slabs_[capacity].push_back(data);
    bytes_ += capacity;
  }

 private:
  // A few dozen sizes at most, which stay once they have been seen.
  using Slabs = std::map<std::size_t, std::vector<std::byte*>>;

  std::byte* take_from(Slabs::value_type& place) noexcept {
    std::byte* slab = place.second.back();  // the last that came: the likeliest to be in a cache
    place.second.pop_back();
    bytes_ -= place.first;
    return slab;
  }

  Slabs slabs_;
  std::size_t bytes_ = 0;
};

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
  Stats stats;      // guarded by mutex; `cached_bytes` is in `cache`
  SlabCache cache;  // guarded by mutex

  void add_in_use_locked(std::size_t capacity) {
    stats.in_use_bytes += capacity;
    stats.most_in_use_bytes = std::max(stats.most_in_use_bytes, stats.in_use_bytes);
  }

  /// Gives kept slabs up until at most `limit` bytes of them are left.
  void shrink_locked(std::size_t limit) noexcept {
    while (cache.bytes() > limit) std::free(cache.take_any());
  }

  /// Before fresh memory comes: other slabs go when, with it, there would be too much.
  void make_way_locked() noexcept {
    shrink_locked(stats.most_in_use_bytes + kSlack - stats.in_use_bytes);
  }
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

/// A kept slab, or null after everything is ready for a fresh one.
std::byte* BufferArena::take_cached(std::size_t& capacity) {
  std::lock_guard lock(state_->mutex);
  std::byte* slab = is_cacheable(capacity) ? state_->cache.take(capacity) : nullptr;
  state_->add_in_use_locked(capacity);
  ++(slab != nullptr ? state_->stats.reused : state_->stats.fresh);
  if (slab == nullptr) state_->make_way_locked();
  return slab;
}

std::byte* BufferArena::take(std::size_t& capacity) {
  capacity = slab_size(capacity);
  if (std::byte* slab = take_cached(capacity)) return slab;
  try {
    return allocate_pages(capacity);
  } catch (...) {
    std::lock_guard lock(state_->mutex);
    state_->stats.in_use_bytes -= capacity;
    state_->stats.most_in_use_bytes = state_->stats.in_use_bytes;
    throw;
  }
}

void BufferArena::give_back(std::byte* data, std::size_t capacity) noexcept {
  {
    std::lock_guard lock(state_->mutex);
    state_->stats.in_use_bytes -= capacity;
    if (is_cacheable(capacity)) {
      try {
        state_->cache.keep(capacity, data);
        data = nullptr;
      } catch (
          const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): free it instead of keeping it
      }
    }
    if (state_->stats.in_use_bytes == 0) {
      state_->shrink_locked(state_->cache_limit);
      state_->stats.most_in_use_bytes = state_->cache.bytes();  // the next result may need as much
    }
  }
  std::free(data);
}

void BufferArena::trim() noexcept {
  std::lock_guard lock(state_->mutex);
  state_->shrink_locked(0);
}

BufferArena::Stats BufferArena::stats() const noexcept {
  std::lock_guard lock(state_->mutex);
  Stats stats = state_->stats;
  stats.cached_bytes = state_->cache.bytes();
  return stats;
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
