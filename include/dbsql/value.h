#pragma once

#include <dbsql/export.h>
#include <dbsql/time_zone.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dbsql {

/// DECIMAL(p, s): an exact 128-bit unscaled integer and a scale; the value is unscaled / 10^scale.
class DBSQL_EXPORT Decimal {
 public:
  Decimal() = default;
  /// \param high, low  the two halves of the two's complement unscaled value
  /// \param scale      digits after the point, 0 to 38
  constexpr Decimal(std::int64_t high, std::uint64_t low, std::int32_t scale) noexcept
      : high_(high), low_(low), scale_(scale) {}

  /// Reads plain or exponent notation with at most 38 significant digits.
  /// \throws Error (InvalidArgument) otherwise, also for NaN and infinities
  static Decimal from_string(std::string_view text);

  std::int64_t high() const noexcept { return high_; }
  std::uint64_t low() const noexcept { return low_; }
  std::int32_t scale() const noexcept { return scale_; }
  bool is_negative() const noexcept { return high_ < 0; }

  /// Exact fixed-point text with exactly `scale()` digits after the point
  /// (reference/results.md 3.6.2).
  std::string to_string() const;
  /// The nearest double; loses digits beyond the 17th.
  double to_double() const;

  /// Same number and same scale.
  friend bool operator==(const Decimal&, const Decimal&) = default;

 private:
  std::int64_t high_ = 0;
  std::uint64_t low_ = 0;
  std::int32_t scale_ = 0;
};

/// DATE: days since 1970-01-01, proleptic Gregorian; no zone is ever applied.
struct DBSQL_EXPORT Date {
  std::int32_t days = 0;
  std::string to_string() const;  ///< `yyyy-MM-dd`
  friend auto operator<=>(const Date&, const Date&) = default;
};

/// TIMESTAMP: an instant, in microseconds since 1970-01-01T00:00:00Z, and the zone in which the
/// server shows it.
struct DBSQL_EXPORT Timestamp {
  std::int64_t microseconds = 0;
  const TimeZone* zone =
      nullptr;  ///< null means UTC; two timestamps are equal when their instants are
  std::string to_string() const;  ///< `yyyy-MM-dd HH:mm:ss[.ffffff]` in `zone`, trailing zeros cut
  friend bool operator==(const Timestamp& a, const Timestamp& b) {
    return a.microseconds == b.microseconds;
  }
  friend auto operator<=>(const Timestamp& a, const Timestamp& b) {
    return a.microseconds <=> b.microseconds;
  }
};

/// TIMESTAMP_NTZ: civil time without a zone, as microseconds since 1970-01-01 00:00:00 on the same
/// wall clock.
struct DBSQL_EXPORT TimestampNtz {
  std::int64_t microseconds = 0;
  std::string to_string() const;
  friend auto operator<=>(const TimestampNtz&, const TimestampNtz&) = default;
};

/// INTERVAL YEAR TO MONTH.
struct DBSQL_EXPORT YearMonthInterval {
  std::int32_t months = 0;
  std::string to_string() const;  ///< `2-6`, `-0-1` (reference/results.md 3.6.1)
  friend auto operator<=>(const YearMonthInterval&, const YearMonthInterval&) = default;
};

/// INTERVAL DAY TO SECOND.
struct DBSQL_EXPORT DayTimeInterval {
  std::int64_t microseconds = 0;
  std::string to_string() const;  ///< `3 12:30:15.000000000`
  friend auto operator<=>(const DayTimeInterval&, const DayTimeInterval&) = default;
};

/// GEOMETRY and GEOGRAPHY: well-known text, and the number of the reference system of its
/// coordinates.
struct DBSQL_EXPORT Geometry {
  std::int32_t srid = 0;  ///< 0: not said
  std::string wkt;

  /// Reads `SRID=4326;POINT(1 2)`. The prefix counts only in capitals and with a number that fits;
  /// otherwise the SRID is 0. The text itself is not checked.
  static Geometry from_text(std::string_view text);
  std::string to_string() const;  ///< `SRID=4326;POINT(1 2)`; the text alone for SRID 0
  friend bool operator==(const Geometry&, const Geometry&) = default;
};

/// BINARY.
struct Binary {
  std::vector<std::byte> bytes;
  friend bool operator==(const Binary&, const Binary&) = default;
};

class Value;

/// ARRAY<T>.
struct ListValue {
  std::vector<Value> elements;
  friend bool operator==(const ListValue&, const ListValue&);
};
/// MAP<K, V>, in the server's order; duplicate keys are kept.
struct MapValue {
  std::vector<std::pair<Value, Value>> entries;
  friend bool operator==(const MapValue&, const MapValue&);
};
/// STRUCT<...>, in schema order; duplicate names are kept.
struct StructValue {
  std::vector<std::pair<std::string, Value>> fields;
  friend bool operator==(const StructValue&, const StructValue&);
};

/// One SQL value that owns its data: a cell of a result, or a statement parameter.
///
/// Threads: as a standard container.
/// Cost: strings, binaries and nested values allocate; read columns through typed rows or Arrow
/// where that matters.
class DBSQL_EXPORT Value {
 public:
  using Variant =
      std::variant<std::monostate, bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t,
                   float, double, Decimal, std::string, Binary, Date, Timestamp, TimestampNtz,
                   YearMonthInterval, DayTimeInterval, ListValue, MapValue, StructValue>;

  Value() = default;  ///< SQL NULL
  // Implicit on purpose: parameters are written as plain C++ values, `{{"min", 15}}`.
  // NOLINTBEGIN(google-explicit-constructor)
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(std::int8_t value) : data_(value) {}
  Value(std::int16_t value) : data_(value) {}
  Value(std::int32_t value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(long long value) : data_(std::int64_t{value}) {}
  Value(float value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(Decimal value) : data_(value) {}
  Value(Binary value) : data_(std::move(value)) {}
  Value(Date value) : data_(value) {}
  Value(Timestamp value) : data_(value) {}
  Value(TimestampNtz value) : data_(value) {}
  Value(YearMonthInterval value) : data_(value) {}
  Value(DayTimeInterval value) : data_(value) {}
  Value(ListValue value) : data_(std::move(value)) {}
  Value(MapValue value) : data_(std::move(value)) {}
  Value(StructValue value) : data_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }

  /// The value as one of the alternatives of `Variant`.
  /// \throws Error (InvalidArgument) naming both types when it holds another one
  template <class T>
  const T& get() const {
    if (const T* held = std::get_if<T>(&data_)) return *held;
    throw_wrong_type(Variant(std::in_place_type<T>).index());
  }
  template <class T>
  const T* get_if() const noexcept {
    return std::get_if<T>(&data_);
  }

  /// The type's SQL name, for instance "BIGINT" or "ARRAY".
  std::string_view type_name() const noexcept;

  /// The text form of reference/results.md 3.6: exact decimals, timestamps in their zone, nested
  /// values as compact JSON, BINARY as lower-case hex. NULL gives "NULL".
  std::string to_string() const;

  const Variant& variant() const noexcept { return data_; }
  friend bool operator==(const Value&, const Value&) = default;

 private:
  [[noreturn]] void throw_wrong_type(std::size_t wanted) const;
  Variant data_;
};

inline bool operator==(const ListValue& a, const ListValue& b) { return a.elements == b.elements; }
inline bool operator==(const MapValue& a, const MapValue& b) { return a.entries == b.entries; }
inline bool operator==(const StructValue& a, const StructValue& b) { return a.fields == b.fields; }

}  // namespace dbsql
