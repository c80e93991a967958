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
  Nested3,     ///< ARRAY<INT>, MAP<STRING, STRING>, STRUCT of 5 fields
  Nulls4,      ///< as Ints4, but 5 % and 50 % of the middle columns are NULL
};

/// How rows travel.
enum class ResultForm : std::uint8_t {
  Arrow,    ///< Arrow batches in the pages of FetchResults
  Columns,  ///< column-based pages, from servers without Arrow
  Files,    ///< links to files that are downloaded: CloudFetch
};

/// A result of many pages or files:
/// `bench form=arrow pages=100 rows=100000 batches=8 lz4=1 data=ints4`.
struct PagesSpec {
  ResultForm form = ResultForm::Arrow;
  std::int64_t pages = 100;     ///< pages, or files
  std::int64_t rows = 100'000;  ///< of one page
  std::int64_t batches = 8;     ///< of one page
  bool lz4 = true;              ///< column-based pages are never compressed
  DataShape data = DataShape::Ints4;
  /// Pages with contents of their own; the result repeats them, so that preparing and holding it
  /// stays cheap.
  std::int64_t distinct = 8;
  std::int64_t links = 16;  ///< files only: links in one reply
  // Files only: what the storage service is like. 0 = as fast as it can.
  std::int64_t delay_ms = 0;  ///< before the first byte of a file
  std::int64_t rate_mb = 0;   ///< MB (10^6 bytes) a second of one connection

  /// \throws std::invalid_argument  the text begins like such a statement, but says something else
  /// \return empty for any other statement
  static std::optional<PagesSpec> parse(std::string_view statement);

  std::int64_t distinct_pages() const noexcept { return pages < distinct ? pages : distinct; }
};

/// The smallest query there is: one row of one INT column.
inline constexpr std::string_view kSelectOne = "SELECT 1";

}  // namespace dbsql::bench
