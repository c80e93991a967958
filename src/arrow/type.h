#pragma once

#include <dbsql/arrow_c.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::arrow {

/// The Arrow types this library reads and writes. Utf8/Binary/List stand for 32-bit offsets.
enum class TypeKind : std::uint8_t {
  Null,
  Bool,
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Float16,
  Float32,
  Float64,
  Decimal,  ///< 32 to 256 bits, told by `byte_width`
  Date32,   ///< days
  Date64,   ///< milliseconds
  Time32,
  Time64,
  Timestamp,
  Duration,
  IntervalMonths,
  IntervalDayTime,
  IntervalMonthDayNano,
  Binary,
  LargeBinary,
  FixedSizeBinary,
  Utf8,
  LargeUtf8,
  List,
  LargeList,
  FixedSizeList,
  Map,
  Struct,
};

enum class TimeUnit : std::uint8_t { Second, Millisecond, Microsecond, Nanosecond };

/// How the values of a type lie in memory; several types share one layout.
enum class Layout : std::uint8_t {
  Null,       ///< no buffers
  Bits,       ///< validity, one bit per value
  Fixed,      ///< validity, `byte_width` bytes per value
  Bytes32,    ///< validity, int32 offsets, data
  Bytes64,    ///< validity, int64 offsets, data
  List32,     ///< validity, int32 offsets; one child
  List64,     ///< validity, int64 offsets; one child
  FixedList,  ///< validity; one child of `list_size` values per list
  Struct,     ///< validity; children
};

/// A type without its children. A view: `timezone` points into the format string it was parsed
/// from.
struct DataType {
  TypeKind kind = TypeKind::Null;
  TimeUnit unit = TimeUnit::Second;
  std::int32_t byte_width = 0;  ///< of one value, for layout Fixed
  std::int32_t precision = 0;   ///< Decimal
  std::int32_t scale = 0;       ///< Decimal
  std::int32_t list_size = 0;   ///< FixedSizeList
  std::string_view timezone;    ///< Timestamp; empty = wall clock without a zone
};

/// A value of the interval of days and milliseconds, as it lies in memory.
struct DayTime {
  std::int32_t days = 0;
  std::int32_t milliseconds = 0;
};

/// A value of the interval of months, days and nanoseconds, as it lies in memory.
struct MonthDayNano {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t nanoseconds = 0;
};

/// Nesting deeper than this is refused everywhere: no SQL type comes near it, and recursion stays
/// bounded.
inline constexpr int kMaxNesting = 64;

/// \param format  an Arrow format string
/// \throws Error (NotSupported) for unions, views, run-end encoding and text that is no format at
/// all
DataType parse_type(const char* format);

Layout layout_of(TypeKind kind) noexcept;
int buffer_count(Layout layout) noexcept;
/// The name in messages, for instance "timestamp".
std::string_view to_string(TypeKind kind) noexcept;

std::string decimal_format(int precision, int scale, int bit_width = 128);
std::string timestamp_format(TimeUnit unit, std::string_view timezone = {});

/// A whole type, resolved once so that no format string is parsed per batch.
///
/// Ownership: refers to no schema; `type.timezone` is left empty.
struct TypeNode {
  DataType type;
  Layout layout = Layout::Null;
  std::string name;
  std::vector<TypeNode> children;
  std::unique_ptr<TypeNode> dictionary;  ///< type of the values; `type` is then that of the indices
  std::int64_t dictionary_id = 0;  ///< of an encoded field: its number in depth-first order, from 0
};

/// \throws Error (NotSupported) as `parse_type`; (InvalidArgument) when children do not fit the
/// type, or are nested
///         deeper than `kMaxNesting`
TypeNode resolve_type(const ArrowSchema& schema);

/// Whether both have the same types in the same places, whatever the names, nullability, zones and
/// decimal precision.
bool same_layout(const TypeNode& a, const TypeNode& b) noexcept;

/// Whether both have the same names and types throughout, so that arrays of one are arrays of the
/// other.
bool same_types(const ArrowSchema& a, const ArrowSchema& b) noexcept;

}  // namespace dbsql::arrow
