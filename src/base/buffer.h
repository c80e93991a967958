#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace dbsql::base {

class BufferArena;

/// Immutable bytes with shared ownership: a result body, and every slice of it that an Arrow array
/// aliases. The memory goes back to its arena when the last copy is gone.
class Buffer {
 public:
  Buffer() = default;
  /// Bytes that `owner` keeps alive.
  Buffer(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  static Buffer copy_of(std::string_view text);

  const std::byte* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  /// A part of these bytes that shares their ownership. `offset + size` must lie inside.
  Buffer slice(std::size_t offset, std::size_t size) const {
    return {owner_, bytes_.subspan(offset, size)};
  }

  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

/// Writable memory of one owner, filled once and then frozen into a `Buffer`.
///
/// Memory: 64-byte aligned; contents uninitialised. `data()` stays put until `reserve` has to grow.
class MutableBuffer {
 public:
  MutableBuffer() = default;
  MutableBuffer(MutableBuffer&& other) noexcept;
  MutableBuffer& operator=(MutableBuffer&& other) noexcept;
  ~MutableBuffer();

  std::byte* data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::span<std::byte> free_space() noexcept { return {data_ + size_, capacity_ - size_}; }

  /// Makes room for at least `capacity` bytes; existing bytes are kept. Grows at least by half.
  void reserve(std::size_t capacity);
  void append(std::span<const std::byte> bytes);
  /// Declares the first `size` bytes (at most `capacity()`) as used, after writing into
  /// `free_space()`.
  void set_size(std::size_t size) noexcept { size_ = size; }

  /// Hands the bytes over as immutable; this object is empty afterwards.
  Buffer freeze() &&;

 private:
  friend class BufferArena;
  BufferArena* arena_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Reused, aligned, huge-page-friendly memory for result bodies. Fresh pages cost as much as
/// decoding (reference/performance.md 0, row 1; 5, row 1), so slabs are kept and handed out again.
///
/// Threads: safe from any thread.
/// Memory: while anything is in use, slabs of one size make room for those of another, so that used
/// and kept memory together stay near the most that was ever in use at once. When nothing is in use
/// any more, at most `cache_limit` bytes are kept.
class BufferArena {
 public:
  struct Stats {
    std::size_t in_use_bytes = 0;
    std::size_t cached_bytes = 0;
    std::size_t most_in_use_bytes = 0;  ///< by the results being read
    std::uint64_t reused = 0;           ///< allocations served without new pages
    std::uint64_t fresh = 0;
  };

  explicit BufferArena(std::size_t cache_limit = std::size_t{128} << 20);
  ~BufferArena();
  BufferArena(const BufferArena&) = delete;
  BufferArena& operator=(const BufferArena&) = delete;

  /// The arena of this process; never destroyed.
  static BufferArena& process();

  /// Memory of at least `capacity` bytes. \throws std::bad_alloc
  MutableBuffer allocate(std::size_t capacity);

  /// Gives all cached memory back to the system.
  void trim() noexcept;
  Stats stats() const noexcept;

 private:
  friend class MutableBuffer;
  struct State;
  std::byte* take(std::size_t& capacity);
  std::byte* take_cached(std::size_t& capacity);
  void give_back(std::byte* data, std::size_t capacity) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace dbsql::base
