#include "http/warehouse_state.h"

#include "base/text.h"

#include <array>
#include <string>
#include <utility>

namespace dbsql::http {
namespace {

constexpr std::array<std::pair<std::string_view, WarehouseState>, 4> kClasses{{
    {"TEMPORARILY_UNAVAILABLE", WarehouseState::Starting},
    {"WORKSPACE_TEMPORARILY_UNAVAILABLE", WarehouseState::Starting},
    {"RESOURCE_DOES_NOT_EXIST", WarehouseState::Deleted},
    {"WAREHOUSE_DELETED", WarehouseState::Deleted},
}};

constexpr std::array<std::string_view, 3> kSubjects = {"warehouse", "endpoint", "cluster"};

/// The first that occurs decides: "was deleted while starting" is deleted, "is stopped and will be
/// started" starts.
constexpr std::array<std::pair<std::string_view, WarehouseState>, 11> kPhrases{{
    {"deleted", WarehouseState::Deleted},
    {"does not exist", WarehouseState::Deleted},
    {"no longer exists", WarehouseState::Deleted},
    {"starting", WarehouseState::Starting},
    {"being started", WarehouseState::Starting},
    {"start up", WarehouseState::Starting},
    {"resuming", WarehouseState::Starting},
    {"not ready", WarehouseState::Starting},
    {"will be started", WarehouseState::Starting},
    {"stopped", WarehouseState::Stopped},
    {"stopping", WarehouseState::Stopped},
}};

}  // namespace

WarehouseState warehouse_state_in(std::string_view text, std::string_view error_class) {
  for (const auto& [name, state] : kClasses) {
    if (error_class == name) return state;
  }
  const std::string lower = base::to_lower(text);
  for (const std::string_view subject : kSubjects) {
    const std::size_t at = lower.find(subject);
    if (at == std::string::npos) continue;
    for (const auto& [phrase, state] : kPhrases) {
      if (lower.find(phrase, at) != std::string::npos) return state;
    }
  }
  return WarehouseState::Unknown;
}

}  // namespace dbsql::http
