#pragma once

#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Compression of the single buffers inside an IPC message body.
namespace dbsql::arrow {

enum class BodyCodec : std::uint8_t { None, Lz4Frame, Zstd };

/// Undoes the compression of one buffer: eight bytes with the size (-1 = stored as it is), then the
/// compressed bytes.
///
/// \param buffer  as it lies in the body; an empty one stays empty
/// \param budget  bytes that may still be decompressed; reduced by what is used
/// \return a slice of `buffer` when it was stored, memory of its own otherwise
/// \throws Error (CorruptResult)
base::Buffer decompress_body_buffer(BodyCodec codec, const base::Buffer& buffer,
                                    std::size_t& budget);

/// The opposite; stores the bytes as they are when compression does not make them smaller.
std::string compress_body_buffer(BodyCodec codec, std::span<const std::byte> bytes);

}  // namespace dbsql::arrow
