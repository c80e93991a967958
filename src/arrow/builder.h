#pragma once

#include "arrow/bits.h"
#include "arrow/c_data.h"
#include "arrow/type.h"
#include "base/buffer.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

/// Builders: Arrow columns out of single values, spans and existing buffers.
namespace dbsql::arrow {

/// A validity bitmap (1 = value present); `bits` is empty when nothing is null.
struct Validity {
  base::Buffer bits;
  std::int64_t null_count = 0;
};

/// Turns a Thrift null bitmap (1 = NULL, missing bits = 0; reference/results.md 1.4) into Arrow's
/// opposite form.
Validity validity_from_null_bits(std::span<const std::byte> null_bits, std::int64_t length);

// Columns over buffers that are already in Arrow's form; nothing is copied or checked.
UniqueArray fixed_width_array(std::int64_t length, const Validity& validity,
                              const base::Buffer& values);
UniqueArray bytes_array(std::int64_t length, const Validity& validity, const base::Buffer& offsets,
                        const base::Buffer& data);
UniqueArray null_array(std::int64_t length);

namespace detail {

// Values of one type at the end of arena memory.
template <class T>
class Tail {
 public:
  T* grow(std::size_t count) {
    const std::size_t size = bytes_.size() + count * sizeof(T);
    if (size > bytes_.capacity()) bytes_.reserve(size);
    T* position = reinterpret_cast<T*>(bytes_.data() + bytes_.size());
    bytes_.set_size(size);
    return position;
  }
  void reserve(std::size_t count) { bytes_.reserve(bytes_.size() + count * sizeof(T)); }
  base::Buffer take() { return std::exchange(bytes_, {}).freeze(); }

 private:
  base::MutableBuffer bytes_;
};

// Exists as bits only from the first null on.
class ValidityTail {
 public:
  void append_valid(std::int64_t count) {
    if (null_count_ != 0) write(count, true);
    length_ += count;
  }
  void append_null(std::int64_t count) {
    if (count == 0) return;
    if (null_count_ == 0) backfill();
    write(count, false);
    length_ += count;
    null_count_ += count;
  }
  std::int64_t length() const noexcept { return length_; }
  std::int64_t null_count() const noexcept { return null_count_; }
  Validity take();

 private:
  void backfill();
  void write(std::int64_t count, bool valid);

  base::MutableBuffer bits_;
  std::int64_t length_ = 0;
  std::int64_t null_count_ = 0;
};

}  // namespace detail

/// Common part of all builders: rows go in at the end, `finish()` takes them out as an array.
///
/// Ownership: the finished array owns its memory; the builder is empty and may be used again.
/// Threads: one at a time. Memory: from the process's arena, grown by half.
class Builder {
 public:
  virtual ~Builder() = default;
  Builder() = default;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  std::int64_t length() const noexcept { return validity_.length(); }

  /// Makes room for `count` more values, so that appending them does not move memory.
  virtual void reserve(std::int64_t count) = 0;
  void append_null() { append_nulls(1); }
  virtual void append_nulls(std::int64_t count) = 0;
  virtual UniqueArray finish() = 0;

  /// This builder as the class it really is. \throws Error (InvalidArgument) when it is another
  template <class Concrete>
  Concrete& as() {
    if (auto* concrete = dynamic_cast<Concrete*>(this)) return *concrete;
    throw_wrong_builder();
  }

 protected:
  detail::ValidityTail validity_;

 private:
  [[noreturn]] static void throw_wrong_builder();
};

class NullBuilder final : public Builder {
 public:
  void reserve(std::int64_t) override {}
  // Counted, but without a bitmap: the type has none.
  void append_nulls(std::int64_t count) override { validity_.append_valid(count); }
  UniqueArray finish() override;
};

class BoolBuilder final : public Builder {
 public:
  void append(bool value) {
    const std::int64_t row = length();
    if ((row & 7) == 0) *bits_.grow(1) = 0;
    if (value) set_bit(last_byte() - (row >> 3), row, true);
    validity_.append_valid(1);
  }
  void reserve(std::int64_t count) override;
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  std::uint8_t* last_byte() { return bits_.grow(0) - 1; }
  detail::Tail<std::uint8_t> bits_;
};

/// Every type with a fixed number of bytes per value, by its physical form.
template <class T>
class FixedBuilder final : public Builder {
 public:
  void append(T value) {
    std::memcpy(values_.grow(1), &value, sizeof value);
    validity_.append_valid(1);
  }
  void append(std::span<const T> values) {
    if (values.empty()) return;
    std::memcpy(values_.grow(values.size()), values.data(), values.size_bytes());
    validity_.append_valid(static_cast<std::int64_t>(values.size()));
  }
  void reserve(std::int64_t count) override { values_.reserve(static_cast<std::size_t>(count)); }
  void append_nulls(std::int64_t count) override {
    const auto size = static_cast<std::size_t>(count);
    if (size != 0) std::memset(static_cast<void*>(values_.grow(size)), 0, size * sizeof(T));
    validity_.append_null(count);
  }
  UniqueArray finish() override {
    const std::int64_t rows = length();
    return fixed_width_array(rows, validity_.take(), values_.take());
  }

 private:
  detail::Tail<T> values_;
};

struct DecimalWords128 {
  std::uint64_t low = 0;
  std::int64_t high = 0;
};
using Int8Builder = FixedBuilder<std::int8_t>;
using Int16Builder = FixedBuilder<std::int16_t>;
using Int32Builder = FixedBuilder<std::int32_t>;
using Int64Builder = FixedBuilder<std::int64_t>;
using UInt8Builder = FixedBuilder<std::uint8_t>;
using UInt16Builder = FixedBuilder<std::uint16_t>;
using UInt32Builder = FixedBuilder<std::uint32_t>;
using UInt64Builder = FixedBuilder<std::uint64_t>;
using Float32Builder = FixedBuilder<float>;
using Float64Builder = FixedBuilder<double>;
using Float16Builder = UInt16Builder;   ///< the IEEE bits
using Date32Builder = Int32Builder;     ///< days since 1970-01-01
using Date64Builder = Int64Builder;     ///< milliseconds
using TimestampBuilder = Int64Builder;  ///< in the unit of the schema
using DurationBuilder = Int64Builder;   ///< in the unit of the schema
using MonthsBuilder = Int32Builder;     ///< year-month intervals
using Decimal128Builder = FixedBuilder<DecimalWords128>;
using Decimal256Builder = FixedBuilder<std::array<std::uint64_t, 4>>;  ///< least significant first

/// Text and binary. `Offset` is int32_t, or int64_t for the large variants.
template <class Offset>
class BasicBytesBuilder final : public Builder {
 public:
  /// \throws Error (ResourceExhausted) when the column's bytes no longer fit its offsets
  void append(std::string_view value) {
    push_offset(value.size());
    if (!value.empty()) std::memcpy(data_.grow(value.size()), value.data(), value.size());
    validity_.append_valid(1);
  }
  void append(std::span<const std::byte> value) {
    append(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
  }
  void reserve(std::int64_t count) override;
  void reserve_bytes(std::size_t bytes) { data_.reserve(bytes); }
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  void push_offset(std::size_t added);
  detail::Tail<char> data_;
  detail::Tail<Offset> offsets_;
  std::size_t size_ = 0;
};
using BytesBuilder = BasicBytesBuilder<std::int32_t>;
using LargeBytesBuilder = BasicBytesBuilder<std::int64_t>;
using Utf8Builder = BytesBuilder;
using BinaryBuilder = BytesBuilder;

/// Binary values that all have `width` bytes.
class FixedSizeBinaryBuilder final : public Builder {
 public:
  explicit FixedSizeBinaryBuilder(std::int32_t width) : width_(static_cast<std::size_t>(width)) {}
  /// \throws Error (InvalidArgument) when the value has another size
  void append(std::string_view value);
  void reserve(std::int64_t count) override;
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  std::size_t width_;
  detail::Tail<char> data_;
};

/// Columns side by side.
class StructBuilder final : public Builder {
 public:
  explicit StructBuilder(std::vector<std::unique_ptr<Builder>> fields)
      : fields_(std::move(fields)) {}
  Builder& field(std::size_t index) { return *fields_.at(index); }
  template <class Concrete>
  Concrete& field(std::size_t index) {
    return field(index).template as<Concrete>();
  }
  /// Ends a row, to which every field must have added exactly one value by now.
  void end_row() { validity_.append_valid(1); }
  void reserve(std::int64_t count) override;
  void append_nulls(std::int64_t count) override;
  /// \throws Error (InvalidArgument) when a field has more or fewer values than there are rows
  UniqueArray finish() override;

 private:
  std::vector<std::unique_ptr<Builder>> fields_;
};

/// Lists of any length. `Offset` is int32_t, or int64_t for large lists.
template <class Offset>
class BasicListBuilder final : public Builder {
 public:
  explicit BasicListBuilder(std::unique_ptr<Builder> values) : values_(std::move(values)) {}
  Builder& values() { return *values_; }
  template <class Concrete>
  Concrete& values() {
    return values_->template as<Concrete>();
  }
  /// Ends a list, made of all that was added to `values()` since the last one ended.
  void end_list();
  void reserve(std::int64_t count) override;
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  void push_offset();
  std::unique_ptr<Builder> values_;
  detail::Tail<Offset> offsets_;
};
using ListBuilder = BasicListBuilder<std::int32_t>;
using LargeListBuilder = BasicListBuilder<std::int64_t>;

/// Maps: add to `keys()` and `values()` in step, then end the map.
class MapBuilder final : public Builder {
 public:
  MapBuilder(std::unique_ptr<Builder> keys, std::unique_ptr<Builder> values);
  Builder& keys() { return entries().field(0); }
  Builder& values() { return entries().field(1); }
  template <class Concrete>
  Concrete& keys() {
    return entries().template field<Concrete>(0);
  }
  template <class Concrete>
  Concrete& values() {
    return entries().template field<Concrete>(1);
  }
  void end_map();
  void reserve(std::int64_t count) override { list_.reserve(count); }
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  StructBuilder& entries() { return list_.values<StructBuilder>(); }
  ListBuilder list_;
};

/// Lists that all have `size` values.
class FixedSizeListBuilder final : public Builder {
 public:
  FixedSizeListBuilder(std::int32_t size, std::unique_ptr<Builder> values)
      : size_(size), values_(std::move(values)) {}
  Builder& values() { return *values_; }
  /// \throws Error (InvalidArgument) unless exactly `size` values were added since the last list
  void end_list();
  void reserve(std::int64_t count) override { values_->reserve(count * size_); }
  void append_nulls(std::int64_t count) override;
  UniqueArray finish() override;

 private:
  std::int32_t size_;
  std::unique_ptr<Builder> values_;
};

/// The builder for a field; dictionary-encoded fields get the builder of their indices.
/// \throws Error (NotSupported) as `resolve_type`
std::unique_ptr<Builder> make_builder(const ArrowSchema& field);

/// Builds record batches of one schema.
/// ```
/// BatchBuilder batch(*schema);
/// batch.column<Int32Builder>(0).append(15);
/// batch.column<Utf8Builder>(1).append("JFK");
/// UniqueArray rows = batch.finish();
/// ```
class BatchBuilder {
 public:
  explicit BatchBuilder(const ArrowSchema& schema);
  std::size_t column_count() const noexcept { return columns_.size(); }
  Builder& column(std::size_t index) { return *columns_.at(index); }
  template <class Concrete>
  Concrete& column(std::size_t index) {
    return column(index).template as<Concrete>();
  }
  /// Rows of the first column; 0 without columns.
  std::int64_t length() const noexcept { return columns_.empty() ? 0 : columns_[0]->length(); }
  /// \throws Error (InvalidArgument) when columns have different lengths
  UniqueArray finish();

 private:
  std::vector<std::unique_ptr<Builder>> columns_;
};

}  // namespace dbsql::arrow
