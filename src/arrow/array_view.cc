#include "arrow/array_view.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <bit>
#include <cstring>

namespace dbsql::arrow {
namespace {

double half_to_double(std::uint16_t half) {
  const std::uint64_t sign = static_cast<std::uint64_t>(half >> 15) << 63;
  const unsigned exponent = (half >> 10) & 0x1F;
  const std::uint64_t fraction = half & 0x3FF;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24
    const double magnitude = static_cast<double>(fraction) * 0x1p-24;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint64_t wide_exponent = exponent == 0x1F ? 0x7FF : exponent + (1023 - 15);
  return std::bit_cast<double>(sign | wide_exponent << 52 | fraction << 42);
}

}  // namespace

ArrayView::ArrayView(const ArrowSchema& schema, const ArrowArray& array)
    : ArrayView(schema, array, 0, array.length, 0) {}

ArrayView::ArrayView(const ArrowSchema& schema, const ArrowArray& array, std::int64_t shift,
                     std::int64_t length, int depth)
    : type_(parse_type(schema.format)),
      layout_(layout_of(type_.kind)),
      name_(schema.name == nullptr ? "" : schema.name),
      length_(length),
      offset_(array.offset + shift) {
  if (depth > kMaxNesting) reject("is nested too deeply");
  check_shape(schema, array);
  check_buffers(array);
  if (layout_ != Layout::Null) {
    validity_ =
        array.null_count == 0 ? nullptr : static_cast<const std::uint8_t*>(array.buffers[0]);
    if (array.n_buffers > 1) data_ = array.buffers[1];
    if (array.n_buffers > 2) bytes_ = static_cast<const char*>(array.buffers[2]);
  }
  view_children(schema, array, depth);
}

void ArrayView::reject(std::string_view problem) const {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("Arrow array for column '", name_, "' (",
                                       to_string(type_.kind), ") ", problem)});
}

void ArrayView::wrong_kind(std::string_view wanted) const {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("column '", name_, "' is of type ", to_string(type_.kind),
                                       " and cannot be read as ", wanted)});
}

void ArrayView::check_shape(const ArrowSchema& schema, const ArrowArray& array) const {
  if (array.release == nullptr) reject("has been released");
  if (array.length < 0 || array.offset < 0) reject("has a negative length or offset");
  if (offset_ - array.offset + length_ > array.length) reject("is shorter than its parent");
  if (array.n_buffers != buffer_count(layout_)) reject("has the wrong number of buffers");
  if (array.n_children != schema.n_children) reject("has the wrong number of children");
  const bool is_list =
      layout_ == Layout::List32 || layout_ == Layout::List64 || layout_ == Layout::FixedList;
  if (is_list ? array.n_children != 1 : layout_ != Layout::Struct && array.n_children != 0) {
    reject("has the wrong number of children");
  }
  if ((schema.dictionary == nullptr) != (array.dictionary == nullptr)) {
    reject("has a dictionary in the schema or in the array, but not in both");
  }
}

void ArrayView::check_buffers(const ArrowArray& array) const {
  if (length_ == 0 || layout_ == Layout::Null) return;
  if (array.null_count > 0 && array.buffers[0] == nullptr) reject("has nulls but no bitmap");
  const bool has_values = layout_ != Layout::FixedList && layout_ != Layout::Struct;
  const bool empty_values = layout_ == Layout::Fixed && type_.byte_width == 0;
  if (has_values && !empty_values && array.buffers[1] == nullptr) reject("lacks its values");
  if (array.n_buffers < 3 || array.buffers[2] != nullptr) return;
  const std::int64_t end = offset_ + length_;
  const bool has_bytes = layout_ == Layout::Bytes32
                             ? static_cast<const std::int32_t*>(array.buffers[1])[end] != 0
                             : static_cast<const std::int64_t*>(array.buffers[1])[end] != 0;
  if (has_bytes) reject("lacks its data");
}

void ArrayView::view_children(const ArrowSchema& schema, const ArrowArray& array, int depth) {
  const bool is_struct = layout_ == Layout::Struct;
  children_.reserve(static_cast<std::size_t>(array.n_children));
  for (std::int64_t i = 0; i < array.n_children; ++i) {
    const ArrowArray& child = *array.children[i];
    // Children of a struct shift with it; those of a list have row numbers of their own.
    children_.push_back(ArrayView(*schema.children[i], child, is_struct ? offset_ : 0,
                                  is_struct ? length_ : child.length, depth + 1));
  }
  if (!is_struct && !children_.empty()) check_list_end();
  if (type_.kind == TypeKind::Map && children_[0].child_count() != 2) {
    reject("must have a struct of a key and a value");
  }
  if (schema.dictionary != nullptr) {
    const ArrowArray& values = *array.dictionary;
    dictionary_.reset(new ArrayView(*schema.dictionary, values, 0, values.length, depth + 1));
  }
}

void ArrayView::check_list_end() const {
  if (length_ == 0) return;
  const Range first = range_at(0);
  const Range last = range_at(length_ - 1);
  if (first.begin < 0 || last.end < first.begin || last.end > children_[0].length()) {
    reject("has lists that end behind its values");
  }
}

template <class T>
T ArrayView::value_at(std::int64_t row) const noexcept {
  T value;
  std::memcpy(&value, static_cast<const T*>(data_) + offset_ + row, sizeof value);
  return value;
}

std::int64_t ArrayView::int_at(std::int64_t row) const {
  switch (type_.kind) {
    case TypeKind::Bool:
      return bool_at(row) ? 1 : 0;
    case TypeKind::Int8:
      return value_at<std::int8_t>(row);
    case TypeKind::UInt8:
      return value_at<std::uint8_t>(row);
    case TypeKind::Int16:
      return value_at<std::int16_t>(row);
    case TypeKind::UInt16:
      return value_at<std::uint16_t>(row);
    case TypeKind::UInt32:
      return value_at<std::uint32_t>(row);
    case TypeKind::Int32:
    case TypeKind::Date32:
    case TypeKind::Time32:
    case TypeKind::IntervalMonths:
      return value_at<std::int32_t>(row);
    case TypeKind::Int64:
    case TypeKind::UInt64:
    case TypeKind::Date64:
    case TypeKind::Time64:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
      return value_at<std::int64_t>(row);
    default:
      wrong_kind("an integer");
  }
}

double ArrayView::double_at(std::int64_t row) const {
  switch (type_.kind) {
    case TypeKind::Float16:
      return half_to_double(value_at<std::uint16_t>(row));
    case TypeKind::Float32:
      return double{value_at<float>(row)};
    case TypeKind::Float64:
      return value_at<double>(row);
    default:
      wrong_kind("a floating-point number");
  }
}

std::string_view ArrayView::bytes_at(std::int64_t row) const {
  const auto between = [&](auto begin, auto end) {
    return std::string_view(bytes_ + begin, static_cast<std::size_t>(end - begin));
  };
  switch (layout_) {
    case Layout::Bytes32:
      return between(value_at<std::int32_t>(row), value_at<std::int32_t>(row + 1));
    case Layout::Bytes64:
      return between(value_at<std::int64_t>(row), value_at<std::int64_t>(row + 1));
    default:
      break;
  }
  if (type_.kind != TypeKind::FixedSizeBinary) wrong_kind("text or binary");
  const auto width = static_cast<std::size_t>(type_.byte_width);
  return {static_cast<const char*>(data_) + static_cast<std::size_t>(offset_ + row) * width, width};
}

std::array<std::uint64_t, 4> ArrayView::decimal_at(std::int64_t row) const {
  if (type_.kind != TypeKind::Decimal) wrong_kind("a decimal");
  const auto width = static_cast<std::size_t>(type_.byte_width);
  const auto* bytes =
      static_cast<const std::byte*>(data_) + static_cast<std::size_t>(offset_ + row) * width;
  const bool negative = (bytes[width - 1] & std::byte{0x80}) != std::byte{0};
  std::array<std::uint64_t, 4> words{};
  words.fill(negative ? ~std::uint64_t{0} : 0);
  std::memcpy(words.data(), bytes, width);
  return words;
}

DayTime ArrayView::day_time_at(std::int64_t row) const {
  if (type_.kind != TypeKind::IntervalDayTime) wrong_kind("days and milliseconds");
  return value_at<DayTime>(row);
}

MonthDayNano ArrayView::month_day_nano_at(std::int64_t row) const {
  if (type_.kind != TypeKind::IntervalMonthDayNano) wrong_kind("months, days and nanoseconds");
  return value_at<MonthDayNano>(row);
}

ArrayView::Range ArrayView::range_at(std::int64_t row) const {
  switch (layout_) {
    case Layout::List32:
      return {value_at<std::int32_t>(row), value_at<std::int32_t>(row + 1)};
    case Layout::List64:
      return {value_at<std::int64_t>(row), value_at<std::int64_t>(row + 1)};
    case Layout::FixedList: {
      const std::int64_t size = type_.list_size;
      return {(offset_ + row) * size, (offset_ + row + 1) * size};
    }
    default:
      wrong_kind("a list");
  }
}

}  // namespace dbsql::arrow
