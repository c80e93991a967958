#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The statements that the bench server knows, and what it answers. Server, floor and client agree
/// through the statement's text alone.
namespace dbsql::bench {

/// Shapes of data that differ in how they compress and in what a cell costs
/// (reference/performance.md 3.2 a).
enum class DataShape : std::uint8_t {
  Ints4,       ///< BIGINT, 2 x INT, DOUBLE: the hardest for LZ4
  Strings10,   ///< 10 short text columns
  Decimals15,  ///< 2 x INT, 15 x DECIMAL(7,2): compresses well
};

/// A result of many inline Arrow pages: `bench pages=100 rows=100000 batches=8 lz4=1 data=ints4`.
struct PagesSpec {
  std::int64_t pages = 100;
  std::int64_t rows = 100'000;  ///< of one page
  std::int64_t batches = 8;     ///< of one page
  bool lz4 = true;
  DataShape data = DataShape::Ints4;
  /// Pages with contents of their own; the result repeats them, so that preparing and holding it
  /// stays cheap.
  std::int64_t distinct = 8;

  /// \throws std::invalid_argument  the text begins like such a statement, but says something else
  /// \return empty for any other statement
  static std::optional<PagesSpec> parse(std::string_view statement);

  std::int64_t distinct_pages() const noexcept { return pages < distinct ? pages : distinct; }
};

/// The smallest query there is: one row of one INT column.
inline constexpr std::string_view kSelectOne = "SELECT 1";

}  // namespace dbsql::bench
