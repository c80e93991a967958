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

/// Bytes per value: of the offsets for text, of the values for all other types.
std::int64_t width_of(const ArrowSchema& column) {
  const std::string_view format = column.format;
  if (format == "i" || format == "u") return 4;
  if (format == "l" || format == "g") return 8;
  if (format.starts_with("d:")) return 16;
  throw std::invalid_argument("no checksum for a column of format '" + std::string(format) + "'");
}

std::uint64_t touch_column(const ArrowArray& array, const ArrowSchema& column) {
  std::uint64_t sum = 0;
  if (array.length * width_of(column) >= 8) sum += first_word(array.buffers[1]);
  if (column.format[0] != 'u') return sum;
  const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
  if (offsets[array.offset + array.length] >= 8) sum += first_word(array.buffers[2]);
  return sum;
}

template <class T>
std::uint64_t sum_fixed(const ArrowArray& array) {
  const auto* values = static_cast<const T*>(array.buffers[1]) + array.offset;
  std::uint64_t sum = 0;
  for (std::int64_t row = 0; row < array.length; ++row) sum += cell_sum(values[row]);
  return sum;
}

std::uint64_t sum_text(const ArrowArray& array) {
  const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]) + array.offset;
  const auto* data = static_cast<const char*>(array.buffers[2]);
  std::uint64_t sum = 0;
  for (std::int64_t row = 0; row < array.length; ++row) {
    const auto size = static_cast<std::size_t>(offsets[row + 1] - offsets[row]);
    sum += cell_sum(std::string_view(data + offsets[row], size));
  }
  return sum;
}

/// The values fit in 64 bits: the lower half of each is its value.
std::uint64_t sum_decimal(const ArrowArray& array) {
  const auto* values = static_cast<const std::int64_t*>(array.buffers[1]) + 2 * array.offset;
  std::uint64_t sum = 0;
  for (std::int64_t row = 0; row < array.length; ++row) sum += cell_sum(values[2 * row]);
  return sum;
}

std::uint64_t sum_column(const ArrowArray& array, const ArrowSchema& column) {
  if (array.null_count > 0) throw std::invalid_argument("no checksum for a column with nulls");
  switch (column.format[0]) {
    case 'i':
      return sum_fixed<std::int32_t>(array);
    case 'l':
      return sum_fixed<std::int64_t>(array);
    case 'g':
      return sum_fixed<double>(array);
    case 'u':
      return sum_text(array);
    default:
      return sum_decimal(array);
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
    sum.cells += sum_column(*batch.children[column], *schema.children[column]);
  return sum;
}

}  // namespace dbsql::bench
