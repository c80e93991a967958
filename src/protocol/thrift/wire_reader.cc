#include "protocol/thrift/wire_reader.h"

#include <dbsql/error.h>

#include "base/text.h"

namespace dbsql::protocol::thrift {

namespace {

constexpr int kDeepestNesting = 64;

template <class Unsigned>
Unsigned load_big_endian(const std::byte* at) noexcept {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i)  // one load and one swap, as compiled
    value = static_cast<Unsigned>(value << 8U | std::to_integer<Unsigned>(at[i]));
  return value;
}

}  // namespace

void WireReader::fail(std::string_view what) const {
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = base::concat("the server's Thrift reply cannot be read: ", what,
                                       " (byte ", at_, " of ", bytes_.size(), ")")});
}

template <class Unsigned>
Unsigned WireReader::read_big_endian() {
  require(sizeof(Unsigned));
  const auto value = load_big_endian<Unsigned>(bytes_.data() + at_);
  at_ += sizeof(Unsigned);
  return value;
}

bool WireReader::read_bool() { return read_byte() != 0; }

std::int8_t WireReader::read_byte() {
  require(1);
  return static_cast<std::int8_t>(bytes_[at_++]);
}

std::int16_t WireReader::read_i16() {
  return static_cast<std::int16_t>(read_big_endian<std::uint16_t>());
}
std::int32_t WireReader::read_i32() {
  return static_cast<std::int32_t>(read_big_endian<std::uint32_t>());
}
std::int64_t WireReader::read_i64() {
  return static_cast<std::int64_t>(read_big_endian<std::uint64_t>());
}

std::span<const std::byte> WireReader::read_binary() {
  const std::int32_t size = read_i32();
  if (size < 0) fail("a string has a negative length");
  return take(size, 1);
}

std::span<const std::byte> WireReader::take_strings(std::int64_t count) {
  // In registers: for columns of short texts this loop is what reading a page costs.
  const std::byte* const begin = bytes_.data() + at_;
  const std::byte* const end = bytes_.data() + bytes_.size();
  const std::byte* at = begin;
  for (std::int64_t i = 0; i < count; ++i) {
    if (end - at < 4) fail("it ends too early");
    const auto size = static_cast<std::int32_t>(load_big_endian<std::uint32_t>(at));
    if (size < 0) fail("a string has a negative length");
    at += 4;
    if (end - at < size) fail("it ends too early");
    at += size;
  }
  at_ += static_cast<std::size_t>(at - begin);
  return {begin, at};
}

std::string_view WireReader::read_string() {
  const auto bytes = read_binary();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

WireReader::Field WireReader::read_field() {
  Field field;
  field.type = static_cast<WireType>(read_byte());
  if (field.type != WireType::Stop) field.id = read_i16();
  return field;
}

WireType WireReader::read_element_type() {
  // Also where there are no elements: the generated code makes an enumerator of whatever stands
  // here.
  const auto type = static_cast<WireType>(read_byte());
  if (type > WireType::List) fail("a list or map has elements of an unknown type");
  return type;
}

WireReader::List WireReader::read_list() {
  List list;
  list.element = read_element_type();
  list.count = read_i32();
  // Every element takes at least one byte, so a larger count is a lie, told to make the reader
  // allocate.
  if (list.count < 0 || static_cast<std::size_t>(list.count) > remaining())
    fail("a list declares more elements than there are bytes");
  return list;
}

std::span<const std::byte> WireReader::take(std::int64_t count, std::size_t width) {
  if (count < 0 || static_cast<std::uint64_t>(count) > remaining() / width)
    fail("it ends too early");
  const auto bytes = bytes_.subspan(at_, static_cast<std::size_t>(count) * width);
  at_ += bytes.size();
  return bytes;
}

std::span<const std::byte> WireReader::take_struct() {
  const std::size_t start = at_;
  skip(WireType::Struct, 0);
  return bytes_.subspan(start, at_ - start);
}

std::size_t WireReader::fixed_width(WireType type) noexcept {
  switch (type) {
    case WireType::Bool:
    case WireType::Byte:
      return 1;
    case WireType::I16:
      return 2;
    case WireType::I32:
      return 4;
    case WireType::Double:
    case WireType::I64:
      return 8;
    default:
      return 0;
  }
}

void WireReader::skip_elements(WireType type, std::int64_t count, int depth) {
  if (const std::size_t width = fixed_width(type); width != 0) {
    take(count, width);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) skip(type, depth);
}

void WireReader::skip(WireType type, int depth) {
  if (depth > kDeepestNesting) fail("it is nested too deeply");
  if (const std::size_t width = fixed_width(type); width != 0) {
    take(1, width);
    return;
  }
  switch (type) {
    case WireType::String:
      read_binary();
      return;
    case WireType::Struct:
      for_each_field(*this, [&](Field field) { skip(field.type, depth + 1); });
      return;
    case WireType::List:
    case WireType::Set: {
      const List list = read_list();
      skip_elements(list.element, list.count, depth + 1);
      return;
    }
    case WireType::Map: {
      const WireType key = read_element_type();
      const WireType value = read_element_type();
      const std::int32_t count = read_i32();
      if (count < 0 || static_cast<std::size_t>(count) > remaining())
        fail("a map declares more entries than there are bytes");
      for (std::int32_t i = 0; i < count; ++i) {
        skip(key, depth + 1);
        skip(value, depth + 1);
      }
      return;
    }
    default:
      fail("a field has an unknown type");
  }
}

}  // namespace dbsql::protocol::thrift
