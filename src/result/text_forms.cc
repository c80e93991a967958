#include "result/text_forms.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "result/civil.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace dbsql::result {

namespace {

constexpr std::string_view kDigitPairs =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/// A short text on the stack: one append to the string instead of one per field.
class Scratch {
 public:
  void put(char character) noexcept { *end_++ = character; }
  void put_two(std::uint32_t number) noexcept {
    put(kDigitPairs[number * 2]);
    put(kDigitPairs[number * 2 + 1]);
  }
  void put_number(std::uint64_t number) noexcept {
    end_ = std::to_chars(end_, buffer_.data() + buffer_.size(), number).ptr;
  }
  /// `width` digits with leading zeros; the number has no more.
  void put_padded(std::uint32_t number, int width) noexcept {
    for (int i = width - 1; i >= 0; --i) {
      end_[i] = static_cast<char>('0' + number % 10);
      number /= 10;
    }
    end_ += width;
  }
  void cut_trailing_zeros() noexcept {
    while (end_[-1] == '0') --end_;
  }
  std::string_view text() const noexcept {
    return {buffer_.data(), static_cast<std::size_t>(end_ - buffer_.data())};
  }

 private:
  std::array<char, 64> buffer_;
  char* end_ = buffer_.data();
};

/// The absolute value; also of the most negative number, which has no positive counterpart.
template <class Signed>
constexpr auto magnitude(Signed value) noexcept {
  using Unsigned = std::make_unsigned_t<Signed>;
  return value < 0 ? Unsigned{0} - static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
}

void put_date(Scratch& out, std::int64_t days) noexcept {
  const CivilDate date = civil_of_days(days);
  if (date.year < 0) out.put('-');
  if (date.year > 9999) out.put('+');
  const std::uint64_t year = magnitude(date.year);
  if (year > 9999) {
    out.put_number(year);
  } else {
    out.put_padded(static_cast<std::uint32_t>(year), 4);
  }
  out.put('-');
  out.put_two(date.month);
  out.put('-');
  out.put_two(date.day);
}

void put_clock(Scratch& out, std::uint32_t second_of_day) noexcept {
  out.put_two(second_of_day / 3600);
  out.put(':');
  out.put_two(second_of_day / 60 % 60);
  out.put(':');
  out.put_two(second_of_day % 60);
}

}  // namespace

void append_date(std::string& out, std::int64_t days) {
  Scratch text;
  put_date(text, days);
  out += text.text();
}

void append_timestamp(std::string& out, std::int64_t microseconds,
                      std::int32_t utc_offset_seconds) {
  // Seconds first: adding the offset to microseconds could overflow at both ends of the range.
  const std::int64_t seconds = floor_div(microseconds, kMicrosPerSecond) + utc_offset_seconds;
  const auto fraction = static_cast<std::uint32_t>(floor_mod(microseconds, kMicrosPerSecond));
  Scratch text;
  put_date(text, floor_div(seconds, kSecondsPerDay));
  text.put(' ');
  put_clock(text, static_cast<std::uint32_t>(floor_mod(seconds, kSecondsPerDay)));
  if (fraction != 0) {
    text.put('.');
    text.put_padded(fraction, 6);
    text.cut_trailing_zeros();
  }
  out += text.text();
}

void append_year_month(std::string& out, std::int32_t months) {
  Scratch text;
  const std::uint32_t total = magnitude(months);
  if (months < 0) text.put('-');
  text.put_number(total / 12);
  text.put('-');
  text.put_number(total % 12);
  out += text.text();
}

void append_day_time(std::string& out, std::int64_t microseconds) {
  Scratch text;
  const std::uint64_t total = magnitude(microseconds);
  const std::uint64_t seconds = total / kMicrosPerSecond;
  if (microseconds < 0) text.put('-');
  text.put_number(seconds / kSecondsPerDay);
  text.put(' ');
  put_clock(text, static_cast<std::uint32_t>(seconds % kSecondsPerDay));
  text.put('.');
  text.put_padded(static_cast<std::uint32_t>(total % kMicrosPerSecond), 6);
  out += text.text();
  out += "000";  // the server always shows nanoseconds, the wire has microseconds
}

// Decimals
// ------------------------------------------------------------------------------------------------------------

namespace {

__extension__ using Uint128 = unsigned __int128;
using Words = std::array<std::uint64_t, 4>;

constexpr std::uint64_t kTenTo19 = 10'000'000'000'000'000'000ULL;
constexpr std::size_t kMaxDigits = 80;  // 2^255 has 77

Words negated(Words words) noexcept {
  std::uint64_t carry = 1;
  for (std::uint64_t& word : words) {
    word = ~word + carry;
    carry = (carry != 0 && word == 0) ? 1 : 0;
  }
  return words;
}

/// Divides in place and returns the remainder.
std::uint64_t divide_by_ten_to_19(Words& words) noexcept {
  std::uint64_t remainder = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    if (remainder == 0 && words[i] < kTenTo19) {  // spares the 128-bit division of small numbers
      remainder = words[i];
      words[i] = 0;
      continue;
    }
    const Uint128 part = (Uint128{remainder} << 64) | words[i];
    words[i] = static_cast<std::uint64_t>(part / kTenTo19);
    remainder = static_cast<std::uint64_t>(part % kTenTo19);
  }
  return remainder;
}

/// Writes the digits of an unsigned number so that they end at `end`; returns where they start.
/// Zero has one digit.
char* digits_before(char* end, Words words) noexcept {
  while (true) {
    const std::uint64_t chunk = divide_by_ten_to_19(words);
    std::array<char, 20> digits;
    const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), chunk).ptr;
    const auto count = last - digits.data();
    std::copy(digits.data(), last, end - count);
    const bool done = words == Words{};
    if (done) return end - count;
    std::fill(end - 19, end - count, '0');
    end -= 19;
  }
}

}  // namespace

void append_decimal(std::string& out, const WideDecimal& decimal) {
  if (decimal.scale < 0 || decimal.scale > 76)
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = base::concat("a decimal's scale is ", decimal.scale,
                                         "; it must lie between 0 and 76")});
  const bool negative = (decimal.words[3] >> 63) != 0;
  std::array<char, kMaxDigits> buffer;
  char* const end = buffer.data() + buffer.size();
  const char* const begin = digits_before(end, negative ? negated(decimal.words) : decimal.words);
  const auto count = static_cast<std::size_t>(end - begin);
  const auto scale = static_cast<std::size_t>(decimal.scale);

  if (negative) out += '-';
  if (scale == 0) {
    out.append(begin, count);
  } else if (count > scale) {
    out.append(begin, count - scale);
    out += '.';
    out.append(end - scale, scale);
  } else {
    out += "0.";
    out.append(scale - count, '0');
    out.append(begin, count);
  }
}

// Floating point
// ------------------------------------------------------------------------------------------------------

namespace {

/// The shortest digits d1 d2 d3 ... and the exponent of d1.d2d3... that give the value back.
struct ShortestDigits {
  std::array<char, 20> digits;
  std::size_t count = 0;
  int exponent = 0;

  std::string_view text() const noexcept { return {digits.data(), count}; }
};

template <class Floating>
ShortestDigits shortest_digits(Floating positive) noexcept {
  std::array<char, 32> buffer;
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), positive,
                                        std::chars_format::scientific)
                              .ptr;
  ShortestDigits result;
  const char* at = buffer.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') result.digits[result.count++] = *at;
  }
  const bool small = at[1] == '-';
  std::from_chars(at + 2, end, result.exponent);
  if (small) result.exponent = -result.exponent;
  return result;
}

/// Fixed notation; `always_point` writes `1.0` for 1.
void append_fixed(std::string& out, const ShortestDigits& number, bool always_point) {
  const std::string_view digits = number.text();
  if (number.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-number.exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(number.exponent) + 1;
  if (digits.size() > whole) {
    out += digits.substr(0, whole);
    out += '.';
    out += digits.substr(whole);
    return;
  }
  out += digits;
  out.append(whole - digits.size(), '0');
  if (always_point) out += ".0";
}

void append_exponent(std::string& out, int exponent) {
  std::array<char, 8> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), exponent).ptr;
  out.append(buffer.data(), end);
}

/// NaN and the infinities by name; true when the value was one of them.
template <class Floating>
bool append_special(std::string& out, Floating value) {
  if (std::isfinite(value)) return false;
  out += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  return true;
}

/// `1.0`, `1.0E10` from ten million on, `1.0E-4` below a thousandth (reference/results.md 3.6.3).
template <class Floating>
void append_spark(std::string& out, Floating value) {
  if (append_special(out, value)) return;
  if (std::signbit(value)) out += '-';
  const Floating positive = std::fabs(value);
  if (positive == 0) {
    out += "0.0";
    return;
  }
  const ShortestDigits number = shortest_digits(positive);
  if (number.exponent >= -3 && number.exponent < 7) return append_fixed(out, number, true);
  const std::string_view digits = number.text();
  out += digits[0];
  out += '.';
  out += digits.size() > 1 ? digits.substr(1) : "0";
  out += 'E';
  append_exponent(out, number.exponent);
}

/// The layout every JSON writer of the web uses: fixed from 1e-6 up to below 1e21, exponents
/// beyond.
template <class Floating>
void append_json_number(std::string& out, Floating value) {
  if (!std::isfinite(value)) {
    out += '"';
    append_special(out, value);
    out += '"';
    return;
  }
  if (std::signbit(value)) out += '-';
  const Floating positive = std::fabs(value);
  if (positive == 0) {
    out += '0';
    return;
  }
  const ShortestDigits number = shortest_digits(positive);
  if (number.exponent >= -6 && number.exponent < 21) return append_fixed(out, number, false);
  const std::string_view digits = number.text();
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out += digits.substr(1);
  }
  out += number.exponent < 0 ? "e" : "e+";
  append_exponent(out, number.exponent);
}

}  // namespace

void append_floating(std::string& out, float value) { append_spark(out, value); }
void append_floating(std::string& out, double value) { append_spark(out, value); }
void append_json_floating(std::string& out, float value) { append_json_number(out, value); }
void append_json_floating(std::string& out, double value) { append_json_number(out, value); }

}  // namespace dbsql::result
