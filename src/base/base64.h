#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbsql::base {

/// Bytes in the base64 alphabet of RFC 4648, padded.
std::string base64_encode(std::string_view bytes);

/// The bytes of base64 text, padded or not; empty when it is none.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace dbsql::base
