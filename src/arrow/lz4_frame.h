#pragma once

#include "base/buffer.h"

#include <cstddef>
#include <span>
#include <string>

/// The LZ4 frame format, as result bodies use it (reference/results.md 1.6).
namespace dbsql::arrow {

/// More than this is never decompressed from one body unless the caller says so.
inline constexpr std::size_t kDefaultMaxOutput = std::size_t{2} << 30;

/// Whether the bytes begin as an LZ4 frame does; decides over what the metadata claims.
bool is_lz4_frame(std::span<const std::byte> body) noexcept;

/// Decompresses a body: one or more frames back to back, skippable frames skipped, checksums
/// verified.
///
/// Memory: 64-byte aligned, from the process's arena. Blocks are decoded straight to their final
/// place. With a
///   `size_hint` of the true size the memory is as large as that and never grows; without one it is
///   sized from the frames' block tables. The hint is only a hint: the frames decide.
/// Threads: safe from any thread.
/// \throws Error (CorruptResult) for an empty, truncated, damaged or oversized body, and for bytes
/// after the last frame
base::Buffer decompress_lz4_frames(std::span<const std::byte> body, std::size_t size_hint = 0,
                                   std::size_t max_output = kDefaultMaxOutput);

struct Lz4FrameOptions {
  bool checksums =
      false;  ///< of every block and of the content, as executors of real servers write them
};

/// One frame of independent 4 MiB blocks without a content size: the two descriptors that servers
/// send (reference/observed.md 5).
std::string compress_lz4_frame(std::span<const std::byte> content, Lz4FrameOptions options = {});

}  // namespace dbsql::arrow
