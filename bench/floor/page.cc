#include "floor/page.h"

#include "wire/thrift_walk.h"

#include <arrow_ipc_generated.h>
#include <lz4.h>

#include <cstring>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::size_t kFrameHead = 7;      // magic, two descriptor bytes, their checksum
constexpr std::size_t kMessagePrefix = 8;  // continuation marker, metadata length
constexpr std::uint32_t kStoredBlock = 1U << 31;
constexpr std::int16_t kArrowBatches = 0x501;
constexpr std::int16_t kResultLinks = 0x502;
constexpr std::int16_t kDirectResults = 0x501;

std::uint32_t little_endian(const char* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t first_word(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

int buffers_beside_validity(std::string_view format) {
  if (format == "+s") return 0;
  return format == "u" ? 2 : 1;
}

BatchSpan read_batch(ThriftWalker& walker) {
  BatchSpan batch;
  while (const auto field = walker.next_field()) {
    if (field->id == 1) {
      batch.bytes = walker.string();
    } else if (field->id == 2) {
      batch.rows = walker.i64();
    } else {
      walker.skip(field->type);
    }
  }
  return batch;
}

/// The part of a block's work that depends on how it is stored; returns its decoded size.
std::size_t decode_block(const char* block, std::size_t size, bool stored, char* target,
                         std::size_t room) {
  if (stored) {
    if (size > room) throw std::runtime_error("LZ4: a block does not fit");
    std::memcpy(target, block, size);
    return size;
  }
  const int decoded = LZ4_decompress_safe(block, target, static_cast<int>(size),
                                          static_cast<int>(std::min<std::size_t>(room, 4 << 20)));
  if (decoded < 0) throw std::runtime_error("LZ4: a damaged block");
  return static_cast<std::size_t>(decoded);
}

std::string_view read_link(ThriftWalker& walker) {
  std::string_view url;
  while (const auto field = walker.next_field()) {
    if (field->id == 1) {
      url = walker.string();
    } else {
      walker.skip(field->type);
    }
  }
  return url;
}

}  // namespace

ThriftWalker list_in(std::span<const char> reply, std::int16_t id, std::int32_t& count) {
  const MessageHead head = read_message_head(reply);
  auto walker = head.method == "FetchResults"
                    ? find_begin(reply, head.body_at, {0, 3, id})
                    : find_begin(reply, head.body_at, {0, kDirectResults, 3, 3, id});
  if (!walker) throw std::runtime_error("the reply carries no rows of the expected form");
  walker->u8();  // the type of the elements
  count = walker->i32();
  return *walker;
}

void find_batches(std::span<const char> reply, std::vector<BatchSpan>& batches) {
  std::int32_t count = 0;
  ThriftWalker walker = list_in(reply, kArrowBatches, count);
  batches.clear();
  while (count-- > 0) batches.push_back(read_batch(walker));
}

void find_links(std::span<const char> reply, std::vector<std::string>& targets) {
  std::int32_t count = 0;
  ThriftWalker walker = list_in(reply, kResultLinks, count);
  targets.clear();
  while (count-- > 0) {
    const std::string_view url = read_link(walker);
    targets.emplace_back(url.substr(url.find('/', std::string_view("http://").size())));
  }
}

void find_messages(std::string_view stream, std::vector<BatchSpan>& batches) {
  batches.clear();
  std::size_t position = 0;
  while (position + kMessagePrefix <= stream.size()) {
    const char* begin = stream.data() + position;
    const std::size_t metadata_size = little_endian(begin + 4);
    if (metadata_size == 0) return;  // the end of the stream
    const auto* message = arrow::ipc::GetMessage(begin + kMessagePrefix);
    const std::size_t size =
        kMessagePrefix + metadata_size + static_cast<std::size_t>(message->body_length());
    if (const auto* batch = message->header_as_RecordBatch())
      batches.push_back({stream.substr(position, size), batch->length()});
    position += size;
  }
}

std::string_view decode_frame(std::string_view frame, ReusedMemory& memory) {
  std::size_t position = kFrameHead;
  std::size_t size = 0;
  while (true) {
    if (position + 4 > frame.size()) throw std::runtime_error("LZ4: a short frame");
    const std::uint32_t word = little_endian(frame.data() + position);
    position += 4;
    if (word == 0) return {memory.data(), size};
    const std::size_t block = word & ~kStoredBlock;
    if (position + block > frame.size()) throw std::runtime_error("LZ4: a short block");
    size += decode_block(frame.data() + position, block, (word & kStoredBlock) != 0,
                         memory.data() + size, memory.capacity() - size);
    position += block;
  }
}

Checksum touch_message(std::string_view message, const std::vector<ColumnSpec>& columns,
                       std::int64_t rows) {
  const std::size_t body_at = kMessagePrefix + little_endian(message.data() + 4);
  const char* body = message.data() + body_at;
  const auto* batch =
      arrow::ipc::GetMessage(message.data() + kMessagePrefix)->header_as_RecordBatch();
  const auto& buffers = *batch->buffers();
  Checksum sum{.rows = static_cast<std::uint64_t>(rows)};
  flatbuffers::uoffset_t index = 0;
  const auto touch = [&](const auto& self, const ColumnSpec& column) -> void {
    ++index;  // the validity bitmap
    for (int left = buffers_beside_validity(column.arrow_format); left > 0; --left, ++index) {
      const auto* buffer = buffers.Get(index);
      if (buffer->length() >= 8) sum.touch += first_word(body + buffer->offset());
    }
    for (const ColumnSpec& child : column.children) self(self, child);
  };
  for (const ColumnSpec& column : columns) touch(touch, column);
  return sum;
}

}  // namespace dbsql::bench
