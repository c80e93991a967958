#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// The candidate that `typed` was probably meant to be: one it is the beginning of, or one a few
/// typing slips away. Empty when nothing is near.
std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates);

}  // namespace dbsql::cli
