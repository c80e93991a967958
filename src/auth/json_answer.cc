#include "auth/json_answer.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dbsql::auth {
namespace {

/// The number in a fixed place of the text; empty unless it is all digits.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  const auto piece = text.substr(std::min(at, text.size()), count);
  if (piece.size() != count || piece.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return base::parse_number<int>(piece);
}

/// What is added to local time to get UTC: `Z`, `+01:00`.
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  const std::chrono::minutes east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return text[0] == '+' ? -east : east;
}

}  // namespace

Secret json_text(std::string_view json, std::string_view member) {
  const auto document = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  const nlohmann::json* at = &document;
  for (const std::string_view name : base::split(member, '.')) {
    if (!at->is_object()) return {};
    const auto found = at->find(name);
    if (found == at->end()) return {};
    at = &*found;
  }
  return at->is_string() ? Secret(at->get_ref<const std::string&>()) : Secret();
}

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  // What a clock of nanoseconds can hold, with room for offsets.
  if (*year < 1900 || *year > 2255) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::size_t end = 19;
  if (end < text.size() && text[end] == '.')
    end = std::min(text.find_first_not_of("0123456789", end + 1), text.size());
  const auto offset = offset_of(text.substr(std::min(end, text.size())));
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + *offset;
}

}  // namespace dbsql::auth
