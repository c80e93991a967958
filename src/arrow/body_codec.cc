#include "arrow/body_codec.h"

#include <dbsql/error.h>

#include "arrow/ipc_message.h"
#include "arrow/lz4_frame.h"
#include "base/text.h"

#include <zstd.h>

#include <cstring>
#include <memory>

namespace dbsql::arrow {
namespace {

constexpr std::int64_t kStored = -1;

base::Buffer decompress_zstd(std::span<const std::byte> compressed, std::size_t size) {
  const auto declared = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  const bool known = declared != ZSTD_CONTENTSIZE_UNKNOWN && declared != ZSTD_CONTENTSIZE_ERROR;
  if (declared == ZSTD_CONTENTSIZE_ERROR || (known && declared != size)) {
    throw_corrupt_ipc("a Zstandard buffer does not have the size it announces");
  }
  // The context is large; one per thread is made once and kept.
  static thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(
      ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) throw std::bad_alloc();
  auto out = base::BufferArena::process().allocate(size);
  const std::size_t written =
      ZSTD_decompressDCtx(context.get(), out.data(), size, compressed.data(), compressed.size());
  if (ZSTD_isError(written) != 0 || written != size) {
    throw_corrupt_ipc("a Zstandard buffer cannot be decompressed");
  }
  out.set_size(size);
  return std::move(out).freeze();
}

base::Buffer decompress_lz4(std::span<const std::byte> compressed, std::size_t size) {
  base::Buffer out = decompress_lz4_frames(compressed, size, size);
  if (out.size() != size) {
    throw_corrupt_ipc("an LZ4 buffer does not have the size it announces");
  }
  return out;
}

std::string compress_zstd(std::span<const std::byte> bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t written =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(written) != 0) {
    throw_error(
        {.kind = ErrorKind::Internal,
         .message = base::concat("Zstandard compression failed: ", ZSTD_getErrorName(written))});
  }
  out.resize(written);
  return out;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

base::Buffer decompress_body_buffer(BodyCodec codec, const base::Buffer& buffer,
                                    std::size_t& budget) {
  if (codec == BodyCodec::None || buffer.empty()) return buffer;
  std::int64_t size = 0;
  if (buffer.size() < sizeof size) {
    throw_corrupt_ipc("a compressed buffer is too short for its size");
  }
  std::memcpy(&size, buffer.data(), sizeof size);
  base::Buffer rest = buffer.slice(sizeof size, buffer.size() - sizeof size);
  if (size == kStored) return rest;
  if (size < 0 || static_cast<std::uint64_t>(size) > budget) {
    throw_corrupt_ipc(
        base::concat("a compressed buffer announces ", size, " bytes, more than is allowed"));
  }
  const auto wanted = static_cast<std::size_t>(size);
  budget -= wanted;
  if (wanted == 0) return {};
  return codec == BodyCodec::Lz4Frame ? decompress_lz4(rest.bytes(), wanted)
                                      : decompress_zstd(rest.bytes(), wanted);
}

std::string compress_body_buffer(BodyCodec codec, std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  std::string compressed =
      codec == BodyCodec::Lz4Frame ? compress_lz4_frame(bytes) : compress_zstd(bytes);
  auto size = static_cast<std::int64_t>(bytes.size());
  std::string_view content = compressed;
  if (compressed.size() >= bytes.size()) {
    size = kStored;
    content = as_text(bytes);
  }
  std::string out;
  out.reserve(sizeof size + content.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(content);
  return out;
}

}  // namespace dbsql::arrow
