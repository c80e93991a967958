#pragma once

#include "base/text.h"

#include <cstdint>
#include <string_view>

namespace dbsql::protocol::thrift {

/// The protocol version this driver announces: SPARK_CLI_SERVICE_PROTOCOL_V9.
constexpr std::int64_t kClientProtocol = 0xA509;
/// What the plain Hive field carries instead, so that Hive servers do not stumble
/// (reference/thrift.md 3.1).
constexpr std::int32_t kHiveWorkaround = -7;

/// Whether a catalog's name is one that servers with a single catalog have for it, and that names
/// the default one elsewhere (reference/thrift.md 3.7, 5.3).
inline bool names_only_catalog(std::string_view catalog) noexcept {
  return base::equals_ignore_case(catalog, "SPARK") ||
         base::equals_ignore_case(catalog, "spark_catalog");
}

/// What a server of a negotiated version understands (reference/thrift.md 3.1). It gates what is
/// sent; what is read is decided by what arrives.
class Features {
 public:
  explicit Features(std::int32_t server_protocol) noexcept : version_(server_protocol) {}

  bool is_databricks() const noexcept {
    return at_least(1);
  }  ///< direct results, reliable hasMoreRows
  bool has_links() const noexcept { return at_least(3); }
  bool has_namespace() const noexcept { return at_least(4); }
  bool has_row_limit() const noexcept { return at_least(4); }
  bool has_keys() const noexcept { return at_least(4); }  ///< primary and foreign keys
  bool has_arrow() const noexcept {
    return at_least(5);
  }  ///< arrowSchema, native types, metadata in fetches
  bool has_lz4() const noexcept { return at_least(6); }
  bool has_async_metadata() const noexcept { return at_least(6); }
  bool has_parameters() const noexcept { return at_least(8); }
  /// The number in `SPARK_CLI_SERVICE_PROTOCOL_Vn`, 0 for Hive protocols.
  int spark_version() const noexcept { return version_ < kV1 ? 0 : version_ - kV1 + 1; }

 private:
  static constexpr std::int32_t kV1 = 0xA501;
  bool at_least(int version) const noexcept { return version_ >= kV1 + version - 1; }
  std::int32_t version_;
};

}  // namespace dbsql::protocol::thrift
