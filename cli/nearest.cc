#include "cli/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace dbsql::cli {
namespace {

/// Insertions, deletions and replacements that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view typed,
                                   std::span<const std::string> candidates) {
  constexpr std::size_t kLongestWorthComparing = 64;
  if (typed.size() > kLongestWorthComparing) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t best_distance = typed.size() / 3 + 1;  // beyond this it is another word, not a slip
  for (const std::string& candidate : candidates) {
    const bool is_beginning = typed.size() > 2 && candidate.starts_with(typed);
    const std::size_t distance = is_beginning ? 0 : edit_distance(typed, candidate);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

}  // namespace dbsql::cli
