#include "http/warehouse_state.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
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

constexpr std::array<std::string_view, 4> kSubjects = {"sql warehouse", "sql endpoint", "warehouse",
                                                       "endpoint"};
constexpr std::string_view kCluster = "cluster";

/// What follows the subject; of two that fit, the first counts.
constexpr std::array<std::pair<std::string_view, WarehouseState>, 20> kPredicates{{
    {"was deleted", WarehouseState::Deleted},
    {"is deleted", WarehouseState::Deleted},
    {"has been deleted", WarehouseState::Deleted},
    {"does not exist", WarehouseState::Deleted},
    {"no longer exists", WarehouseState::Deleted},
    {"is starting", WarehouseState::Starting},
    {"is being started", WarehouseState::Starting},
    {"is resuming", WarehouseState::Starting},
    {"is being resumed", WarehouseState::Starting},
    {"is not ready", WarehouseState::Starting},
    {"is not yet ready", WarehouseState::Starting},
    {"will be started", WarehouseState::Starting},
    {"is stopped and will be started", WarehouseState::Starting},
    {"was stopped", WarehouseState::Stopped},
    {"is stopped", WarehouseState::Stopped},
    {"has been stopped", WarehouseState::Stopped},
    {"was being stopped", WarehouseState::Stopped},
    {"is being stopped", WarehouseState::Stopped},
    {"is stopping", WarehouseState::Stopped},
    {"stopped", WarehouseState::Stopped},
}};

WarehouseState state_of_class(std::string_view error_class) noexcept {
  for (const auto& [name, state] : kClasses) {
    if (error_class == name) return state;
  }
  return WarehouseState::Unknown;
}

bool is_word_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/';
}

bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool are_digits(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `0123456789abcdef` of a warehouse, `0123-456789-abcdefgh` of a cluster.
bool is_id(std::string_view text, std::string_view subject) noexcept {
  if (subject != kCluster) return text.size() == 16 && is_hex(text);
  return text.size() > 12 && text[4] == '-' && text[11] == '-' && are_digits(text.substr(0, 4)) &&
         are_digits(text.substr(5, 6));
}

/// Takes a whole word, or several, from the front of the text, and the spaces behind.
bool take(std::string_view& text, std::string_view words) noexcept {
  if (!text.starts_with(words)) return false;
  if (text.size() > words.size() && is_word_char(text[words.size()])) return false;
  text = base::trim(text.substr(words.size()));
  return true;
}

std::string_view take_subject(std::string_view& text) noexcept {
  for (const std::string_view subject : kSubjects) {
    if (take(text, subject)) return subject;
  }
  return take(text, kCluster) ? kCluster : std::string_view();
}

WarehouseState state_of_predicate(std::string_view text) noexcept {
  WarehouseState found = WarehouseState::Unknown;
  std::size_t longest = 0;
  for (const auto& [predicate, state] : kPredicates) {
    std::string_view rest = text;
    if (predicate.size() <= longest || !take(rest, predicate)) continue;
    longest = predicate.size();
    found = state;
  }
  return found;
}

/// How much a sentence must say to be one about the compute.
enum class Naming : std::uint8_t {
  Any,   ///< "the warehouse", whichever
  ById,  ///< one that is named as services name theirs
};

/// What a sentence says that begins with its subject: `The SQL warehouse ID is starting.`
/// \param text  in lower case
WarehouseState state_of_sentence(std::string_view text, Naming naming) noexcept {
  take(text, "the");
  const std::string_view subject = take_subject(text);
  if (subject.empty()) return WarehouseState::Unknown;
  if (naming == Naming::Any) {
    const WarehouseState unnamed = state_of_predicate(text);
    if (unnamed != WarehouseState::Unknown) return unnamed;
  }
  const std::string_view name = text.substr(0, text.find_first_of(" .,;:"));
  std::string_view id = name;
  while (!id.empty() && !is_word_char(id.front())) id.remove_prefix(1);
  while (!id.empty() && !is_word_char(id.back())) id.remove_suffix(1);
  if (id.empty() || (naming == Naming::ById && !is_id(id, subject))) return WarehouseState::Unknown;
  return state_of_predicate(base::trim(text.substr(name.size())));
}

}  // namespace

WarehouseState warehouse_state_in(std::string_view text, std::string_view error_class) {
  if (const auto state = state_of_class(error_class); state != WarehouseState::Unknown)
    return state;
  const std::string lower = base::to_lower(base::trim(text));
  const std::string_view all = lower;
  for (std::size_t at = 0; at < all.size();) {
    const WarehouseState state = state_of_sentence(base::trim(all.substr(at)), Naming::Any);
    if (state != WarehouseState::Unknown) return state;
    const std::size_t end = all.find_first_of(".:;", at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return WarehouseState::Unknown;
}

WarehouseState warehouse_state_in_failure(std::string_view text, std::string_view error_class) {
  // Other classes say that something else is gone, such as a model or a share.
  if (!error_class.empty())
    return error_class == "RESOURCE_DOES_NOT_EXIST" ? WarehouseState::Unknown
                                                    : state_of_class(error_class);
  return state_of_sentence(base::to_lower(base::trim(text)), Naming::ById);
}

}  // namespace dbsql::http
