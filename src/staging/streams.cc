#include "staging/streams.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <istream>
#include <ostream>
#include <string>

namespace dbsql::staging {
namespace {

[[noreturn]] void fail_input(std::string_view why) {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("the input stream of the PUT ", why)});
}

[[noreturn]] void fail_output() {
  throw_error({.kind = ErrorKind::ResourceExhausted,
               .message = "the output stream of the GET takes no more bytes"});
}

/// Runs `action` on a stream of the caller, which may be set to throw whatever its buffer throws.
template <class Action, class Fail>
auto guarded(Action&& action, Fail&& fail) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (...) {
    return fail();
  }
}

/// Bytes from the present position to the end; nothing when the stream cannot tell.
std::optional<std::uint64_t> measure(std::istream& stream) {
  return guarded(
      [&]() -> std::optional<std::uint64_t> {
        const auto start = stream.tellg();
        if (start == std::istream::pos_type(-1)) {
          stream.clear(stream.rdstate() & ~std::ios_base::failbit);
          return std::nullopt;
        }
        stream.seekg(0, std::ios_base::end);
        const auto end = stream.tellg();
        stream.clear();
        stream.seekg(start);
        if (end == std::istream::pos_type(-1) || end < start || !stream) return std::nullopt;
        return static_cast<std::uint64_t>(end - start);
      },
      []() -> std::optional<std::uint64_t> { fail_input("cannot be read"); });
}

std::size_t read_some(std::istream& stream, std::span<std::byte> into) {
  return guarded(
      [&] {
        stream.read(reinterpret_cast<char*>(into.data()),
                    static_cast<std::streamsize>(into.size()));
        if (stream.bad()) fail_input("cannot be read");
        return static_cast<std::size_t>(stream.gcount());
      },
      [&]() -> std::size_t {
        // Set to throw at its end, too, where what was read is good.
        if (stream.eof() && !stream.bad()) return static_cast<std::size_t>(stream.gcount());
        fail_input("cannot be read");
      });
}

/// A file that has no name any more: it goes with its descriptor.
FileDescriptor temporary_file() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  std::string name = (folder / "dbsql-put-XXXXXX").string();
  FileDescriptor file(error ? -1 : ::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) throw_system_error(errno, "a temporary file for the PUT cannot be made");
  ::unlink(name.c_str());
  return file;
}

void write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(errno, "the temporary file of the PUT cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::unique_ptr<http::BodySource> spool(std::istream& stream) {
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  FileDescriptor file = temporary_file();
  const auto piece = std::make_unique_for_overwrite<std::byte[]>(kPiece);
  for (;;) {
    const std::size_t count = read_some(stream, {piece.get(), kPiece});
    write_all(file.get(), {piece.get(), count});
    if (count < kPiece) break;
  }
  return std::make_unique<FileSource>(std::move(file), "temporary copy of the input stream");
}

}  // namespace

bool BytesSource::rewind() {
  at_ = 0;
  return true;
}

std::size_t BytesSource::read(std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), bytes_.size() - at_);
  if (count > 0) std::memcpy(into.data(), bytes_.data() + at_, count);
  at_ += count;
  return count;
}

StreamSource::StreamSource(std::istream& stream, std::uint64_t size)
    : stream_(stream),
      size_(size),
      start_(guarded([&] { return std::streamoff(stream.tellg()); },
                     []() -> std::streamoff { fail_input("cannot be read"); })) {
  if (start_ < 0) stream_.clear(stream_.rdstate() & ~std::ios_base::failbit);
}

bool StreamSource::rewind() {
  if (at_ == 0) return true;
  if (start_ < 0) return false;
  return guarded(
      [&] {
        stream_.clear();
        stream_.seekg(start_);
        at_ = 0;
        return static_cast<bool>(stream_);
      },
      [] { return false; });
}

std::size_t StreamSource::read(std::span<std::byte> into) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - at_));
  if (wanted == 0) return 0;
  const std::size_t count = read_some(stream_, into.first(wanted));
  if (count == 0) {
    fail_input(base::concat("ended after ", at_, " of ", size_, " bytes"));
  }
  at_ += count;
  return count;
}

std::unique_ptr<http::BodySource> source_of(std::istream& stream,
                                            std::optional<std::uint64_t> size) {
  if (!stream.good()) fail_input("is not in a good state");
  if (!size) size = measure(stream);
  if (size) return std::make_unique<StreamSource>(stream, *size);
  return spool(stream);
}

void BytesSink::begin(std::optional<std::uint64_t> size) {
  // A declared size is a claim: no more than this is set aside before the bytes arrive.
  constexpr std::uint64_t kLargestReservation = std::uint64_t{64} << 20;
  bytes_.reserve(static_cast<std::size_t>(std::min(size.value_or(0), kLargestReservation)));
}

bool BytesSink::rewind() {
  bytes_.clear();
  return true;
}

void BytesSink::write(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void StreamSink::write(std::span<const std::byte> bytes) {
  written_ = true;
  guarded(
      [&] {
        stream_.write(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size()));
        if (!stream_) fail_output();
      },
      [] { fail_output(); });
}

void StreamSink::flush() {
  guarded(
      [&] {
        if (!stream_.flush()) fail_output();
      },
      [] { fail_output(); });
}

}  // namespace dbsql::staging
