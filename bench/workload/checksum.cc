#include "workload/checksum.h"

#include <cstring>
#include <stdexcept>
#include <string>

namespace dbsql::bench {

namespace {

std::uint64_t first_word(const void* buffer) {
  std::uint64_t word = 0;
  std::memcpy(&word, buffer, sizeof word);
  return word;
}

/// Bytes per value: of the offsets for text and lists, of the values for all other types.
std::int64_t width_of(std::string_view format) {
  if (format == "i" || format == "u" || format == "+l" || format == "+m") return 4;
  if (format == "l" || format == "g") return 8;
  if (format.starts_with("d:")) return 16;
  throw std::invalid_argument("no checksum for a column of format '" + std::string(format) + "'");
}

std::uint64_t touch_column(const ArrowArray& array, const ArrowSchema& column) {
  const std::string_view format = column.format;
  std::uint64_t sum = 0;
  if (format != "+s" && array.length * width_of(format) >= 8) sum += first_word(array.buffers[1]);
  if (format == "u") {
    const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
    if (offsets[array.offset + array.length] >= 8) sum += first_word(array.buffers[2]);
  }
  for (std::int64_t i = 0; i < column.n_children; ++i)
    sum += touch_column(*array.children[i], *column.children[i]);
  return sum;
}

/// Slots of an array, counted with its offset.
struct Slots {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Adds up the values that are not null.
template <class ValueAt>
std::uint64_t sum_values(const ArrowArray& array, Slots slots, ValueAt value_at) {
  const auto* validity = static_cast<const std::uint8_t*>(array.buffers[0]);
  std::uint64_t sum = 0;
  if (array.null_count == 0 || validity == nullptr) {
    for (std::int64_t i = slots.begin; i < slots.end; ++i) sum += cell_sum(value_at(i));
    return sum;
  }
  for (std::int64_t i = slots.begin; i < slots.end; ++i)
    if ((validity[i >> 3] >> (i & 7) & 1) != 0) sum += cell_sum(value_at(i));
  return sum;
}

template <class T>
std::uint64_t sum_fixed(const ArrowArray& array, Slots slots) {
  const auto* values = static_cast<const T*>(array.buffers[1]);
  return sum_values(array, slots, [&](std::int64_t i) { return values[i]; });
}

std::uint64_t sum_text(const ArrowArray& array, Slots slots) {
  const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
  const auto* data = static_cast<const char*>(array.buffers[2]);
  return sum_values(array, slots, [&](std::int64_t i) {
    return std::string_view(data + offsets[i],
                            static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
  });
}

/// The values fit in 64 bits: the lower half of each is its value.
std::uint64_t sum_decimal(const ArrowArray& array, Slots slots) {
  const auto* values = static_cast<const std::int64_t*>(array.buffers[1]);
  return sum_values(array, slots, [&](std::int64_t i) { return values[2 * i]; });
}

std::uint64_t sum_slots(const ArrowArray& array, const ArrowSchema& column, Slots slots);

std::uint64_t sum_child(const ArrowArray& array, const ArrowSchema& column, std::int64_t index,
                        Slots slots) {
  const ArrowArray& child = *array.children[index];
  return sum_slots(child, *column.children[index],
                   {child.offset + slots.begin, child.offset + slots.end});
}

/// Nested values count by their leaves; only leaves may be null.
std::uint64_t sum_nested(const ArrowArray& array, const ArrowSchema& column, Slots slots) {
  if (array.null_count > 0) throw std::invalid_argument("no checksum for nested values with nulls");
  if (column.format[1] != 's') {
    const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
    return sum_child(array, column, 0, {offsets[slots.begin], offsets[slots.end]});
  }
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < column.n_children; ++i) sum += sum_child(array, column, i, slots);
  return sum;
}

std::uint64_t sum_slots(const ArrowArray& array, const ArrowSchema& column, Slots slots) {
  switch (column.format[0]) {
    case 'i':
      return sum_fixed<std::int32_t>(array, slots);
    case 'l':
      return sum_fixed<std::int64_t>(array, slots);
    case 'g':
      return sum_fixed<double>(array, slots);
    case 'u':
      return sum_text(array, slots);
    case '+':
      return sum_nested(array, column, slots);
    default:
      return sum_decimal(array, slots);
  }
}

}  // namespace

Checksum touch(const ArrowArray& batch, const ArrowSchema& schema) {
  Checksum sum{.rows = static_cast<std::uint64_t>(batch.length)};
  for (std::int64_t column = 0; column < batch.n_children; ++column)
    sum.touch += touch_column(*batch.children[column], *schema.children[column]);
  return sum;
}

Checksum checksum(const ArrowArray& batch, const ArrowSchema& schema) {
  Checksum sum = touch(batch, schema);
  for (std::int64_t column = 0; column < batch.n_children; ++column)
    sum.cells += sum_child(batch, schema, column, {batch.offset, batch.offset + batch.length});
  return sum;
}

}  // namespace dbsql::bench
