#pragma once

#include <dbsql/arrow_c.h>

#include "arrow/bits.h"
#include "arrow/type.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::arrow {

/// A typed view of one column, for reading single cells whatever the type is.
///
/// Row numbers are those of the column as its owner sees it: from 0, with the offsets of the array
/// and of the structs around it applied. Values under a null are unspecified.
///
/// Ownership: a view; the schema and the array must outlive it.
/// Threads: any number may read one view.
/// Errors: construction checks that the array fits its schema; the accessors check nothing but the
/// kind they need. Cost: a few instructions per cell. Loops over whole columns take `values<T>()`
/// and `validity()` instead.
class ArrayView {
 public:
  /// A range of rows of `child(0)`.
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t size() const noexcept { return end - begin; }
  };

  /// \throws Error (InvalidArgument) when children or buffers are missing or too short for what the
  /// array declares;
  ///         (NotSupported) for types that are not read
  ArrayView(const ArrowSchema& schema, const ArrowArray& array);

  const DataType& type() const noexcept { return type_; }
  TypeKind kind() const noexcept { return type_.kind; }
  std::string_view name() const noexcept { return name_; }
  std::int64_t length() const noexcept { return length_; }

  bool is_null(std::int64_t row) const noexcept {
    if (validity_ != nullptr) return !get_bit(validity_, offset_ + row);
    return type_.kind == TypeKind::Null;
  }

  bool bool_at(std::int64_t row) const noexcept {
    return get_bit(static_cast<const std::uint8_t*>(data_), offset_ + row);
  }
  /// Integers, dates, times, timestamps, durations and months, widened; UInt64 keeps its bits.
  std::int64_t int_at(std::int64_t row) const;
  /// Floats of all widths.
  double double_at(std::int64_t row) const;
  /// Text and binary of all variants.
  std::string_view bytes_at(std::int64_t row) const;
  /// The unscaled value as two's complement, least significant word first, sign-extended to 256
  /// bits.
  std::array<std::uint64_t, 4> decimal_at(std::int64_t row) const;

  DayTime day_time_at(std::int64_t row) const;
  MonthDayNano month_day_nano_at(std::int64_t row) const;

  /// Where the elements of a list, or the entries of a map, lie in `child(0)`; a map's entries are
  /// a struct of a key and a value.
  Range range_at(std::int64_t row) const;

  std::size_t child_count() const noexcept { return children_.size(); }
  /// Of a struct: row `i` of the child belongs to row `i` of this view.
  const ArrayView& child(std::size_t index) const { return children_.at(index); }

  /// The values of a dictionary-encoded column; null when it is not encoded.
  const ArrayView* dictionary() const noexcept { return dictionary_.get(); }
  /// The row of `dictionary()` that a row of an encoded column stands for.
  std::int64_t dictionary_index(std::int64_t row) const { return int_at(row); }

  // For loops over the whole column.
  /// The first of `length()` values; of a type with the width of T.
  template <class T>
  const T* values() const noexcept {
    return static_cast<const T*>(data_) + offset_;
  }
  /// The validity bitmap, null when all rows are valid; row `i` is at bit `bit_offset() + i`.
  const std::uint8_t* validity() const noexcept { return validity_; }
  std::int64_t bit_offset() const noexcept { return offset_; }

 private:
  ArrayView(const ArrowSchema& schema, const ArrowArray& array, std::int64_t shift,
            std::int64_t length, int depth);
  void check_shape(const ArrowSchema& schema, const ArrowArray& array) const;
  void check_buffers(const ArrowArray& array) const;
  void view_children(const ArrowSchema& schema, const ArrowArray& array, int depth);
  void check_list_end() const;
  [[noreturn]] void reject(std::string_view problem) const;
  [[noreturn]] void wrong_kind(std::string_view wanted) const;
  template <class T>
  T value_at(std::int64_t row) const noexcept;

  DataType type_;
  Layout layout_ = Layout::Null;
  std::string_view name_;
  std::int64_t length_ = 0;
  std::int64_t offset_ = 0;  // of row 0 in the buffers
  const std::uint8_t* validity_ = nullptr;
  const void* data_ = nullptr;  // values, offsets or bits
  const char* bytes_ = nullptr;
  std::vector<ArrayView> children_;
  std::unique_ptr<ArrayView> dictionary_;
};

}  // namespace dbsql::arrow
