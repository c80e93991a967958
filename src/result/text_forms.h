#pragma once

#include "result/scalar.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The text form of every SQL type, each in one function (reference/results.md 3.6). All append,
/// none allocates more than the text needs.
namespace dbsql::result {

/// `yyyy-MM-dd`; years outside 0 to 9999 carry a sign: `-2020-12-31`, `+10000-01-01`.
void append_date(std::string& out, std::int64_t days);

/// `yyyy-MM-dd HH:mm:ss[.ffffff]`, trailing zeros of the fraction cut.
/// \param microseconds  of the wall clock if `utc_offset_seconds` is 0, else of UTC
void append_timestamp(std::string& out, std::int64_t microseconds,
                      std::int32_t utc_offset_seconds = 0);

void append_year_month(std::string& out, std::int32_t months);
void append_day_time(std::string& out, std::int64_t microseconds);

/// Exact fixed point with exactly `scale` digits after the point.
/// \throws Error (InvalidArgument) for a scale outside 0 to 76
void append_decimal(std::string& out, const WideDecimal& decimal);

/// Shortest digits that give the same float or double back, in the server's layout: `1.0`,
/// `1.0E10`, `NaN`.
void append_floating(std::string& out, float value);
void append_floating(std::string& out, double value);

/// The same digits as a JSON number (`1`, `2.5`, `1e+21`); quoted names for what JSON has no number
/// for.
void append_json_floating(std::string& out, float value);
void append_json_floating(std::string& out, double value);

/// Quotes and escapes only what JSON demands; UTF-8 stays as it is.
void append_json_string(std::string& out, std::string_view text);

void append_hex(std::string& out, std::span<const std::byte> bytes);
void append_base64(std::string& out, std::span<const std::byte> bytes);

}  // namespace dbsql::result
