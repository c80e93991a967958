// links: dbsql_arrow
//
// LZ4-framed bodies from outside. The first two bytes give the size hint; output is capped at 1
// MiB. Input that is no frame is also compressed and must come back as it was. The mutator starts
// from valid bodies of its own.

#include <dbsql/error.h>

#include "arrow/lz4_frame.h"
#include "arrow/lz4_stream.h"
#include "base/buffer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace {

constexpr std::size_t kMaxOutput = std::size_t{1} << 20;

void expect(bool condition) {
  if (!condition) std::abort();
}

void round_trip(std::span<const std::byte> bytes, bool checksums) {
  const std::string frame = dbsql::arrow::compress_lz4_frame(bytes, {.checksums = checksums});
  const auto content =
      dbsql::arrow::decompress_lz4_frames(std::as_bytes(std::span(frame.data(), frame.size())));
  expect(content.size() == bytes.size());
  expect(bytes.empty() || std::memcmp(content.data(), bytes.data(), bytes.size()) == 0);
}

using Outcome = std::optional<std::string>;  // nothing: the body was refused

template <class Read>
Outcome outcome_of(const Read& read) {
  try {
    return read();
  } catch (const dbsql::Error& error) {
    expect(error.kind() == dbsql::ErrorKind::CorruptResult);
    return std::nullopt;
  }
}

/// The content of a body that arrives in pieces.
std::string read_growing(std::span<const std::byte> body, std::size_t hint, std::size_t step) {
  dbsql::arrow::Lz4Stream stream(
      [](std::size_t capacity) {
        return std::make_shared<dbsql::base::MutableBuffer>(
            dbsql::base::BufferArena::process().allocate(capacity));
      },
      hint, kMaxOutput);
  std::string content;
  for (std::size_t size = 0; size < body.size();) {
    size = std::min(size + step, body.size());
    while (stream.advance(body.first(size))) {
      const std::size_t some = stream.unread().size() / 2;
      content += stream.unread().text().substr(0, some);
      stream.skip(some);
    }
  }
  stream.require_end(body);
  return content += stream.unread().text();
}

/// Hint, then one to three frames of repetitive content.
std::string valid_input(std::uint32_t seed) {
  std::string content;
  for (std::uint32_t i = 0; i < seed % 200; ++i) content += std::to_string(i * seed % 1000);
  std::string input(2, static_cast<char>(seed >> 16));
  for (std::uint32_t frame = 0; frame <= (seed >> 8) % 3; ++frame) {
    input +=
        dbsql::arrow::compress_lz4_frame(std::as_bytes(std::span(content.data(), content.size())),
                                         {.checksums = ((seed >> 10) & 1) != 0});
  }
  return input;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  if (size < 8 || seed % 64 == 0) {
    const std::string input = valid_input(seed / 64);
    size = std::min(input.size(), max_size);
    std::memcpy(data, input.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint16_t hint = 0;
  if (size < sizeof hint) return 0;
  std::memcpy(&hint, data, sizeof hint);
  const auto bytes = std::as_bytes(std::span(data + sizeof hint, size - sizeof hint));
  const auto whole = [&](std::size_t size_hint) {
    return outcome_of([&] {
      return std::string(dbsql::arrow::decompress_lz4_frames(bytes, size_hint, kMaxOutput).text());
    });
  };
  const Outcome content = whole(hint);
  expect(!content || content->size() <= kMaxOutput);
  // Neither the hint nor the way it arrives changes the outcome.
  expect(whole(0) == content);
  expect(outcome_of([&] { return read_growing(bytes, hint, hint % 97 + 1U); }) == content);
  if (!dbsql::arrow::is_lz4_frame(bytes)) round_trip(bytes, (hint & 1) != 0);
  return 0;
}
