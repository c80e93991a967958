#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

/// The least that is needed to find one's way in a message of the Thrift binary protocol
/// (reference/thrift.md 1.5). Written for the bench programs, so that neither the floor nor the
/// server shares code with what is measured.
namespace dbsql::bench {

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

/// Reads numbers and skips values in a message; every access is checked.
/// \throws std::out_of_range when the message ends too early
class ThriftWalker {
 public:
  explicit ThriftWalker(std::span<const char> message, std::size_t position = 0)
      : message_(message), position_(position) {}

  std::size_t position() const noexcept { return position_; }
  std::uint8_t u8();
  std::int16_t i16();
  std::int32_t i32();
  std::int64_t i64();
  std::string_view string();
  /// So many bytes as they are, for instance the values of a list.
  std::string_view bytes(std::size_t size) { return {take(size), size}; }
  void skip(WireType type);

  /// The next field of the struct at the current position; its value comes next and must be read or
  /// skipped. Empty at the end of the struct, which is then behind.
  struct Field {
    WireType type = WireType::Stop;
    std::int16_t id = 0;
  };
  std::optional<Field> next_field();

 private:
  const char* take(std::size_t size);
  std::span<const char> message_;
  std::size_t position_;
};

/// A message's head, and where its arguments or results begin.
struct MessageHead {
  std::string_view method;
  std::int32_t sequence_id = 0;
  std::size_t sequence_id_at = 0;
  std::size_t body_at = 0;
};
MessageHead read_message_head(std::span<const char> message);

struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Where a value lies, given by the field ids that lead to it through structs alone.
std::optional<Place> find_value(std::span<const char> message, std::size_t struct_at,
                                std::initializer_list<std::int16_t> path);

/// A walker at the beginning of a value, which may be long: nothing of it has been read.
std::optional<ThriftWalker> find_begin(std::span<const char> message, std::size_t struct_at,
                                       std::initializer_list<std::int16_t> path);

}  // namespace dbsql::bench
