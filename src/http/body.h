#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dbsql::http {

/// Where the body of a request comes from when it is too large to be held in memory.
///
/// Threads: used by the thread that calls `Transport::send`, which it may block; never by an I/O
/// thread. Errors: what it throws ends the request and reaches the caller unchanged.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// Bytes of the whole body. Never changes: servers are told before the first byte.
  virtual std::uint64_t size() const = 0;

  /// Goes back to the first byte, for another attempt. \return false when it cannot: the request is
  /// then not repeated
  virtual bool rewind() = 0;

  /// Fills at least one byte of `into`; 0 only at the end of the body.
  virtual std::size_t read(std::span<std::byte> into) = 0;
};

/// Where the body of a 2xx reply goes when it is too large to be held in memory.
///
/// Threads and errors: as `BodySource`.
class BodySink {
 public:
  virtual ~BodySink() = default;

  /// A 2xx reply with a body has begun. \param size  of its body; nothing when the server does not
  /// say
  virtual void begin(std::optional<std::uint64_t> size) = 0;

  /// Forgets what was written, for another attempt. \return false when it cannot: the request is
  /// then not repeated
  virtual bool rewind() = 0;

  /// Takes all of `bytes`.
  virtual void write(std::span<const std::byte> bytes) = 0;
};

}  // namespace dbsql::http
