#include "http/streamed_bodies.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dbsql::http {

std::span<const std::byte> ByteRing::filled() const noexcept {
  const auto start = static_cast<std::size_t>(taken_ % capacity_);
  return {bytes_.get() + start, std::min(size(), capacity_ - start)};
}

std::span<std::byte> ByteRing::free() noexcept {
  const auto start = static_cast<std::size_t>(put_ % capacity_);
  return {bytes_.get() + start, std::min(room(), capacity_ - start)};
}

StreamedBodies::StreamedBodies(BodySource* source, BodySink* sink)
    : source_(source),
      sink_(sink),
      upload_size_(source != nullptr ? std::optional(source->size()) : std::nullopt),
      upload_(upload_size_.value_or(0) > 0 ? kRingBytes : 0),
      download_(sink != nullptr ? kRingBytes : 0),
      upload_ended_(upload_size_.value_or(0) == 0) {}

// ------------------------------------------------------------------------------------------------
// I/O thread

std::size_t StreamedBodies::give(std::span<std::byte> into) {
  std::size_t given = 0;
  {
    std::lock_guard lock(mutex_);
    const bool caller_is_awake = wants_upload_locked();
    while (given < into.size() && upload_.size() > 0) {
      const auto part = upload_.filled();
      const std::size_t count = std::min(part.size(), into.size() - given);
      std::memcpy(into.data() + given, part.data(), count);
      upload_.take(count);
      given += count;
    }
    upload_paused_ = given == 0;
    if (caller_is_awake || !wants_upload_locked()) return given;
  }
  changed_.notify_one();
  return given;
}

bool StreamedBodies::accept(std::span<const std::byte> bytes, std::optional<std::uint64_t> size) {
  bool caller_is_awake = false;
  {
    std::lock_guard lock(mutex_);
    download_paused_ = download_.room() < bytes.size();
    if (download_paused_) return false;
    caller_is_awake = has_download_locked();
    download_size_ = size;
    while (!bytes.empty()) {
      const auto room = download_.free();
      const std::size_t count = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), count);
      download_.put(count);
      bytes = bytes.subspan(count);
    }
  }
  if (!caller_is_awake) changed_.notify_one();
  return true;
}

bool StreamedBodies::is_paused() const {
  std::lock_guard lock(mutex_);
  return upload_paused_ || download_paused_;
}

void StreamedBodies::finish(Reply reply) {
  {
    std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
  }
  changed_.notify_one();
}

// ------------------------------------------------------------------------------------------------
// caller's thread

/// Half of the ring at a time: the source is asked for large pieces, and the caller wakes up
/// rarely.
bool StreamedBodies::wants_upload_locked() const noexcept {
  return !upload_ended_ && upload_.room() >= upload_.capacity() / 2;
}

bool StreamedBodies::has_download_locked() const noexcept { return download_.size() > 0; }

/// \return whether the transfer had paused for want of these bytes
bool StreamedBodies::read_source(std::unique_lock<std::mutex>& lock) {
  std::span<std::byte> room = upload_.free();
  room = room.first(
      static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), *upload_size_ - read_)));
  lock.unlock();
  const std::size_t count = source_->read(room);
  if (count == 0) {
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = base::concat("what was to be sent ended after ", read_, " of ",
                                         *upload_size_, " bytes")});
  }
  lock.lock();
  read_ += count;
  upload_.put(count);
  upload_ended_ = read_ == *upload_size_;
  return std::exchange(upload_paused_, false);
}

/// \return whether the transfer had paused for want of this room
bool StreamedBodies::write_sink(std::unique_lock<std::mutex>& lock) {
  const auto part = download_.filled();
  const auto size = download_size_;
  lock.unlock();
  if (!std::exchange(sink_has_begun_, true)) sink_->begin(size);
  sink_->write(part);
  lock.lock();
  download_.take(part.size());
  return download_.room() >= download_.capacity() / 2 && std::exchange(download_paused_, false);
}

Reply StreamedBodies::run(const base::CallContext& call, base::Clock& clock,
                          const std::function<void()>& resume) {
  std::unique_lock lock(mutex_);
  for (;;) {
    clock.wait(lock, changed_, call,
               [&] { return reply_ || has_download_locked() || wants_upload_locked(); });
    const bool failed = reply_ && std::holds_alternative<Failure>(*reply_);
    const bool has_download = has_download_locked() && !failed;
    if (reply_ && !has_download) return *std::move(reply_);
    base::check(call, clock);  // bytes that are always there must not keep a stop from being seen
    const bool was_paused = has_download ? write_sink(lock) : read_source(lock);
    if (!was_paused) continue;
    lock.unlock();
    resume();
    lock.lock();
  }
}

}  // namespace dbsql::http
