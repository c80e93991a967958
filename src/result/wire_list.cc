#include "result/wire_list.h"

#include <dbsql/error.h>

#include "arrow/bits.h"

#include <bit>
#include <cstring>
#include <limits>

namespace dbsql::result {

namespace {

using protocol::WireColumn;

static_assert(std::endian::native == std::endian::little, "the wire is big-endian, Arrow is not");

std::uint16_t swapped(std::uint16_t value) noexcept { return __builtin_bswap16(value); }
std::uint32_t swapped(std::uint32_t value) noexcept { return __builtin_bswap32(value); }
std::uint64_t swapped(std::uint64_t value) noexcept { return __builtin_bswap64(value); }

template <class Word>
Word load(const std::byte* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

base::MutableBuffer allocate(std::size_t size) {
  auto buffer = base::BufferArena::process().allocate(size);
  buffer.set_size(size);
  return buffer;
}

/// The wire's bytes are at any address, the result's are aligned: the compiler turns this into
/// vector shuffles.
template <class Word>
void swap_all(const std::byte* in, std::byte* out, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const Word word = swapped(load<Word>(in + i * sizeof(Word)));
    std::memcpy(out + i * sizeof(Word), &word, sizeof word);
  }
}

std::size_t count_of(const WireColumn& column) noexcept {
  return static_cast<std::size_t>(column.count);
}

/// Most values are short: a fixed copy costs less than a call with a variable length. What it
/// writes beyond the value is overwritten by the next one or lies in the slack at the end.
constexpr std::size_t kShort = 32;

void copy_value(const std::byte* in, std::size_t size, std::size_t available,
                std::byte* out) noexcept {
  if (size <= kShort && available >= kShort) {
    std::memcpy(out, in, kShort);
  } else if (size > 0) {
    std::memcpy(out, in, size);
  }
}

}  // namespace

bool has_room_for_count(const WireColumn& column) noexcept {
  const std::size_t width = wire_width(column.kind);
  const std::size_t least = width == 0 ? sizeof(std::uint32_t) : width;
  if (column.count < 0 || count_of(column) > column.values.size() / least) return false;
  return width == 0 || column.values.size() == count_of(column) * width;
}

base::Buffer swapped_values(const WireColumn& column) {
  auto buffer = allocate(column.values.size());
  const std::byte* const in = column.values.data();
  switch (wire_width(column.kind)) {
    case 2:
      swap_all<std::uint16_t>(in, buffer.data(), count_of(column));
      break;
    case 4:
      swap_all<std::uint32_t>(in, buffer.data(), count_of(column));
      break;
    case 8:
      swap_all<std::uint64_t>(in, buffer.data(), count_of(column));
      break;
    default:
      if (!column.values.empty()) std::memcpy(buffer.data(), in, column.values.size());
  }
  return std::move(buffer).freeze();
}

base::Buffer packed_bits(const WireColumn& column) {
  const std::size_t count = count_of(column);
  auto buffer = allocate(static_cast<std::size_t>(arrow::bitmap_bytes(column.count)));
  const std::byte* const in = column.values.data();
  for (std::size_t first = 0; first < count; first += 8) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 8 && first + i < count; ++i)
      bits |= static_cast<unsigned>(in[first + i] != std::byte{0}) << i;
    buffer.data()[first / 8] = static_cast<std::byte>(bits);
  }
  return std::move(buffer).freeze();
}

base::Buffer narrowed_floats(const WireColumn& column) {
  const std::size_t count = count_of(column);
  auto buffer = allocate(count * sizeof(float));
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = swapped(load<std::uint64_t>(column.values.data() + i * sizeof(double)));
    const auto value = static_cast<float>(std::bit_cast<double>(bits));
    std::memcpy(buffer.data() + i * sizeof value, &value, sizeof value);
  }
  return std::move(buffer).freeze();
}

std::optional<OffsetsAndData> joined_bytes(const WireColumn& column) {
  const std::size_t count = count_of(column);
  const std::size_t total = column.values.size() - count * sizeof(std::uint32_t);
  if (total > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw_error({.kind = ErrorKind::ResourceExhausted,
                 .message = "a column of one result page holds more than 2 GiB; fetch fewer rows "
                            "per page"});
  auto offsets = allocate((count + 1) * sizeof(std::int32_t));
  auto data = allocate(total + kShort);
  const std::byte* in = column.values.data();
  const std::byte* const end = in + column.values.size();
  std::byte* out = data.data();
  std::uint32_t offset = 0;
  std::memcpy(offsets.data(), &offset, sizeof offset);
  std::size_t room = total;  // what is left of `data` when the lengths to come are set aside
  for (std::size_t i = 1; i <= count; ++i) {
    const std::uint32_t size = swapped(load<std::uint32_t>(in));
    in += sizeof size;
    if (size > room) return std::nullopt;
    room -= size;
    copy_value(in, size, static_cast<std::size_t>(end - in), out + offset);
    in += size;
    offset += size;
    std::memcpy(offsets.data() + i * sizeof offset, &offset, sizeof offset);
  }
  if (room != 0) return std::nullopt;
  data.set_size(total);
  return OffsetsAndData{std::move(offsets).freeze(), std::move(data).freeze()};
}

std::optional<std::string_view> WireValues::next_bytes() noexcept {
  if (rest_.size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::uint32_t size = swapped(load<std::uint32_t>(rest_.data()));
  rest_ = rest_.subspan(sizeof size);
  if (size > rest_.size()) return std::nullopt;
  const std::string_view value(reinterpret_cast<const char*>(rest_.data()), size);
  rest_ = rest_.subspan(size);
  return value;
}

}  // namespace dbsql::result
