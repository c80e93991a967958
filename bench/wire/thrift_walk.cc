#include "wire/thrift_walk.h"

#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::int32_t kVersionMask = static_cast<std::int32_t>(0xFFFF0000U);
constexpr std::int32_t kVersion1 = static_cast<std::int32_t>(0x80010000U);

std::uint64_t big_endian(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::size_t count(std::int32_t value) {
  if (value < 0) throw std::out_of_range("Thrift: a negative size");
  return static_cast<std::size_t>(value);
}

}  // namespace

const char* ThriftWalker::take(std::size_t size) {
  if (size > message_.size() - position_) throw std::out_of_range("Thrift: the message is short");
  const char* bytes = message_.data() + position_;
  position_ += size;
  return bytes;
}

std::uint8_t ThriftWalker::u8() { return static_cast<std::uint8_t>(*take(1)); }
std::int16_t ThriftWalker::i16() { return static_cast<std::int16_t>(big_endian(take(2), 2)); }
std::int32_t ThriftWalker::i32() { return static_cast<std::int32_t>(big_endian(take(4), 4)); }
std::int64_t ThriftWalker::i64() { return static_cast<std::int64_t>(big_endian(take(8), 8)); }

std::string_view ThriftWalker::string() {
  const std::size_t size = count(i32());
  return {take(size), size};
}

void ThriftWalker::skip(WireType type) {
  switch (type) {
    case WireType::Bool:
    case WireType::Byte:
      take(1);
      return;
    case WireType::I16:
      take(2);
      return;
    case WireType::I32:
      take(4);
      return;
    case WireType::Double:
    case WireType::I64:
      take(8);
      return;
    case WireType::String:
      string();
      return;
    case WireType::Struct:
      while (const auto field = next_field()) skip(field->type);
      return;
    case WireType::Set:
    case WireType::List: {
      const auto element = static_cast<WireType>(u8());
      for (std::size_t left = count(i32()); left > 0; --left) skip(element);
      return;
    }
    case WireType::Map: {
      const auto key = static_cast<WireType>(u8());
      const auto value = static_cast<WireType>(u8());
      for (std::size_t left = count(i32()); left > 0; --left) {
        skip(key);
        skip(value);
      }
      return;
    }
    case WireType::Stop:
      break;
  }
  throw std::out_of_range("Thrift: an unknown type");
}

std::optional<ThriftWalker::Field> ThriftWalker::next_field() {
  const auto type = static_cast<WireType>(u8());
  if (type == WireType::Stop) return std::nullopt;
  return Field{.type = type, .id = i16()};
}

MessageHead read_message_head(std::span<const char> message) {
  ThriftWalker walker(message);
  if ((walker.i32() & kVersionMask) != kVersion1)
    throw std::out_of_range("Thrift: not a strict message of the binary protocol");
  MessageHead head;
  head.method = walker.string();
  head.sequence_id_at = walker.position();
  head.sequence_id = walker.i32();
  head.body_at = walker.position();
  return head;
}

namespace {

/// Moves the walker to a value, and tells its type.
std::optional<WireType> walk_to(ThriftWalker& walker, std::initializer_list<std::int16_t> path) {
  for (auto step = path.begin(); step != path.end();) {
    const auto field = walker.next_field();
    if (!field) return std::nullopt;
    if (field->id != *step) {
      walker.skip(field->type);
      continue;
    }
    if (++step == path.end()) return field->type;
    if (field->type != WireType::Struct) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Place> find_value(std::span<const char> message, std::size_t struct_at,
                                std::initializer_list<std::int16_t> path) {
  ThriftWalker walker(message, struct_at);
  const auto type = walk_to(walker, path);
  if (!type) return std::nullopt;
  const std::size_t begin = walker.position();
  walker.skip(*type);
  return Place{.begin = begin, .end = walker.position()};
}

std::optional<ThriftWalker> find_begin(std::span<const char> message, std::size_t struct_at,
                                       std::initializer_list<std::int16_t> path) {
  ThriftWalker walker(message, struct_at);
  if (!walk_to(walker, path)) return std::nullopt;
  return walker;
}

}  // namespace dbsql::bench
