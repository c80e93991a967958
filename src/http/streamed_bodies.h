#pragma once

#include "base/clock.h"
#include "http/body.h"
#include "http/transport.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace dbsql::http {

/// A bounded queue of bytes. Threads: callers synchronise; the part that `filled` or `free` shows
/// may be read or written without the lock, by the one thread that takes or puts.
class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity)
      : bytes_(capacity > 0 ? std::make_unique_for_overwrite<std::byte[]>(capacity) : nullptr),
        capacity_(capacity) {}

  std::size_t size() const noexcept { return static_cast<std::size_t>(put_ - taken_); }
  std::size_t room() const noexcept { return capacity_ - size(); }
  std::size_t capacity() const noexcept { return capacity_; }

  /// The oldest bytes, up to the end of the memory.
  std::span<const std::byte> filled() const noexcept;
  /// The room behind the newest bytes, up to the end of the memory.
  std::span<std::byte> free() noexcept;
  void put(std::size_t count) noexcept { put_ += count; }
  void take(std::size_t count) noexcept { taken_ += count; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_;
  std::uint64_t put_ = 0;
  std::uint64_t taken_ = 0;
};

/// One request whose bodies do not fit into memory, between its caller and the I/O thread.
///
/// The caller's thread reads the source and writes the sink: both may block, and may be the user's.
/// The I/O thread only copies to and from a ring of fixed size, and pauses the transfer while there
/// is nothing to copy.
///
/// Ownership: shared by the caller and the transfer; source and sink belong to the caller.
class StreamedBodies {
 public:
  static constexpr std::size_t kRingBytes = std::size_t{1} << 20;

  StreamedBodies(BodySource* source, BodySink* sink);

  /// Bytes of the request's body; nothing when it has none of its own.
  std::optional<std::uint64_t> upload_size() const noexcept { return upload_size_; }
  bool has_sink() const noexcept { return sink_ != nullptr; }

  // I/O thread.

  /// Fills `into`; 0 when the caller has brought nothing yet: the transfer has to pause.
  std::size_t give(std::span<std::byte> into);
  /// Takes bytes of the reply; false when there is no room: the transfer has to pause.
  /// \param size  declared for the whole body
  bool accept(std::span<const std::byte> bytes, std::optional<std::uint64_t> size);
  /// Whether the transfer waits for the caller and not for the server.
  bool is_paused() const;
  void finish(Reply reply);

  // Caller's thread.

  /// Moves bytes until the reply is complete. \param resume  lets a paused transfer go on
  /// \throws what source and sink throw; TimeoutError, CancelledError as `call` demands
  Reply run(const base::CallContext& call, base::Clock& clock, const std::function<void()>& resume);

 private:
  bool wants_upload_locked() const noexcept;
  bool has_download_locked() const noexcept;
  bool read_source(std::unique_lock<std::mutex>& lock);
  bool write_sink(std::unique_lock<std::mutex>& lock);

  BodySource* const source_;
  BodySink* const sink_;
  const std::optional<std::uint64_t> upload_size_;
  std::uint64_t read_ = 0;       // of the source; the caller's alone
  bool sink_has_begun_ = false;  // the caller's alone

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  ByteRing upload_;                             // guarded by mutex_
  ByteRing download_;                           // guarded by mutex_
  bool upload_ended_ = false;                   // guarded by mutex_; all of the source was read
  bool upload_paused_ = false;                  // guarded by mutex_
  bool download_paused_ = false;                // guarded by mutex_
  std::optional<std::uint64_t> download_size_;  // guarded by mutex_; as declared
  std::optional<Reply> reply_;                  // guarded by mutex_
};

}  // namespace dbsql::http
