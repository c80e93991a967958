#pragma once

#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::protocol::thrift {

/// Type ids of the binary protocol (reference/thrift.md 1.5).
enum class WireType : std::uint8_t {
  Stop = 0,
  Bool = 2,
  Byte = 3,
  Double = 4,
  I16 = 6,
  I32 = 8,
  I64 = 10,
  String = 11,
  Struct = 12,
  Map = 13,
  Set = 14,
  List = 15,
};

/// Walks a message of the Thrift binary protocol without copying: large binaries stay where they
/// were received.
///
/// Every read is checked against the bytes that are really there; nesting is bounded.
/// Errors: `CorruptResult` with the position.
class WireReader {
 public:
  struct Field {
    WireType type = WireType::Stop;
    std::int16_t id = 0;
    bool is(int wanted_id, WireType wanted_type) const noexcept {
      return id == wanted_id && type == wanted_type;
    }
  };
  struct List {
    WireType element = WireType::Stop;
    std::int64_t count = 0;
  };

  explicit WireReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t position() const noexcept { return at_; }
  std::size_t remaining() const noexcept { return bytes_.size() - at_; }

  bool read_bool();
  std::int8_t read_byte();
  std::int16_t read_i16();
  std::int32_t read_i32();
  std::int64_t read_i64();
  std::span<const std::byte> read_binary();
  std::string_view read_string();

  /// The next field of a struct; type Stop ends it.
  Field read_field();
  /// A list's header; its count is at most the number of bytes left.
  List read_list();

  void skip(WireType type) { skip(type, 0); }

  /// The bytes of a struct that starts here, its Stop included; the reader moves behind it.
  std::span<const std::byte> take_struct();

  /// `count` values of `width` bytes each.
  std::span<const std::byte> take(std::int64_t count, std::size_t width);
  /// `count` strings as they are, each with its length before it.
  std::span<const std::byte> take_strings(std::int64_t count);

  [[noreturn]] void fail(std::string_view what) const;

 private:
  static std::size_t fixed_width(WireType type) noexcept;  // 0 = not fixed
  WireType read_element_type();
  void skip(WireType type, int depth);
  void skip_elements(WireType type, std::int64_t count, int depth);
  template <class Unsigned>
  Unsigned read_big_endian();
  void require(std::size_t count) const {
    if (count > remaining()) fail("it ends too early");
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// Calls `on_field(field)` for each field of the struct at the reader; it must read or skip the
/// field's value.
template <class OnField>
void for_each_field(WireReader& reader, OnField&& on_field) {
  for (auto field = reader.read_field(); field.type != WireType::Stop; field = reader.read_field())
    on_field(field);
}

}  // namespace dbsql::protocol::thrift
