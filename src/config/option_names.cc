#include "config/option_names.h"

#include <dbsql/error.h>

#include "base/nearest.h"
#include "base/text.h"
#include "config/values.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kAdbcPrefix = "databricks.";

/// Reads `name`, `name/ms`, `name?on`, `name?on:off` or `name#zero,one`.
OptionName read_name(const Option& option, std::string_view text) {
  OptionName name{.option = &option};
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  name.name = text.substr(0, end);
  if (end == text.size()) return name;
  if (text[end] == '/') {
    name.counts_milliseconds = true;
    return name;
  }
  if (text[end] == '#') {
    name.counted = text.substr(end + 1);
    return name;
  }
  const std::string_view values = text.substr(end + 1);
  const auto colon = std::min(values.find(':'), values.size());
  name.is_switch = true;
  name.when_on = values.substr(0, colon);
  if (colon < values.size()) name.when_off = values.substr(colon + 1);
  return name;
}

void append_names(const Option& option, std::string_view texts, std::vector<OptionName>& names) {
  for (const std::string_view text : base::split(texts, ' ')) {
    if (!text.empty()) names.push_back(read_name(option, text));
  }
}

bool is_case_sensitive(Dialect dialect) {
  return dialect == Dialect::Go || dialect == Dialect::Environment;
}

/// Letters and digits in lower case: `Client_Secret` and `clientSecret` are one word.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : base::to_lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

/// The value of that number; anything else is the value itself.
std::string counted_value(const OptionName& name, std::string_view text) {
  const auto number = base::parse_number<std::size_t>(text);
  const auto values = base::split(name.counted, ',');
  return std::string(number && *number < values.size() ? values[*number] : text);
}

}  // namespace

std::vector<OptionName> names_in(Dialect dialect, const Option& option) {
  std::vector<OptionName> names;
  switch (dialect) {
    case Dialect::Canonical:
      append_names(option, option.go_names, names);
      append_names(option, option.other_names, names);
      break;
    case Dialect::Go:
      append_names(option, option.go_names, names);
      break;
    case Dialect::Jdbc:
      append_names(option, option.jdbc_names, names);
      break;
    case Dialect::Odbc:
      append_names(option, option.odbc_names, names);
      break;
    case Dialect::Profile:
      append_names(option, option.profile_names, names);
      break;
    case Dialect::Environment:
      append_names(option, option.environment_names, names);
      break;
  }
  return names;
}

std::optional<OptionName> find_name(Dialect dialect, std::string_view name) {
  for (const Option& option : options()) {
    for (const OptionName& each : names_in(dialect, option)) {
      const bool same = is_case_sensitive(dialect) ? each.name == name
                                                   : base::equals_ignore_case(each.name, name);
      if (same) return each;
    }
  }
  if (dialect == Dialect::Environment) return std::nullopt;
  if (const Option* option = find_option(name)) {
    return OptionName{.option = option, .name = option->key, .is_canonical = true};
  }
  if (dialect == Dialect::Canonical && base::starts_with_ignore_case(name, kAdbcPrefix)) {
    return find_name(dialect, name.substr(kAdbcPrefix.size()));
  }
  return std::nullopt;
}

std::optional<std::string> canonical_value(const OptionName& name, std::string_view value) {
  if (name.counts_milliseconds && base::parse_number<std::int64_t>(base::trim(value))) {
    return base::concat(base::trim(value), "ms");
  }
  if (!name.counted.empty()) return counted_value(name, base::trim(value));
  if (!name.is_switch) return std::string(value);
  const auto is_on = parse_boolean(base::trim(value));
  if (!is_on) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat(name.name, ": the value is not true or false")});
  }
  const std::string_view meant = *is_on ? name.when_on : name.when_off;
  if (meant.empty()) return std::nullopt;
  return std::string(meant);
}

std::string suggestion(Dialect dialect, std::string_view name) {
  std::vector<std::string> known;
  for (const Option& option : options()) {
    known.emplace_back(option.key);
    for (const OptionName& each : names_in(dialect, option)) known.emplace_back(each.name);
  }
  // Slips are counted without regard to case; the answer is spelled as it must be.
  std::vector<std::string> lower(known.size());
  std::transform(known.begin(), known.end(), lower.begin(),
                 [](const std::string& each) { return base::to_lower(each); });
  const auto near = base::nearest(base::to_lower(name), lower);
  if (!near) return {};
  const auto at = std::find(lower.begin(), lower.end(), *near) - lower.begin();
  return base::concat("; did you mean ", known[static_cast<std::size_t>(at)], "?");
}

bool is_name_of_secret(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOthers = {"pwd", "password", "passphrase", "secret",
                                                       "token"};
  const std::string word = folded(name);
  const auto is_word = [&](std::string_view other) { return folded(other) == word; };
  if (std::any_of(kOthers.begin(), kOthers.end(), is_word)) return true;
  for (const Option& option : options()) {
    if (!option.secret) continue;
    if (is_word(option.key)) return true;
    for (const Dialect dialect : {Dialect::Canonical, Dialect::Jdbc, Dialect::Odbc,
                                  Dialect::Profile, Dialect::Environment}) {
      for (const OptionName& each : names_in(dialect, option)) {
        if (is_word(each.name)) return true;
      }
    }
  }
  return false;
}

}  // namespace dbsql::config
