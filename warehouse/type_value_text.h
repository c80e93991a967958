#pragma once

#include "arrow/builder.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Text of engine values that have no Databricks type of their own.
using UuidBytes = std::array<std::byte, 16>;

std::string uuid_text(const UuidBytes& bytes);
std::string time_text_micros(const std::int64_t& micros);  ///< `10:20:30.5`
std::string time_text_nanos(const std::int64_t& nanos);
std::string time_tz_text(const std::uint64_t& packed);  ///< `10:20:30+01:00`
/// \param bits  the engine's BIT form: one byte with the number of padding bits, then the bits
std::string bit_string_text(std::string_view bits);
/// A mixture of months, days and time, the way Databricks prints calendar intervals: `1 years 2
/// months 3 days`.
std::string calendar_interval_text(const arrow::MonthDayNano& interval);

}  // namespace dbsql::warehouse
