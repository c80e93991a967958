#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dbsql::warehouse {

/// Whose server the warehouse is: how it is reached, what it understands and how its replies look.
enum class Flavor : std::uint8_t {
  Databricks,     ///< a SQL warehouse or cluster of today (reference/observed.md)
  DatabricksOld,  ///< a runtime from before native types, files and parameters
  Spark,          ///< an open-source Spark Thrift server in HTTP mode (reference/thrift.md 5)
};

/// How a failed statement is reported.
enum class ErrorStyle : std::uint8_t {
  Full,   ///< technical text, text for people, details as JSON
  Bare,   ///< the technical text alone: what clients of Hive protocols get
  Plain,  ///< the technical text without error class and quoted SQLSTATE, as before both existed
  Stack,  ///< the technical text behind the exception's class and before its whole stack
};

/// How replies to one session look.
struct ReplyStyle {
  bool extensions = true;  ///< the Databricks fields, internal ones included
  bool times = true;       ///< when a statement started and ended
  ErrorStyle errors = ErrorStyle::Full;
};

/// Everything in which the flavors differ: whoever asks "how does this server do it" looks here.
struct FlavorTraits {
  Flavor flavor = Flavor::Databricks;
  std::string_view name;  ///< on the command line
  std::int32_t newest_protocol = 0;
  std::int32_t default_protocol = 0;  ///< newest protocol unless told otherwise
  ReplyStyle style;
  std::string_view version;  ///< what GetInfo says about the server's version

  /// The plain Hive interface: `client_protocol` must be one of Hive's versions, extension fields
  /// of requests are not seen, HTTP Basic authentication on `/cliservice`, one nameless catalog, no
  /// counts of changed rows, pages only forwards and of at least one row.
  bool hive = false;
  bool transactions = false;  ///< of several statements
};

const FlavorTraits& traits_of(Flavor flavor) noexcept;

/// \throws std::invalid_argument with the names that exist
Flavor parse_flavor(std::string_view name);

/// The style of replies to a session that speaks `protocol`: a Hive client of any server gets no
/// Databricks fields.
ReplyStyle style_for(const FlavorTraits& traits, std::int32_t protocol) noexcept;

/// The path of the Thrift service of plain Hive servers.
inline constexpr std::string_view kHivePath = "/cliservice";

}  // namespace dbsql::warehouse
