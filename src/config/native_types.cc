#include "config/native_types.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::config {

namespace {

struct Name {
  std::string_view word;
  bool NativeTypes::*member;
};

constexpr std::array kNames{
    Name{"timestamp", &NativeTypes::timestamp}, Name{"decimal", &NativeTypes::decimal},
    Name{"nested", &NativeTypes::nested},       Name{"interval", &NativeTypes::interval},
    Name{"void", &NativeTypes::null},
};

constexpr NativeTypes kNone{
    .timestamp = false, .decimal = false, .nested = false, .interval = false, .null = false};

}  // namespace

std::optional<NativeTypes> parse_native_types(std::string_view text) {
  if (base::equals_ignore_case(base::trim(text), "all")) return NativeTypes{};
  if (base::equals_ignore_case(base::trim(text), "none")) return kNone;
  NativeTypes types = kNone;
  for (const std::string_view part : base::split(text, ',')) {
    const auto* const known = std::ranges::find_if(kNames, [&](const Name& name) {
      return base::equals_ignore_case(name.word, base::trim(part));
    });
    if (known == kNames.end()) return std::nullopt;
    types.*known->member = true;
  }
  return types;
}

std::string native_types_text(const NativeTypes& types) {
  if (types == NativeTypes{}) return "all";
  if (types == kNone) return "none";
  std::string text;
  for (const auto& [word, member] : kNames) {
    if (types.*member) text += base::concat(text.empty() ? "" : ",", word);
  }
  return text;
}

}  // namespace dbsql::config
