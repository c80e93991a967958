#pragma once

#include "http/body.h"
#include "staging/local_file.h"

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace dbsql::staging {

/// Memory of the caller as the body of a PUT.
class BytesSource final : public http::BodySource {
 public:
  explicit BytesSource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t size() const override { return bytes_.size(); }
  bool rewind() override;
  std::size_t read(std::span<std::byte> into) override;

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// A stream of the caller as the body of a PUT, from its present position on. It can be sent again
/// when the stream can go back.
///
/// Errors: InvalidArgument when the stream fails or is shorter than declared.
class StreamSource final : public http::BodySource {
 public:
  StreamSource(std::istream& stream, std::uint64_t size);

  std::uint64_t size() const override { return size_; }
  bool rewind() override;
  std::size_t read(std::span<std::byte> into) override;

 private:
  std::istream& stream_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  std::streamoff start_;  // -1 = the stream cannot go back
};

/// A stream as a source: as it is when its size is given or it can be measured, else as a copy in a
/// temporary file, because storage services want to know the size first.
std::unique_ptr<http::BodySource> source_of(std::istream& stream,
                                            std::optional<std::uint64_t> size);

/// The caller's memory, filled by a GET.
class BytesSink final : public http::BodySink {
 public:
  explicit BytesSink(std::vector<std::byte>& bytes) : bytes_(bytes) { bytes_.clear(); }

  void begin(std::optional<std::uint64_t> size) override;
  bool rewind() override;
  void write(std::span<const std::byte> bytes) override;

 private:
  std::vector<std::byte>& bytes_;
};

/// The caller's stream, written by a GET: what has gone into it cannot be taken back.
///
/// Errors: ResourceExhausted when the stream takes nothing more.
class StreamSink final : public http::BodySink {
 public:
  explicit StreamSink(std::ostream& stream) : stream_(stream) {}

  void begin(std::optional<std::uint64_t>) override {}
  bool rewind() override { return !written_; }
  void write(std::span<const std::byte> bytes) override;
  void flush();

 private:
  std::ostream& stream_;
  bool written_ = false;
};

}  // namespace dbsql::staging
