#include "warehouse/type_column.h"

#include "arrow/bits.h"
#include "arrow/builder.h"
#include "base/buffer.h"
#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/type_value_text.h"

#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {
namespace {

using arrow::UniqueArray;

template <class T>
const T* values_of(const ArrowArray& rows, int buffer = 1) {
  return static_cast<const T*>(rows.buffers[buffer]);
}

const std::uint8_t* validity_of(const ArrowArray& rows) {
  return rows.null_count == 0 || rows.n_buffers == 0 ? nullptr : values_of<std::uint8_t>(rows, 0);
}

// Memory that grows at the end.
template <class T>
class Growing {
 public:
  T* grow(std::int64_t count) {
    const auto size = bytes_.size() + static_cast<std::size_t>(count) * sizeof(T);
    if (size > bytes_.capacity()) bytes_.reserve(size);
    auto* position = reinterpret_cast<T*>(bytes_.data() + bytes_.size());
    bytes_.set_size(size);
    return position;
  }
  void append(const T* values, std::int64_t count) {
    if (count > 0) std::memcpy(grow(count), values, static_cast<std::size_t>(count) * sizeof(T));
  }
  bool empty() const { return bytes_.size() == 0; }
  T* first() { return reinterpret_cast<T*>(bytes_.data()); }
  base::Buffer take() { return std::exchange(bytes_, {}).freeze(); }

 private:
  base::MutableBuffer bytes_;
};

// Bits that grow at the end.
class GrowingBits {
 public:
  void append(const std::uint8_t* bits, std::int64_t first, std::int64_t count) {
    make_room(count);
    if (length_ % 8 == 0) {
      arrow::copy_bits(bits, first, count, bytes_.first() + length_ / 8);
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        arrow::set_bit(bytes_.first(), length_ + i, arrow::get_bit(bits, first + i));
      }
    }
    length_ += count;
  }
  void append_ones(std::int64_t count) {
    make_room(count);
    if (length_ % 8 == 0) {
      arrow::fill_bits(bytes_.first() + length_ / 8, count);
    } else {
      for (std::int64_t i = 0; i < count; ++i) arrow::set_bit(bytes_.first(), length_ + i, true);
    }
    length_ += count;
  }
  void append_bytes(const std::uint8_t* bytes, std::int64_t count) {
    make_room(count);
    for (std::int64_t i = 0; i < count; ++i) {
      arrow::set_bit(bytes_.first(), length_ + i, bytes[i] != 0);
    }
    length_ += count;
  }
  base::Buffer take() {
    length_ = 0;
    return bytes_.take();
  }

 private:
  void make_room(std::int64_t count) {
    const auto more = arrow::bitmap_bytes(length_ + count) - arrow::bitmap_bytes(length_);
    auto* fresh = bytes_.grow(more);
    if (more > 0) std::memset(fresh, 0, static_cast<std::size_t>(more));
  }

  Growing<std::uint8_t> bytes_;
  std::int64_t length_ = 0;
};

// Length, validity and buffers: what every copied column has.
class CopierBase : public ColumnCopier {
 public:
  void append(const ArrowArray& rows, std::int64_t first, std::int64_t count) final {
    if (count == 0) return;
    const auto begin = rows.offset + first;
    if (const auto* bits = validity_of(rows)) {
      validity_.append(bits, begin, count);
      nulls_ += count - arrow::count_set_bits(bits, begin, count);
    } else {
      validity_.append_ones(count);
    }
    append_values(rows, begin, count);
    length_ += count;
  }

  UniqueArray finish() final {
    arrow::ArrayParts parts{.length = std::exchange(length_, 0),
                            .null_count = std::exchange(nulls_, 0),
                            .n_buffers = 1};
    auto validity = validity_.take();
    if (parts.null_count > 0) put(parts, 0, validity);
    take_values(parts);
    return arrow::make_array(std::move(parts));
  }

 protected:
  /// \param begin  first row, counted from the start of the buffers
  virtual void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) = 0;
  virtual void take_values(arrow::ArrayParts& parts) = 0;

  static void put(arrow::ArrayParts& parts, std::size_t index, const base::Buffer& buffer) {
    parts.buffers[index] = buffer.data();
    parts.owners[index] = buffer.owner();
    parts.n_buffers = std::max(parts.n_buffers, static_cast<std::int64_t>(index) + 1);
  }

 private:
  GrowingBits validity_;
  std::int64_t length_ = 0;
  std::int64_t nulls_ = 0;
};

template <class T>
class SameCopier final : public CopierBase {
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    values_.append(values_of<T>(rows) + begin, count);
  }
  void take_values(arrow::ArrayParts& parts) override { put(parts, 1, values_.take()); }
  Growing<T> values_;
};

/// Value by value; `Convert` is called for valid rows only, null slots become zero.
template <class From, class To, To (*Convert)(const From&)>
class ConvertingCopier final : public CopierBase {
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto* from = values_of<From>(rows) + begin;
    const auto* valid = validity_of(rows);
    auto* to = values_.grow(count);
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = valid == nullptr || arrow::get_bit(valid, begin + i) ? Convert(from[i]) : To{};
    }
  }
  void take_values(arrow::ArrayParts& parts) override { put(parts, 1, values_.take()); }
  Growing<To> values_;
};

class BitsCopier final : public CopierBase {
 public:
  explicit BitsCopier(bool from_bytes) : from_bytes_(from_bytes) {}

 private:
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto* values = values_of<std::uint8_t>(rows);
    if (from_bytes_) return bits_.append_bytes(values + begin, count);
    bits_.append(values, begin, count);
  }
  void take_values(arrow::ArrayParts& parts) override { put(parts, 1, bits_.take()); }
  GrowingBits bits_;
  bool from_bytes_;
};

class NullCopier final : public ColumnCopier {
 public:
  void append(const ArrowArray&, std::int64_t, std::int64_t count) override { length_ += count; }
  UniqueArray finish() override { return arrow::null_array(std::exchange(length_, 0)); }

 private:
  std::int64_t length_ = 0;
};

// Bytes with 32-bit offsets, the form of all text and binary columns of a result.
class ByteRows {
 public:
  void append(std::string_view value) {
    start();
    data_.append(value.data(), static_cast<std::int64_t>(value.size()));
    size_ += static_cast<std::int64_t>(value.size());
    *offsets_.grow(1) = checked(size_);
  }
  /// Many rows at once: their bytes lie in one piece.
  template <class Offset>
  void append(const Offset* offsets, const char* data, std::int64_t count) {
    start();
    const auto bytes = static_cast<std::int64_t>(offsets[count] - offsets[0]);
    checked(size_ + bytes);
    data_.append(data + offsets[0], bytes);
    auto* out = offsets_.grow(count);
    const auto shift = size_ - static_cast<std::int64_t>(offsets[0]);
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = static_cast<std::int32_t>(shift + static_cast<std::int64_t>(offsets[i + 1]));
    }
    size_ += bytes;
  }
  std::pair<base::Buffer, base::Buffer> take() {
    start();
    size_ = 0;
    return {offsets_.take(), data_.take()};
  }

 private:
  void start() {
    if (offsets_.empty()) *offsets_.grow(1) = 0;
  }
  static std::int32_t checked(std::int64_t size) {
    if (size > std::numeric_limits<std::int32_t>::max()) {
      throw_sql_error("UNSUPPORTED_FEATURE",
                      "One batch holds more than 2 GiB of text in a column.");
    }
    return static_cast<std::int32_t>(size);
  }

  Growing<std::int32_t> offsets_;
  Growing<char> data_;
  std::int64_t size_ = 0;
};

class BytesCopierBase : public CopierBase {
 protected:
  void take_values(arrow::ArrayParts& parts) final {
    auto [offsets, data] = rows_.take();
    put(parts, 1, offsets);
    put(parts, 2, data);
  }
  ByteRows rows_;
};

template <class Offset>
class BytesCopier final : public BytesCopierBase {
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    rows_.append(values_of<Offset>(rows) + begin, values_of<char>(rows, 2), count);
  }
};

/// Values of a fixed width printed one by one.
template <class From, std::string (*Print)(const From&)>
class PrintingCopier final : public BytesCopierBase {
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto* valid = validity_of(rows);
    const auto* from = values_of<From>(rows) + begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const bool present = valid == nullptr || arrow::get_bit(valid, begin + i);
      rows_.append(present ? Print(from[i]) : std::string());
    }
  }
};

class BitStringCopier final : public BytesCopierBase {
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto* offsets = values_of<std::int32_t>(rows) + begin;
    const auto* data = values_of<char>(rows, 2);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto size = static_cast<std::size_t>(offsets[i + 1] - offsets[i]);
      rows_.append(bit_string_text({data + offsets[i], size}));
    }
  }
};

/// ENUM columns: indices into a dictionary of strings.
class DictionaryCopier final : public BytesCopierBase {
 public:
  explicit DictionaryCopier(char index_format) : index_format_(index_format) {}

 private:
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto& dictionary = *rows.dictionary;
    const auto* offsets = values_of<std::int32_t>(dictionary) + dictionary.offset;
    const auto* data = values_of<char>(dictionary, 2);
    const auto* valid = validity_of(rows);
    for (auto row = begin; row < begin + count; ++row) {
      if (valid != nullptr && !arrow::get_bit(valid, row)) {
        rows_.append({});
        continue;
      }
      const auto i = index(rows, row);
      rows_.append({data + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])});
    }
  }
  std::int64_t index(const ArrowArray& rows, std::int64_t row) const {
    switch (index_format_) {
      case 'C':
        return values_of<std::uint8_t>(rows)[row];
      case 'S':
        return values_of<std::uint16_t>(rows)[row];
      default:
        return values_of<std::uint32_t>(rows)[row];
    }
  }
  char index_format_;
};

class StructCopier final : public CopierBase {
 public:
  explicit StructCopier(std::vector<std::unique_ptr<ColumnCopier>> fields)
      : fields_(std::move(fields)) {}

 private:
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      fields_[i]->append(*rows.children[i], begin, count);
    }
  }
  void take_values(arrow::ArrayParts& parts) override {
    for (const auto& field : fields_) parts.children.push_back(field->finish());
  }
  std::vector<std::unique_ptr<ColumnCopier>> fields_;
};

/// Lists and maps. `FixedSize` lists of the engine's ARRAY type get offsets here.
class ListCopierBase : public CopierBase {
 public:
  explicit ListCopierBase(std::unique_ptr<ColumnCopier> elements)
      : elements_(std::move(elements)) {}

 protected:
  void add_list(std::int64_t size) {
    start();
    size_ += size;
    *offsets_.grow(1) = static_cast<std::int32_t>(size_);
  }
  void take_values(arrow::ArrayParts& parts) final {
    start();
    size_ = 0;
    put(parts, 1, offsets_.take());
    parts.children.push_back(elements_->finish());
  }
  ColumnCopier& elements() { return *elements_; }

 private:
  void start() {
    if (offsets_.empty()) *offsets_.grow(1) = 0;
  }
  std::unique_ptr<ColumnCopier> elements_;
  Growing<std::int32_t> offsets_;
  std::int64_t size_ = 0;
};

template <class Offset>
class ListCopier final : public ListCopierBase {
  using ListCopierBase::ListCopierBase;
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    const auto* offsets = values_of<Offset>(rows) + begin;
    for (std::int64_t i = 0; i < count; ++i) add_list(offsets[i + 1] - offsets[i]);
    elements().append(*rows.children[0], offsets[0], offsets[count] - offsets[0]);
  }

 public:
  explicit ListCopier(std::unique_ptr<ColumnCopier> elements)
      : ListCopierBase(std::move(elements)) {}
};

class FixedListCopier final : public ListCopierBase {
 public:
  FixedListCopier(std::unique_ptr<ColumnCopier> elements, std::int64_t size)
      : ListCopierBase(std::move(elements)), size_(size) {}

 private:
  void append_values(const ArrowArray& rows, std::int64_t begin, std::int64_t count) override {
    for (std::int64_t i = 0; i < count; ++i) add_list(size_);
    elements().append(*rows.children[0], begin * size_, count * size_);
  }
  std::int64_t size_;
};

template <class From, class To>
To widen(const From& value) {
  return static_cast<To>(value);
}

arrow::DecimalWords128 decimal_of_unsigned(const std::uint64_t& value) {
  return {.low = value, .high = 0};
}

// Sums of integers come as 128 bits; Databricks declares BIGINT and overflows.
std::int64_t long_of_hugeint(const arrow::DecimalWords128& value) {
  const auto low = static_cast<std::int64_t>(value.low);
  if (value.high != (low < 0 ? -1 : 0)) {
    throw_sql_error("ARITHMETIC_OVERFLOW", "The result does not fit BIGINT.");
  }
  return low;
}

std::int64_t micros_of_seconds(const std::int64_t& value) { return value * 1'000'000; }
std::int64_t micros_of_millis(const std::int64_t& value) { return value * 1'000; }
std::int64_t micros_of_nanos(const std::int64_t& value) {
  return value >= 0 ? value / 1'000 : -((-value + 999) / 1'000);
}

std::int32_t months_of_interval(const arrow::MonthDayNano& value) {
  if (value.days != 0 || value.nanoseconds != 0) {
    throw_sql_error("DATATYPE_MISMATCH",
                    "An interval column holds both year-month and day-time values.");
  }
  return value.months;
}

std::int64_t micros_of_interval(const arrow::MonthDayNano& value) {
  constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
  if (value.months != 0) {
    throw_sql_error("DATATYPE_MISMATCH",
                    "An interval column holds both year-month and day-time values.");
  }
  return value.days * kMicrosPerDay + micros_of_nanos(value.nanoseconds);
}

template <class From, class To, To (*Convert)(const From&)>
std::unique_ptr<ColumnCopier> converting() {
  return std::make_unique<ConvertingCopier<From, To, Convert>>();
}

std::unique_ptr<ColumnCopier> make_interval_copier(const SqlType& type) {
  if (type.kind == TypeKind::YearMonthInterval) {
    return converting<arrow::MonthDayNano, std::int32_t, months_of_interval>();
  }
  if (type.kind == TypeKind::DayTimeInterval) {
    return converting<arrow::MonthDayNano, std::int64_t, micros_of_interval>();
  }
  return std::make_unique<PrintingCopier<arrow::MonthDayNano, calendar_interval_text>>();
}

std::unique_ptr<ColumnCopier> make_timestamp_copier(char unit) {
  switch (unit) {
    case 's':
      return converting<std::int64_t, std::int64_t, micros_of_seconds>();
    case 'm':
      return converting<std::int64_t, std::int64_t, micros_of_millis>();
    case 'n':
      return converting<std::int64_t, std::int64_t, micros_of_nanos>();
    default:
      return std::make_unique<SameCopier<std::int64_t>>();
  }
}

std::unique_ptr<ColumnCopier> make_nested_copier(const ArrowSchema& field, const SqlType& type) {
  const std::string_view format = field.format;
  const auto fields_of = [&](const ArrowSchema& parent) {
    std::vector<std::unique_ptr<ColumnCopier>> fields;
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      fields.push_back(make_column_copier(*parent.children[i], type.fields[i].type));
    }
    return fields;
  };
  if (format == "+s") return std::make_unique<StructCopier>(fields_of(field));
  if (format == "+m") {
    return std::make_unique<ListCopier<std::int32_t>>(
        std::make_unique<StructCopier>(fields_of(*field.children[0])));
  }
  auto elements = make_column_copier(*field.children[0], type.fields[0].type);
  if (format == "+l") return std::make_unique<ListCopier<std::int32_t>>(std::move(elements));
  if (format == "+L") return std::make_unique<ListCopier<std::int64_t>>(std::move(elements));
  const auto size = base::parse_number<std::int64_t>(format.substr(3)).value_or(0);
  return std::make_unique<FixedListCopier>(std::move(elements), size);
}

// STRING from an engine type that is no text.
std::unique_ptr<ColumnCopier> make_text_copier(std::string_view format) {
  if (format == "ttu") return std::make_unique<PrintingCopier<std::int64_t, time_text_micros>>();
  if (format == "ttn") return std::make_unique<PrintingCopier<std::int64_t, time_text_nanos>>();
  if (format == "w:16") return std::make_unique<PrintingCopier<UuidBytes, uuid_text>>();
  if (format == "w:8") return std::make_unique<PrintingCopier<std::uint64_t, time_tz_text>>();
  if (format == "z") return std::make_unique<BitStringCopier>();
  return nullptr;
}

}  // namespace

std::unique_ptr<ColumnCopier> make_column_copier(const ArrowSchema& engine_field,
                                                 const SqlType& type) {
  const std::string_view format = engine_field.format;
  if (type.kind == TypeKind::Void) return std::make_unique<NullCopier>();
  if (engine_field.dictionary != nullptr) return std::make_unique<DictionaryCopier>(format[0]);
  if (format.starts_with("+")) return make_nested_copier(engine_field, type);
  if (format == "tin") return make_interval_copier(type);
  if (format.starts_with("ts")) return make_timestamp_copier(format[2]);
  if (type.kind == TypeKind::Boolean) return std::make_unique<BitsCopier>(format == "c");
  if (type.kind == TypeKind::String) {
    if (auto copier = make_text_copier(format)) return copier;
  }
  if (format == "u" || format == "z") return std::make_unique<BytesCopier<std::int32_t>>();
  if (format == "U" || format == "Z") return std::make_unique<BytesCopier<std::int64_t>>();
  if (format == "w:16") return converting<arrow::DecimalWords128, std::int64_t, long_of_hugeint>();
  if (format.starts_with("d:")) return std::make_unique<SameCopier<arrow::DecimalWords128>>();
  switch (format[0]) {
    case 'c':
      return std::make_unique<SameCopier<std::int8_t>>();
    case 's':
      return std::make_unique<SameCopier<std::int16_t>>();
    case 'C':
      return converting<std::uint8_t, std::int16_t, widen>();
    case 'S':
      return converting<std::uint16_t, std::int32_t, widen>();
    case 'I':
      return converting<std::uint32_t, std::int64_t, widen>();
    case 'L':
      return converting<std::uint64_t, arrow::DecimalWords128, decimal_of_unsigned>();
    case 'l':
    case 'g':
      return std::make_unique<SameCopier<std::int64_t>>();
    default:
      return std::make_unique<SameCopier<std::int32_t>>();  // i, f, tdD
  }
}

}  // namespace dbsql::warehouse
