#include "config/options.h"

#include <dbsql/error.h>

#include "base/redact.h"
#include "base/text.h"
#include "config/option_rows.h"
#include "config/values.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dbsql::config {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// What a wrong value is called in an error.
std::string shown(const Option& option, std::string_view text) {
  constexpr std::size_t kLongest = 100;
  if (option.secret) return "***";
  return base::concat('\'', base::redact(text.substr(0, kLongest)), '\'');
}

[[noreturn]] void fail_value(const Option& option, std::string_view name, std::string_view text,
                             std::string_view expected) {
  fail(base::concat(name, ": ", shown(option, text), " is not ", expected));
}

std::int64_t parse_integer(const Option& option, std::string_view name, std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number) fail_value(option, name, text, "a whole number");
  if (*number < option.minimum || *number > option.maximum) {
    fail_value(option, name, text,
               base::concat("within ", option.minimum, " and ", option.maximum));
  }
  return *number;
}

std::int64_t parse_time(const Option& option, std::string_view name, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration)
    fail_value(option, name, text, "a duration: seconds, or a number with ms, s, m or h");
  if (duration->count() < option.minimum || duration->count() > option.maximum) {
    fail_value(option, name, text,
               base::concat("within ", duration_text(milliseconds(option.minimum)), " and ",
                            duration_text(milliseconds(option.maximum))));
  }
  return duration->count();
}

std::string parse_choice(const Option& option, std::string_view name, std::string_view text) {
  const std::string word = base::to_lower(text);
  const auto words = base::split(option.choices, ' ');
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    fail_value(option, name, text, base::concat("one of: ", option.choices));
  }
  return word;
}

}  // namespace

std::span<const OptionSection> option_sections() noexcept {
  static const std::array<OptionSection, 14> kSections = {{
      {"Where to", "Used when a connector is made; the same for all of its connections.",
       target_options()},
      {"Session", "Sent when a connection is opened.", session_options()},
      {"Who one is", "Used for every request to the workspace, never for one to storage.",
       auth_options()},
      {"Methods of proving it", "Each is of use to the methods its help names.",
       auth_method_options()},
      {"TLS", "Used for every request: to the workspace, to identity providers and to storage.",
       tls_options()},
      {"Proxies",
       "Used for every request: to the workspace, to identity providers and to storage. This "
       "machine is always reached directly. See [networks](network.md).",
       proxy_options()},
      {"HTTP", "Used for every request.", http_options()},
      {"Retries", "Used for every request.", retry_options()},
      {"Statements", "Used for every statement; many can be given for a single one as well.",
       statement_options()},
      {"Results", "Used for every result.", result_options()},
      {"Transactions", "Used for every connection. See [transactions](transactions.md).",
       transaction_options()},
      {"Telemetry",
       "Used for every connection. See [telemetry](telemetry.md). What the environment says counts "
       "here however a connector is made.",
       telemetry_options()},
      {"Log",
       "Used for the whole process, from when a connector is made. See [logging](logging.md).",
       log_options()},
      {"Tracing",
       "Used for every connection: spans and metrics for a collector of your own. See "
       "[tracing](tracing.md).",
       otel_options()},
  }};
  return kSections;
}

std::span<const Option> options() noexcept {
  static const std::vector<Option> kAll = [] {
    std::vector<Option> all;
    for (const OptionSection& section : option_sections())
      all.insert(all.end(), section.options.begin(), section.options.end());
    return all;
  }();
  return kAll;
}

const Option* find_option(std::string_view key) noexcept {
  for (const Option& option : options()) {
    if (base::equals_ignore_case(option.key, key)) return &option;
  }
  return nullptr;
}

OptionValue parse_value(const Option& option, std::string_view name, std::string_view text) {
  OptionValue value;
  switch (option.type) {
    case OptionType::Text:
      value.text = text;
      break;
    case OptionType::Boolean: {
      const auto boolean = parse_boolean(text);
      if (!boolean) fail_value(option, name, text, "true or false");
      value.boolean = *boolean;
      break;
    }
    case OptionType::Integer:
      value.number = parse_integer(option, name, text);
      break;
    case OptionType::Duration:
      value.number = parse_time(option, name, text);
      break;
    case OptionType::Choice:
      value.text = parse_choice(option, name, text);
      break;
  }
  return value;
}

}  // namespace dbsql::config
