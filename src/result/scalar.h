#pragma once

#include <dbsql/value.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace dbsql::result {

/// An unscaled decimal of up to 256 bits, two's complement, least significant word first.
struct WideDecimal {
  std::array<std::uint64_t, 4> words{};
  std::int32_t scale = 0;

  static WideDecimal of(const Decimal& decimal) noexcept {
    const auto high = static_cast<std::uint64_t>(decimal.high());
    const std::uint64_t sign = decimal.is_negative() ? ~std::uint64_t{0} : 0;
    return {.words = {decimal.low(), high, sign, sign}, .scale = decimal.scale()};
  }

  /// Whether the value is one of DECIMAL's 128-bit range.
  bool fits_128() const noexcept {
    const std::uint64_t sign = (words[1] >> 63) != 0 ? ~std::uint64_t{0} : 0;
    return words[2] == sign && words[3] == sign;
  }
};

/// One value that is not nested, as a view: what cells of Arrow memory and `Value`s have in common,
/// so that each text form is written once.
using Scalar = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, float, double,
                            WideDecimal, std::string_view, std::span<const std::byte>, Date,
                            Timestamp, TimestampNtz, YearMonthInterval, DayTimeInterval>;

/// Appends the text of a top-level cell (reference/results.md 3.6); NULL is `NULL`.
void append_text(std::string& out, const Scalar& scalar);

/// Appends the JSON form that a value has inside a nested one (reference/results.md 3.6.5); NULL is
/// `null`.
void append_json(std::string& out, const Scalar& scalar);

}  // namespace dbsql::result
