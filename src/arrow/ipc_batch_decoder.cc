#include "arrow/ipc_batch_decoder.h"

#include <dbsql/error.h>

#include "arrow/bits.h"
#include "arrow/ipc_message.h"
#include "arrow/ipc_validate.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

#include <array>
#include <cstring>

namespace dbsql::arrow {
namespace {

// Empty buffers point here: consumers may expect an address, and the first offset of an empty
// column.
alignas(64) constexpr std::array<std::byte, 64> kNothing{};

// Arithmetic on lengths below this cannot overflow, and no buffer in memory can back a longer
// array.
constexpr std::int64_t kMaxLength = std::int64_t{1} << 40;

[[noreturn]] void corrupt_column(const TypeNode& type, std::string_view problem) {
  throw_corrupt_ipc(
      base::concat("column '", type.name, "' (", to_string(type.type.kind), ") ", problem));
}

bool is_misaligned(const base::Buffer& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % 8 != 0;
}

// The flatbuffers verifier checks that a vector's elements are there, but not that they are
// aligned.
template <class Struct>
void check_alignment(const flatbuffers::Vector<const Struct*>* structs) {
  if (structs == nullptr || structs->size() == 0) return;
  if (reinterpret_cast<std::uintptr_t>(structs->Data()) % alignof(Struct) == 0) return;
  throw_corrupt_ipc("the metadata of a message is malformed");
}

BodyCodec codec_of(const ipc::RecordBatch& batch) {
  const ipc::BodyCompression* compression = batch.compression();
  if (compression == nullptr) return BodyCodec::None;
  const bool per_buffer = compression->method() == ipc::BodyCompressionMethod::Buffer;
  if (per_buffer && compression->codec() == ipc::CompressionCodec::Lz4Frame) {
    return BodyCodec::Lz4Frame;
  }
  if (per_buffer && compression->codec() == ipc::CompressionCodec::Zstd) return BodyCodec::Zstd;
  throw_error({.kind = ErrorKind::NotSupported,
               .message = "the result is compressed by a method that is not supported; LZ4 and "
                          "Zstandard buffers are"});
}

// Another array over the memory of `array`, which `owner` keeps alive.
UniqueArray shared_view(const std::shared_ptr<const UniqueArray>& owner, const ArrowArray& array) {
  ArrayParts parts{
      .length = array.length, .null_count = array.null_count, .n_buffers = array.n_buffers};
  for (std::size_t i = 0; i < static_cast<std::size_t>(array.n_buffers); ++i) {
    parts.buffers[i] = array.buffers[i];
  }
  parts.owners[0] = owner;
  for (std::int64_t i = 0; i < array.n_children; ++i) {
    parts.children.push_back(shared_view(owner, *array.children[i]));
  }
  if (array.dictionary != nullptr) parts.dictionary = shared_view(owner, *array.dictionary);
  return make_array(std::move(parts));
}

}  // namespace

BatchDecoder::BatchDecoder(const ipc::RecordBatch& batch, const base::Buffer& body,
                           const Dictionaries& dictionaries, const DecodeLimits& limits)
    : body_(body),
      dictionaries_(dictionaries),
      batch_(batch),
      codec_(codec_of(batch)),
      length_(batch.length()),
      budget_(limits.max_decompressed) {
  if (length_ < 0 || length_ > limits.max_rows) {
    throw_corrupt_ipc(base::concat("a batch announces ", length_, " rows"));
  }
  check_alignment(batch.nodes());
  check_alignment(batch.buffers());
  const auto* variadic = batch.variadic_buffer_counts();
  if (variadic != nullptr && variadic->size() != 0) {
    throw_error({.kind = ErrorKind::NotSupported,
                 .message = "the result has string views, which are not supported"});
  }
}

std::vector<UniqueArray> BatchDecoder::columns(const std::vector<TypeNode>& types) {
  std::vector<UniqueArray> columns;
  columns.reserve(types.size());
  for (const TypeNode& type : types) columns.push_back(top_column(type));
  expect_nothing_left();
  return columns;
}

UniqueArray BatchDecoder::column_alone(const TypeNode& type) {
  UniqueArray values = top_column(type);
  expect_nothing_left();
  return values;
}

UniqueArray BatchDecoder::top_column(const TypeNode& type) {
  UniqueArray values = column(type);
  if (values->length != length_) {
    corrupt_column(type, base::concat("has ", values->length, " rows in a batch of ", length_));
  }
  return values;
}

void BatchDecoder::expect_nothing_left() const {
  const std::uint32_t nodes = batch_.nodes() == nullptr ? 0 : batch_.nodes()->size();
  const std::uint32_t buffers = batch_.buffers() == nullptr ? 0 : batch_.buffers()->size();
  if (next_node_ != nodes || next_buffer_ != buffers) {
    throw_corrupt_ipc("a batch has more columns or buffers than its schema");
  }
}

BatchDecoder::Node BatchDecoder::next_node(const TypeNode& type) {
  if (batch_.nodes() == nullptr || next_node_ >= batch_.nodes()->size()) {
    corrupt_column(type, "is missing from a batch");
  }
  const ipc::FieldNode& node = *batch_.nodes()->Get(next_node_++);
  if (node.length() < 0 || node.length() > kMaxLength) {
    corrupt_column(type, base::concat("announces ", node.length(), " values"));
  }
  if (node.null_count() < 0 || node.null_count() > node.length()) {
    corrupt_column(type, base::concat("announces ", node.null_count(), " nulls among ",
                                      node.length(), " values"));
  }
  return {type, node.length(), node.null_count()};
}

base::Buffer BatchDecoder::next_buffer(const TypeNode& type) {
  if (batch_.buffers() == nullptr || next_buffer_ >= batch_.buffers()->size()) {
    corrupt_column(type, "lacks a buffer");
  }
  const ipc::Buffer& place = *batch_.buffers()->Get(next_buffer_++);
  const auto body_size = static_cast<std::int64_t>(body_.size());
  if (place.offset() < 0 || place.length() < 0 || place.offset() > body_size ||
      place.length() > body_size - place.offset()) {
    corrupt_column(type, base::concat("has a buffer of ", place.length(), " bytes at ",
                                      place.offset(), " in a body of ", body_size));
  }
  const base::Buffer raw = body_.slice(static_cast<std::size_t>(place.offset()),
                                       static_cast<std::size_t>(place.length()));
  const base::Buffer buffer = decompress_body_buffer(codec_, raw, budget_);
  // Consumers read words: what is not aligned moves.
  return !buffer.empty() && is_misaligned(buffer) ? base::Buffer::copy_of(buffer.text()) : buffer;
}

void BatchDecoder::own(ArrayParts& parts, std::size_t slot, const base::Buffer& buffer) const {
  // One reference to the body is enough for all buffers of a node.
  for (std::size_t i = 0; i < slot; ++i) {
    if (parts.owners[i] == buffer.owner()) return;
  }
  parts.owners[slot] = buffer.owner();
}

void BatchDecoder::take_validity(const Node& node, ArrayParts& parts) {
  const base::Buffer bits = next_buffer(node.type);
  if (bits.empty() && node.null_count == 0) return;  // writers may leave out what says nothing
  if (bits.size() < static_cast<std::size_t>(bitmap_bytes(node.length))) {
    corrupt_column(node.type, "has a validity bitmap that is too short");
  }
  const auto* words = reinterpret_cast<const std::uint8_t*>(bits.data());
  if (node.length - count_set_bits(words, 0, node.length) != node.null_count) {
    corrupt_column(node.type, "has a null count that its validity bitmap contradicts");
  }
  if (node.null_count == 0) return;  // a missing bitmap is the fastest one to read
  parts.buffers[0] = words;
  own(parts, 0, bits);
}

const std::byte* BatchDecoder::take_values(const Node& node, ArrayParts& parts, std::size_t slot,
                                           std::size_t needed) {
  const base::Buffer values = next_buffer(node.type);
  if (values.size() < needed) {
    corrupt_column(node.type, base::concat("has ", values.size(), " bytes of values where ", needed,
                                           " are needed"));
  }
  const std::byte* address = values.empty() ? kNothing.data() : values.data();
  parts.buffers[slot] = address;
  if (!values.empty()) own(parts, slot, values);
  return address;
}

template <class Offset>
const Offset* BatchDecoder::take_offsets(const Node& node, ArrayParts& parts) {
  const std::size_t needed = (static_cast<std::size_t>(node.length) + 1) * sizeof(Offset);
  const base::Buffer offsets = next_buffer(node.type);
  if (node.length == 0 && offsets.size() < needed) {  // allowed for empty columns
    parts.buffers[1] = kNothing.data();
  } else if (offsets.size() < needed) {
    corrupt_column(node.type, base::concat("has ", offsets.size(), " bytes of offsets where ",
                                           needed, " are needed"));
  } else {
    parts.buffers[1] = offsets.data();
    own(parts, 1, offsets);
  }
  return static_cast<const Offset*>(parts.buffers[1]);
}

template <class Offset>
void BatchDecoder::decode_bytes(const Node& node, ArrayParts& parts) {
  const auto* offsets = take_offsets<Offset>(node, parts);
  const base::Buffer data = next_buffer(node.type);
  if (!offsets_are_valid(offsets, node.length, static_cast<std::int64_t>(data.size()))) {
    corrupt_column(node.type, "has offsets outside its data");
  }
  parts.buffers[2] = data.empty() ? kNothing.data() : data.data();
  if (!data.empty()) own(parts, 2, data);
}

template <class Offset>
void BatchDecoder::decode_list(const Node& node, ArrayParts& parts) {
  const auto* offsets = take_offsets<Offset>(node, parts);
  parts.children.push_back(column(node.type.children[0]));
  if (!offsets_are_valid(offsets, node.length, parts.children[0]->length)) {
    corrupt_column(node.type, "has offsets outside its values");
  }
}

void BatchDecoder::decode_fixed(const Node& node, ArrayParts& parts) {
  const auto width = static_cast<std::size_t>(node.type.type.byte_width);
  take_values(node, parts, 1, static_cast<std::size_t>(node.length) * width);
}

void BatchDecoder::decode_fixed_list(const Node& node, ArrayParts& parts) {
  const std::int64_t size = node.type.type.list_size;
  parts.children.push_back(column(node.type.children[0]));
  if (size != 0 && node.length > parts.children[0]->length / size) {
    corrupt_column(node.type, "has fewer values than its lists need");
  }
}

void BatchDecoder::decode_struct(const Node& node, ArrayParts& parts) {
  parts.children.reserve(node.type.children.size());
  for (const TypeNode& child : node.type.children) {
    parts.children.push_back(column(child));
    if (parts.children.back()->length < node.length) {
      corrupt_column(child, "has fewer values than the struct around it");
    }
  }
}

void BatchDecoder::attach_dictionary(const Node& node, ArrayParts& parts) {
  const auto found = dictionaries_.find(node.type.dictionary_id);
  if (found == dictionaries_.end()) {
    corrupt_column(node.type, "is dictionary-encoded, but its dictionary did not come");
  }
  const ArrowArray& values = **found->second;
  if (!indices_are_valid(node.type.type.kind, parts.buffers[1], node.length, parts.buffers[0],
                         values.length)) {
    corrupt_column(node.type, "has indices outside its dictionary");
  }
  parts.dictionary = shared_view(found->second, values);
}

UniqueArray BatchDecoder::column(const TypeNode& type) {
  const Node node = next_node(type);
  ArrayParts parts{
      .length = node.length, .null_count = node.null_count, .n_buffers = buffer_count(type.layout)};
  if (type.layout == Layout::Null) {
    parts.null_count = node.length;  // some writers say 0
    return make_array(std::move(parts));
  }
  take_validity(node, parts);
  switch (type.layout) {
    case Layout::Null:
      break;
    case Layout::Bits:
      take_values(node, parts, 1, static_cast<std::size_t>(bitmap_bytes(node.length)));
      break;
    case Layout::Fixed:
      decode_fixed(node, parts);
      break;
    case Layout::Bytes32:
      decode_bytes<std::int32_t>(node, parts);
      break;
    case Layout::Bytes64:
      decode_bytes<std::int64_t>(node, parts);
      break;
    case Layout::List32:
      decode_list<std::int32_t>(node, parts);
      break;
    case Layout::List64:
      decode_list<std::int64_t>(node, parts);
      break;
    case Layout::FixedList:
      decode_fixed_list(node, parts);
      break;
    case Layout::Struct:
      decode_struct(node, parts);
      break;
  }
  if (type.dictionary != nullptr) attach_dictionary(node, parts);
  return make_array(std::move(parts));
}

}  // namespace dbsql::arrow
