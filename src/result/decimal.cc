#include <dbsql/error.h>
#include <dbsql/value.h>

#include "base/text.h"
#include "result/parse_text.h"
#include "result/text_forms.h"
#include "result/text_reader.h"

#include <charconv>
#include <cstdlib>

namespace dbsql {

namespace result {

namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr int kMaxDigits = 38;

constexpr Uint128 power_of_ten(int exponent) noexcept {
  Uint128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

Decimal make_decimal(bool negative, Uint128 magnitude, std::int32_t scale) noexcept {
  const Uint128 bits = negative ? Uint128{0} - magnitude : magnitude;
  return {static_cast<std::int64_t>(bits >> 64), static_cast<std::uint64_t>(bits), scale};
}

Uint128 magnitude_of(const Decimal& decimal) noexcept {
  const Uint128 bits = (Uint128{static_cast<std::uint64_t>(decimal.high())} << 64) | decimal.low();
  return decimal.is_negative() ? Uint128{0} - bits : bits;
}

/// Adds digits to `magnitude`; false when there would be more than 38 significant ones.
bool take_digits(std::string_view digits, Uint128& magnitude) noexcept {
  constexpr Uint128 kLimit = power_of_ten(kMaxDigits - 1);
  for (const char digit : digits) {
    if (magnitude >= kLimit) return false;
    magnitude = magnitude * 10 + static_cast<unsigned>(digit - '0');
  }
  return true;
}

/// An optional `e5`, `E-10`; nothing when it is malformed or absurd.
std::optional<int> read_exponent(TextReader& in) noexcept {
  if (!in.accept('e') && !in.accept('E')) return 0;
  const bool negative = in.negative_sign();
  const auto value = in.number(1, 4);
  if (!value) return std::nullopt;
  return static_cast<int>(negative ? -*value : *value);
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) noexcept {
  TextReader in(text);
  const bool negative = in.negative_sign();
  const std::string_view whole = in.digits();
  const std::string_view fraction = in.accept('.') ? in.digits() : std::string_view{};
  const auto exponent = read_exponent(in);
  if ((whole.empty() && fraction.empty()) || !exponent || !in.at_end()) return std::nullopt;

  Uint128 magnitude = 0;
  if (fraction.size() > std::size_t{kMaxDigits} * 2) return std::nullopt;
  if (!take_digits(whole, magnitude) || !take_digits(fraction, magnitude)) return std::nullopt;
  int scale = static_cast<int>(fraction.size()) - *exponent;
  for (; scale < 0; ++scale) {  // 12e3 has no fraction: it is 12000 with scale 0
    if (magnitude == 0) {
      scale = 0;
      break;
    }
    if (!take_digits("0", magnitude)) return std::nullopt;
  }
  if (scale > kMaxDigits) return std::nullopt;
  return make_decimal(negative, magnitude, scale);
}

std::optional<Decimal> rescale(const Decimal& decimal, std::int32_t precision,
                               std::int32_t scale) noexcept {
  if (precision < 1 || precision > kMaxDigits || scale < 0 || scale > kMaxDigits)
    return std::nullopt;
  Uint128 magnitude = magnitude_of(decimal);
  for (std::int32_t have = decimal.scale(); have < scale; ++have) {
    if (!take_digits("0", magnitude)) return std::nullopt;
  }
  for (std::int32_t have = decimal.scale(); have > scale; --have) {
    if (magnitude % 10 != 0) return std::nullopt;
    magnitude /= 10;
  }
  if (magnitude >= power_of_ten(precision)) return std::nullopt;
  return make_decimal(decimal.is_negative(), magnitude, scale);
}

}  // namespace result

Decimal Decimal::from_string(std::string_view text) {
  if (const auto decimal = result::parse_decimal(text)) return *decimal;
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat(
                   "\"", text.substr(0, 80),
                   "\" is not a decimal: digits with an optional sign, point and exponent are "
                   "expected, at most 38 significant digits and 38 after the point"),
               .sqlstate = "22018"});
}

std::string Decimal::to_string() const {
  std::string text;
  result::append_decimal(text, result::WideDecimal::of(*this));
  return text;
}

double Decimal::to_double() const {
  // The text is exact and from_chars rounds once: no intermediate double can round a second time.
  const std::string text = to_string();
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace dbsql
