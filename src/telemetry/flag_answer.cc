#include "telemetry/flag_answer.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dbsql::telemetry {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestBody = 256 << 10;

std::chrono::seconds life_of(const json& document) {
  const auto ttl = document.find("ttl_seconds");
  if (ttl == document.end() || !ttl->is_number()) return FlagAnswer::kUsualLife;
  const double seconds = ttl->get<double>();
  if (!(seconds > 0)) return FlagAnswer::kUsualLife;
  const auto longest = static_cast<double>(FlagAnswer::kLongestLife.count());
  return std::max(FlagAnswer::kShortestLife,
                  std::chrono::seconds(static_cast<long>(std::min(seconds, longest))));
}

void add_flag(const json& element, FlagAnswer& answer) {
  if (!element.is_object()) return;
  const auto name = element.find("name");
  const auto value = element.find("value");
  if (name == element.end() || !name->is_string() || value == element.end()) return;
  std::string text;
  if (value->is_string()) text = value->get<std::string>();
  if (value->is_boolean()) text = value->get<bool>() ? "true" : "false";
  answer.flags.try_emplace(name->get<std::string>(), std::move(text));
}

}  // namespace

bool FlagAnswer::is_on(std::string_view name) const {
  const auto flag = flags.find(name);
  return flag != flags.end() && base::equals_ignore_case(base::trim(flag->second), "true");
}

std::optional<FlagAnswer> parse_flags(std::string_view body) {
  if (body.size() > kLongestBody) return std::nullopt;
  const json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return std::nullopt;
  FlagAnswer answer;
  answer.life = life_of(document);
  const auto flags = document.find("flags");
  if (flags == document.end() || flags->is_null()) return answer;
  answer.has_list = flags->is_array();
  if (!answer.has_list) return answer;
  for (const json& element : *flags) add_flag(element, answer);
  return answer;
}

}  // namespace dbsql::telemetry
