#include "arrow/ipc_batch_encoder.h"

#include <dbsql/error.h>

#include "arrow/bits.h"
#include "arrow/ipc_framing.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

#include <cstring>
#include <memory>
#include <span>

namespace dbsql::arrow {
namespace {

void check_shape(const TypeNode& type, const ArrowArray& array, std::int64_t begin,
                 std::int64_t length) {
  const bool fits = array.release != nullptr && array.n_buffers == buffer_count(type.layout) &&
                    array.n_children == static_cast<std::int64_t>(type.children.size()) &&
                    (array.dictionary != nullptr) == (type.dictionary != nullptr) && begin >= 0 &&
                    length >= 0 && begin <= array.length && length <= array.length - begin;
  if (fits) return;
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("the Arrow array for column '", type.name,
                                       "' does not fit its type ", to_string(type.type.kind))});
}

std::int64_t count_nulls(const ArrowArray& array, std::int64_t position, std::int64_t length) {
  if (array.n_buffers == 0) return length;
  if (array.null_count == 0 || array.buffers[0] == nullptr) return 0;
  const auto* validity = static_cast<const std::uint8_t*>(array.buffers[0]);
  return length - count_set_bits(validity, position, length);
}

template <class T>
const T* at(const void* values, std::int64_t index) {
  return static_cast<const T*>(values) + index;
}

}  // namespace

void BatchEncoder::add_column(const TypeNode& type, const ArrowArray& array, std::int64_t begin,
                              std::int64_t length) {
  check_shape(type, array, begin, length);
  const std::int64_t position = array.offset + begin;
  const std::int64_t nulls = count_nulls(array, position, length);
  nodes_.push_back({length, nulls});
  if (type.layout == Layout::Null) return;
  add_validity(array, position, length, nulls);
  switch (type.layout) {
    case Layout::Null:
      break;
    case Layout::Bits:
      add_bits(array.buffers[1], position, length);
      break;
    case Layout::Fixed:
      add_values(type, array, position, length);
      break;
    case Layout::Bytes32:
      add_bytes<std::int32_t>(array, position, length);
      break;
    case Layout::Bytes64:
      add_bytes<std::int64_t>(array, position, length);
      break;
    case Layout::List32:
      add_list<std::int32_t>(type, array, position, length);
      break;
    case Layout::List64:
      add_list<std::int64_t>(type, array, position, length);
      break;
    case Layout::FixedList:
      add_column(type.children[0], *array.children[0], position * type.type.list_size,
                 length * type.type.list_size);
      break;
    case Layout::Struct:
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        add_column(type.children[i], *array.children[i], position, length);
      }
      break;
  }
}

void BatchEncoder::add_validity(const ArrowArray& array, std::int64_t position, std::int64_t length,
                                std::int64_t nulls) {
  if (nulls != 0) return add_bits(array.buffers[0], position, length);
  // Servers write the bitmap of a column without nulls too.
  const auto size = static_cast<std::size_t>(bitmap_bytes(length));
  std::byte* bits = scratch(size);
  fill_bits(reinterpret_cast<std::uint8_t*>(bits), length);
  add_buffer(bits, size);
}

void BatchEncoder::add_bits(const void* bits, std::int64_t position, std::int64_t length) {
  const auto size = static_cast<std::size_t>(bitmap_bytes(length));
  std::byte* copy = scratch(size);
  copy_bits(static_cast<const std::uint8_t*>(bits), position, length,
            reinterpret_cast<std::uint8_t*>(copy));
  add_buffer(copy, size);
}

void BatchEncoder::add_values(const TypeNode& type, const ArrowArray& array, std::int64_t position,
                              std::int64_t length) {
  const std::int64_t width = type.type.byte_width;
  add_buffer(at<std::byte>(array.buffers[1], position * width),
             static_cast<std::size_t>(length * width));
}

// Returns the first and the last offset: the part of the data, or of the child, that the rows use.
template <class Offset>
std::pair<std::int64_t, std::int64_t> BatchEncoder::add_offsets(const ArrowArray& array,
                                                                std::int64_t position,
                                                                std::int64_t length) {
  static constexpr Offset kZero = 0;
  if (length == 0) {  // such arrays may come without offsets
    add_buffer(&kZero, sizeof kZero);
    return {0, 0};
  }
  const auto* offsets = at<Offset>(array.buffers[1], position);
  const Offset first = offsets[0];
  const std::size_t size = (static_cast<std::size_t>(length) + 1) * sizeof(Offset);
  if (first == 0) {
    add_buffer(offsets, size);
  } else {
    auto* rebased = reinterpret_cast<Offset*>(scratch(size));
    for (std::int64_t i = 0; i <= length; ++i) {
      rebased[i] = static_cast<Offset>(offsets[i] - first);
    }
    add_buffer(rebased, size);
  }
  return {first, offsets[length]};
}

template <class Offset>
void BatchEncoder::add_bytes(const ArrowArray& array, std::int64_t position, std::int64_t length) {
  const auto [first, last] = add_offsets<Offset>(array, position, length);
  add_buffer(at<std::byte>(array.buffers[2], first), static_cast<std::size_t>(last - first));
}

template <class Offset>
void BatchEncoder::add_list(const TypeNode& type, const ArrowArray& array, std::int64_t position,
                            std::int64_t length) {
  const auto [first, last] = add_offsets<Offset>(array, position, length);
  add_column(type.children[0], *array.children[0], first, last - first);
}

std::byte* BatchEncoder::scratch(std::size_t size) {
  scratch_.push_back(base::BufferArena::process().allocate(size));
  return scratch_.back().data();
}

void BatchEncoder::add_buffer(const void* data, std::size_t size) {
  std::string_view bytes(static_cast<const char*>(data), size);
  if (options_.codec != BodyCodec::None) {
    compressed_.push_back(std::make_unique<const std::string>(compress_body_buffer(
        options_.codec, std::as_bytes(std::span(bytes.data(), bytes.size())))));
    bytes = *compressed_.back();
  }
  parts_.push_back({static_cast<std::int64_t>(body_size_), bytes});
  body_size_ += bytes.size() + padding(bytes.size()).size();
}

std::string BatchEncoder::metadata(std::int64_t rows, std::optional<std::int64_t> dictionary_id) {
  flatbuffers::FlatBufferBuilder builder;
  const auto nodes = builder.CreateVectorOfStructs<ipc::FieldNode>(
      nodes_.size(), [&](std::size_t i, ipc::FieldNode* node) {
        *node = ipc::FieldNode(nodes_[i].length, nodes_[i].null_count);
      });
  const auto buffers = builder.CreateVectorOfStructs<ipc::Buffer>(
      parts_.size(), [&](std::size_t i, ipc::Buffer* buffer) {
        *buffer = ipc::Buffer(parts_[i].offset, static_cast<std::int64_t>(parts_[i].bytes.size()));
      });
  flatbuffers::Offset<ipc::BodyCompression> compression;
  if (options_.codec != BodyCodec::None) {
    compression = ipc::CreateBodyCompression(builder, options_.codec == BodyCodec::Zstd
                                                          ? ipc::CompressionCodec::Zstd
                                                          : ipc::CompressionCodec::Lz4Frame);
  }
  const auto batch = ipc::CreateRecordBatch(builder, rows, nodes, buffers, compression);
  auto header = batch.Union();
  auto kind = ipc::MessageHeader::RecordBatch;
  if (dictionary_id) {
    header = ipc::CreateDictionaryBatch(builder, *dictionary_id, batch).Union();
    kind = ipc::MessageHeader::DictionaryBatch;
  }
  builder.Finish(ipc::CreateMessage(builder, ipc::MetadataVersion::V5, kind, header,
                                    static_cast<std::int64_t>(body_size_)));
  return framed(builder.GetBufferPointer(), builder.GetSize());
}

void BatchEncoder::write_body(const ByteSink& sink) const {
  for (const Part& part : parts_) {
    if (!part.bytes.empty()) sink(part.bytes);
    const std::string_view pad = padding(part.bytes.size());
    if (!pad.empty()) sink(pad);
  }
}

}  // namespace dbsql::arrow
