#include "floor/column_page.h"

#include "floor/page.h"
#include "wire/thrift_walk.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace dbsql::bench {

namespace {

constexpr std::int16_t kColumns = 3;
// The members of the union TColumn.
constexpr std::int16_t kInt32 = 4;
constexpr std::int16_t kInt64 = 5;
constexpr std::int16_t kDouble = 6;
constexpr std::int16_t kText = 7;
constexpr std::size_t kStep = 16;  // bytes of a text copied at once

std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

/// A column in Arrow's form.
struct Converted {
  std::int16_t kind = 0;
  std::size_t count = 0;
  const char* values = nullptr;  ///< of texts: the offsets
  const char* data = nullptr;    ///< of texts
  std::string_view nulls;        ///< as they travel
  const char* validity = nullptr;
};

class Converter {
 public:
  explicit Converter(ReusedMemory& memory)
      : next_(memory.data()), end_(next_ + memory.capacity()) {}

  Converted convert(ThriftWalker& walker, std::int16_t kind) {
    Converted column{.kind = kind};
    while (const auto field = walker.next_field()) {
      if (field->id == 1) {
        walker.u8();
        column.count = static_cast<std::size_t>(walker.i32());
        take_values(walker, column);
      } else {
        column.nulls = walker.string();
        take_nulls(column);
      }
    }
    return column;
  }

 private:
  char* room(std::size_t size) {
    size = (size + 63) / 64 * 64;
    if (size > static_cast<std::size_t>(end_ - next_))
      throw std::runtime_error("the page is larger than its memory");
    return std::exchange(next_, next_ + size);
  }

  void take_values(ThriftWalker& walker, Converted& column) {
    if (column.kind == kText) return take_texts(walker, column);
    if (column.kind == kInt32) return take_numbers<std::uint32_t>(walker, column);
    take_numbers<std::uint64_t>(walker, column);
  }

  template <class Word>
  void take_numbers(ThriftWalker& walker, Converted& column) {
    const char* from = walker.bytes(column.count * sizeof(Word)).data();
    char* to = room(column.count * sizeof(Word));
    column.values = to;
    for (std::size_t i = 0; i < column.count; ++i) {
      Word word;
      std::memcpy(&word, from + i * sizeof word, sizeof word);
      word = swapped(word);
      std::memcpy(to + i * sizeof word, &word, sizeof word);
    }
  }

  void take_texts(ThriftWalker& walker, Converted& column) {
    char* offsets = room((column.count + 1) * sizeof(std::int32_t));
    column.values = offsets;
    column.data = next_;
    char* to = next_;
    std::int32_t offset = 0;
    for (std::size_t i = 0; i < column.count; ++i) {
      std::memcpy(offsets + i * sizeof offset, &offset, sizeof offset);
      const std::string_view text = walker.string();
      if (text.size() + kStep > static_cast<std::size_t>(end_ - to))
        throw std::runtime_error("the page is larger than its memory");
      // Whole steps: what is copied too much is overwritten, and the reply's memory is larger than
      // any reply.
      for (std::size_t done = 0; done < text.size(); done += kStep)
        std::memcpy(to + done, text.data() + done, kStep);
      to += text.size();
      offset += static_cast<std::int32_t>(text.size());
    }
    std::memcpy(offsets + column.count * sizeof offset, &offset, sizeof offset);
    room(static_cast<std::size_t>(offset));
  }

  void take_nulls(Converted& column) {
    if (column.nulls.size() < 2) return;
    char* validity = room(column.nulls.size());
    column.validity = validity;
    for (std::size_t i = 0; i < column.nulls.size(); ++i)
      validity[i] = static_cast<char>(~column.nulls[i]);
  }

  char* next_;
  char* end_;
};

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

template <class T>
T value_at(const char* values, std::size_t index) {
  T value;
  std::memcpy(&value, values + index * sizeof value, sizeof value);
  return value;
}

bool is_null(const Converted& column, std::size_t row) {
  return row / 8 < column.nulls.size() && (column.nulls[row / 8] >> (row % 8) & 1) != 0;
}

std::uint64_t cell_at(const Converted& column, std::size_t row) {
  switch (column.kind) {
    case kInt32:
      return cell_sum(value_at<std::int32_t>(column.values, row));
    case kInt64:
      return cell_sum(value_at<std::int64_t>(column.values, row));
    case kDouble:
      return cell_sum(value_at<double>(column.values, row));
    case kText: {
      const auto begin = value_at<std::int32_t>(column.values, row);
      const auto end = value_at<std::int32_t>(column.values, row + 1);
      return cell_sum(std::string_view(column.data + begin, static_cast<std::size_t>(end - begin)));
    }
    default:
      throw std::runtime_error("a column of a type that no workload has");
  }
}

template <class Use>
Checksum for_each_column(std::span<const char> reply, ReusedMemory& memory, Use use) {
  Converter converter(memory);
  std::int32_t count = 0;
  ThriftWalker walker = list_in(reply, kColumns, count);
  Checksum sum;
  while (count-- > 0) {
    while (const auto field = walker.next_field()) {
      const Converted column = converter.convert(walker, field->id);
      sum.rows = column.count;
      sum.touch += word_at(column.values) + (column.data != nullptr ? word_at(column.data) : 0);
      use(column, sum);
    }
  }
  return sum;
}

}  // namespace

Checksum convert_page(std::span<const char> reply, ReusedMemory& memory) {
  return for_each_column(reply, memory, [](const Converted&, Checksum&) {});
}

Checksum verify_page(std::span<const char> reply, ReusedMemory& memory) {
  return for_each_column(reply, memory, [](const Converted& column, Checksum& sum) {
    for (std::size_t row = 0; row < column.count; ++row)
      if (!is_null(column, row)) sum.cells += cell_at(column, row);
  });
}

}  // namespace dbsql::bench
