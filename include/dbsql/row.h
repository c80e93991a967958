#pragma once

#include <dbsql/export.h>
#include <dbsql/schema.h>
#include <dbsql/value.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

struct ArrowArray;
struct ArrowSchema;

namespace dbsql {

namespace result {
struct DeclaredType;
}

namespace detail {

/// How a column's values lie in memory.
enum class Physical : std::uint8_t {
  Null,
  Bool,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Float,
  Double,
  Utf8,         // 32-bit offsets
  LargeUtf8,    // 64-bit offsets
  Binary,       // 32-bit offsets
  LargeBinary,  // 64-bit offsets
  FixedBinary,
  Decimal128,
  Decimal256,
  Date32,
  TimestampMicros,     // an instant
  TimestampNtzMicros,  // civil time
  Months,
  DurationMicros,
  List,
  LargeList,
  FixedList,
  Map,
  Struct,
  Other,  // a type whose cells cannot be read here; the Arrow batch still has them
};

/// One column of the current batch, resolved once per batch so that a cell costs no virtual call
/// and no look-up.
struct ColumnRef {
  const std::uint8_t* validity = nullptr;  // null: no NULLs in this batch
  const void* values = nullptr;  // fixed-width values, or the offsets of Utf8/Binary/List/Map
  const void* data = nullptr;    // bytes of Utf8/Binary
  std::int64_t offset = 0;       // added to every row index
  Physical physical = Physical::Other;
  // FixedBinary: bytes per value; FixedList: values per list; Decimal: scale
  std::int32_t width_or_scale = 0;
  std::int32_t position = 0;  // of the column in the result, from 0
  // TimestampMicros; wall clocks whose zone is known all the same
  const TimeZone* zone = nullptr;
  const Column* column = nullptr;  // the top-level column, also of what is nested in it
  const ArrowArray* array = nullptr;
  const ArrowSchema* type = nullptr;
  const ColumnRef* children = nullptr;  // List: the element; Map: key and value; Struct: the fields
  std::int32_t child_count = 0;
  const result::DeclaredType* declared = nullptr;  // text whose SQL type is another one; else null
  std::shared_ptr<const void> owner;  // of `children`, `declared` and decoded dictionaries
};

[[noreturn]] DBSQL_EXPORT void throw_null_cell(const ColumnRef& column, std::int64_t row);
[[noreturn]] DBSQL_EXPORT void throw_cell_type(const ColumnRef& column, std::string_view wanted);
[[noreturn]] DBSQL_EXPORT void throw_cell_range(const ColumnRef& column, std::int64_t row,
                                                std::string_view wanted);
[[noreturn]] DBSQL_EXPORT void throw_arity(std::size_t wanted, const Schema& schema);

DBSQL_EXPORT Value cell_value(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT std::string cell_text(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT void append_cell_text(std::string& out, const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT Decimal cell_decimal(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT Geometry cell_geometry(const ColumnRef& column, std::int64_t row);

// Old servers send these types as text: read from it where the column's SQL type says so, else
// `throw_cell_type`.
DBSQL_EXPORT Date date_of_text(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT Timestamp timestamp_of_text(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT TimestampNtz timestamp_ntz_of_text(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT YearMonthInterval year_month_of_text(const ColumnRef& column, std::int64_t row);
DBSQL_EXPORT DayTimeInterval day_time_of_text(const ColumnRef& column, std::int64_t row);

inline bool is_null(const ColumnRef& column, std::int64_t row) noexcept {
  if (column.physical == Physical::Null) return true;
  if (column.validity == nullptr) return false;
  const std::int64_t index = column.offset + row;
  return (column.validity[index >> 3] & (1U << (index & 7))) == 0;
}

template <class T>
inline T fixed(const ColumnRef& column, std::int64_t row) noexcept {
  return static_cast<const T*>(column.values)[column.offset + row];
}

template <class Offset>
inline std::string_view bytes_of(const ColumnRef& column, std::int64_t row) noexcept {
  const auto* offsets = static_cast<const Offset*>(column.values) + column.offset + row;
  return {static_cast<const char*>(column.data) + offsets[0],
          static_cast<std::size_t>(offsets[1] - offsets[0])};
}

/// Numbers, as opposed to characters and booleans, which are integral types too.
template <class T>
inline constexpr bool kIsInteger =
    std::is_same_v<T, signed char> || std::is_same_v<T, unsigned char> ||
    std::is_same_v<T, short> || std::is_same_v<T, unsigned short> || std::is_same_v<T, int> ||
    std::is_same_v<T, unsigned> || std::is_same_v<T, long> || std::is_same_v<T, unsigned long> ||
    std::is_same_v<T, long long> || std::is_same_v<T, unsigned long long>;

/// Reads one non-null cell as T. The specialisations below are what a column can be read as.
template <class T, class = void>
struct Cell {
  static_assert(!std::is_same_v<T, T>,
                "dbsql: a column cannot be read as this type. Use an integer type, bool, float, "
                "double, std::string_view, std::string, std::span<const std::byte>, "
                "dbsql::Decimal, Date, Timestamp, TimestampNtz, YearMonthInterval, "
                "DayTimeInterval, Geometry or Value, or std::optional of one of them.");
  static T read(const ColumnRef&, std::int64_t);
};

/// Integers: any integer column whose value fits. Checked once per cell only when the column is
/// wider than T.
template <class T>
struct Cell<T, std::enable_if_t<kIsInteger<T>>> {
  static constexpr std::string_view kName = "an integer";
  template <class From>
  static T narrow(const ColumnRef& column, std::int64_t row) {
    const From value = fixed<From>(column, row);
    if (!std::in_range<T>(value)) throw_cell_range(column, row, "an integer of the requested size");
    return static_cast<T>(value);
  }
  static T read(const ColumnRef& column, std::int64_t row) {
    switch (column.physical) {
      case Physical::Int64:
        return narrow<std::int64_t>(column, row);
      case Physical::Int32:
        return narrow<std::int32_t>(column, row);
      case Physical::Int16:
        return narrow<std::int16_t>(column, row);
      case Physical::Int8:
        return narrow<std::int8_t>(column, row);
      case Physical::UInt8:
        return narrow<std::uint8_t>(column, row);
      case Physical::UInt16:
        return narrow<std::uint16_t>(column, row);
      case Physical::UInt32:
        return narrow<std::uint32_t>(column, row);
      case Physical::UInt64:
        return narrow<std::uint64_t>(column, row);
      default:
        throw_cell_type(column, kName);
    }
  }
};

template <>
struct Cell<bool> {
  static bool read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::Bool) throw_cell_type(column, "a boolean");
    const std::int64_t index = column.offset + row;
    return (static_cast<const std::uint8_t*>(column.values)[index >> 3] & (1U << (index & 7))) != 0;
  }
};

template <>
struct Cell<float> {
  static float read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::Float) throw_cell_type(column, "a float");
    return fixed<float>(column, row);
  }
};

/// FLOAT widens to double without loss; integers up to 32 bits do too.
template <>
struct Cell<double> {
  static double read(const ColumnRef& column, std::int64_t row) {
    switch (column.physical) {
      case Physical::Double:
        return fixed<double>(column, row);
      case Physical::Float:
        return static_cast<double>(fixed<float>(column, row));
      case Physical::Int32:
        return fixed<std::int32_t>(column, row);
      case Physical::Int16:
        return fixed<std::int16_t>(column, row);
      case Physical::Int8:
        return fixed<std::int8_t>(column, row);
      case Physical::UInt32:
        return fixed<std::uint32_t>(column, row);
      case Physical::UInt16:
        return fixed<std::uint16_t>(column, row);
      case Physical::UInt8:
        return fixed<std::uint8_t>(column, row);
      default:
        throw_cell_type(column, "a double");
    }
  }
};

/// Text columns as a view into the batch: valid until the next row of another batch is read.
template <>
struct Cell<std::string_view> {
  static std::string_view read(const ColumnRef& column, std::int64_t row) {
    if (column.physical == Physical::Utf8) return bytes_of<std::int32_t>(column, row);
    if (column.physical == Physical::LargeUtf8) return bytes_of<std::int64_t>(column, row);
    throw_cell_type(column, "a string");
  }
};

template <>
struct Cell<std::string> {
  static std::string read(const ColumnRef& column, std::int64_t row) {
    return std::string(Cell<std::string_view>::read(column, row));
  }
};

/// BINARY as a view into the batch, with the same lifetime as text.
template <>
struct Cell<std::span<const std::byte>> {
  static std::span<const std::byte> read(const ColumnRef& column, std::int64_t row) {
    if (column.physical == Physical::Binary) return bytes(bytes_of<std::int32_t>(column, row));
    if (column.physical == Physical::LargeBinary) return bytes(bytes_of<std::int64_t>(column, row));
    if (column.physical == Physical::FixedBinary) {
      const auto width = static_cast<std::size_t>(column.width_or_scale);
      const auto index = static_cast<std::size_t>(column.offset + row);
      return {static_cast<const std::byte*>(column.values) + index * width, width};
    }
    throw_cell_type(column, "a binary");
  }
  static std::span<const std::byte> bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span(text.data(), text.size()));
  }
};

template <>
struct Cell<Decimal> {
  static Decimal read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::Decimal128) return cell_decimal(column, row);
    const auto* words =  // little endian, the lower half first
        static_cast<const std::uint64_t*>(column.values) + 2 * (column.offset + row);
    return {static_cast<std::int64_t>(words[1]), words[0], column.width_or_scale};
  }
};

template <>
struct Cell<Date> {
  static Date read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::Date32) return date_of_text(column, row);
    return Date{fixed<std::int32_t>(column, row)};
  }
};

template <>
struct Cell<Timestamp> {
  static Timestamp read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::TimestampMicros) return timestamp_of_text(column, row);
    return Timestamp{fixed<std::int64_t>(column, row), column.zone};
  }
};

template <>
struct Cell<TimestampNtz> {
  static TimestampNtz read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::TimestampNtzMicros) return timestamp_ntz_of_text(column, row);
    return TimestampNtz{fixed<std::int64_t>(column, row)};
  }
};

template <>
struct Cell<YearMonthInterval> {
  static YearMonthInterval read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::Months) return year_month_of_text(column, row);
    return YearMonthInterval{fixed<std::int32_t>(column, row)};
  }
};

template <>
struct Cell<DayTimeInterval> {
  static DayTimeInterval read(const ColumnRef& column, std::int64_t row) {
    if (column.physical != Physical::DurationMicros) return day_time_of_text(column, row);
    return DayTimeInterval{fixed<std::int64_t>(column, row)};
  }
};

/// Columns of GEOMETRY and GEOGRAPHY; the SRID of the text, else that of the column's type.
template <>
struct Cell<Geometry> {
  static Geometry read(const ColumnRef& column, std::int64_t row) {
    return cell_geometry(column, row);
  }
};

/// A cell with the NULL rule: NULL into a type that cannot hold it is an error.
template <class T>
struct NullableCell {
  static T read(const ColumnRef& column, std::int64_t row) {
    if (is_null(column, row)) throw_null_cell(column, row);
    return Cell<T>::read(column, row);
  }
};
template <class T>
struct NullableCell<std::optional<T>> {
  static std::optional<T> read(const ColumnRef& column, std::int64_t row) {
    if (is_null(column, row)) return std::nullopt;
    return Cell<T>::read(column, row);
  }
};
template <>
struct Cell<Value> {
  static Value read(const ColumnRef& column, std::int64_t row) { return cell_value(column, row); }
};
template <>
struct NullableCell<Value> {
  static Value read(const ColumnRef& column, std::int64_t row) { return cell_value(column, row); }
};

/// Where the rows of a result stand: the columns of the current batch and the row in it.
struct Cursor {
  std::span<const ColumnRef> columns;
  const Schema* schema = nullptr;
  std::int64_t row = 0;        // in the current batch
  std::int64_t row_count = 0;  // of the current batch
  void* source = nullptr;
};

/// Loads the next non-empty batch into `cursor`; false at the end of data.
DBSQL_EXPORT bool load_next_batch(Cursor& cursor);

inline bool advance(Cursor& cursor) {
  if (++cursor.row < cursor.row_count) return true;
  return load_next_batch(cursor);
}

}  // namespace detail

/// One row of a result, read by position or name. A view: it follows its iterator.
///
/// Errors: an index beyond the columns or an unknown name is `InvalidArgument`; types as for typed
/// rows.
class DBSQL_EXPORT RowRef {
 public:
  explicit RowRef(const detail::Cursor& cursor) : cursor_(&cursor) {}

  std::size_t size() const noexcept { return cursor_->columns.size(); }
  const Schema& schema() const noexcept { return *cursor_->schema; }

  bool is_null(std::size_t index) const { return detail::is_null(column(index), cursor_->row); }

  /// The cell as T: an integer type, `bool`, `float`, `double`, `std::string_view`, `std::string`,
  /// `std::span<const std::byte>`, `Decimal`, `Date`, `Timestamp`, `TimestampNtz`, the intervals,
  /// `Geometry`, `Value`, or `std::optional` of one of them.
  template <class T>
  T get(std::size_t index) const {
    return detail::NullableCell<T>::read(column(index), cursor_->row);
  }
  template <class T>
  T get(std::string_view name) const {
    return get<T>(index_of(name));
  }

  Value operator[](std::size_t index) const { return get<Value>(index); }
  Value operator[](std::string_view name) const { return get<Value>(name); }

  /// The cell's text as `Value::to_string()` gives it, without building a Value; NULL gives "NULL".
  std::string text(std::size_t index) const {
    return detail::cell_text(column(index), cursor_->row);
  }
  /// The same, at the end of a string whose memory is used again and again.
  void append_text(std::string& out, std::size_t index) const {
    detail::append_cell_text(out, column(index), cursor_->row);
  }

 private:
  const detail::ColumnRef& column(std::size_t index) const {
    if (index >= cursor_->columns.size()) throw_index(index);
    return cursor_->columns[index];
  }
  std::size_t index_of(std::string_view name) const;
  [[noreturn]] void throw_index(std::size_t index) const;

  const detail::Cursor* cursor_;
};

/// Rows as `RowRef`s: a single-pass range over a result. Move the result's rows, never two loops at
/// once.
class Rows {
 public:
  /// \param owner  keeps the result alive as long as the rows, where nobody else does
  explicit Rows(detail::Cursor cursor, std::shared_ptr<void> owner = {})
      : owner_(std::move(owner)), cursor_(cursor) {}

  class Iterator {
   public:
    using value_type = RowRef;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    Iterator() = default;
    explicit Iterator(detail::Cursor* cursor) : cursor_(cursor) { ++*this; }
    RowRef operator*() const { return RowRef(*cursor_); }
    Iterator& operator++() {
      if (!detail::advance(*cursor_)) cursor_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return cursor_ == nullptr; }

   private:
    detail::Cursor* cursor_ = nullptr;
  };

  Iterator begin() { return Iterator(&cursor_); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::shared_ptr<void> owner_;
  detail::Cursor cursor_;
};

/// Rows as tuples: `for (auto [name, count] : result.rows<std::string_view, std::int64_t>())`.
/// The number of types must be the number of columns; views are valid until the loop reaches
/// another batch.
template <class... Columns>
class TypedRows {
 public:
  /// \param owner  as for `Rows`
  explicit TypedRows(detail::Cursor cursor, std::shared_ptr<void> owner = {})
      : owner_(std::move(owner)), cursor_(cursor) {
    if (sizeof...(Columns) != cursor_.schema->size())
      detail::throw_arity(sizeof...(Columns), *cursor_.schema);
  }

  class Iterator {
   public:
    using value_type = std::tuple<Columns...>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    Iterator() = default;
    explicit Iterator(detail::Cursor* cursor) : cursor_(cursor) { ++*this; }
    value_type operator*() const { return read(std::index_sequence_for<Columns...>{}); }
    Iterator& operator++() {
      if (!detail::advance(*cursor_)) cursor_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return cursor_ == nullptr; }

   private:
    template <std::size_t... Index>
    value_type read(std::index_sequence<Index...>) const {
      return value_type{
          detail::NullableCell<Columns>::read(cursor_->columns[Index], cursor_->row)...};
    }
    detail::Cursor* cursor_ = nullptr;
  };

  Iterator begin() { return Iterator(&cursor_); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::shared_ptr<void> owner_;
  detail::Cursor cursor_;
};

}  // namespace dbsql
