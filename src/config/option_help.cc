#include "config/option_help.h"

#include "base/text.h"
#include "config/option_names.h"
#include "config/options.h"
#include "config/values.h"

#include <chrono>
#include <string_view>

namespace dbsql::config {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 4;

std::string bounds_text(const Option& option) {
  if (option.type == OptionType::Integer)
    return base::concat(option.minimum, " to ", option.maximum);
  return base::concat(duration_text(std::chrono::milliseconds(option.minimum)), " to ",
                      duration_text(std::chrono::milliseconds(option.maximum)));
}

std::string type_text(const Option& option) {
  switch (option.type) {
    case OptionType::Text:
      return option.secret ? "secret" : "text";
    case OptionType::Boolean:
      return "true or false";
    case OptionType::Integer:
      return base::concat(option.unit.empty() ? "number" : option.unit, ", ", bounds_text(option));
    case OptionType::Duration:
      return base::concat("duration, ", bounds_text(option));
    case OptionType::Choice: {
      std::string words;
      for (const std::string_view word : base::split(option.choices, ' '))
        words += base::concat(words.empty() ? "" : ", ", word);
      return base::concat("one of ", words);
    }
  }
  return {};
}

/// Words of `text` in lines of at most `kWidth` columns, each set in.
void append_wrapped(std::string_view text, std::string& out) {
  std::string line(kIndent, ' ');
  for (const std::string_view word : base::split(text, ' ')) {
    const bool is_first = line.size() == kIndent;
    if (!is_first && line.size() + 1 + word.size() > kWidth) {
      out += line + '\n';
      line.assign(kIndent, ' ');
    }
    if (line.size() != kIndent) line += ' ';
    line += word;
  }
  out += line + '\n';
}

std::string name_text(const OptionName& name) {
  if (name.counts_milliseconds) return base::concat('`', name.name, "` (ms)");
  if (!name.counted.empty()) {
    std::string meaning;
    int number = 0;
    for (const std::string_view value : base::split(name.counted, ','))
      meaning += base::concat(meaning.empty() ? "" : ", ", number++, ": ", value);
    return base::concat('`', name.name, "` (", meaning, ')');
  }
  if (!name.is_switch) return base::concat('`', name.name, '`');
  std::string meaning;
  if (!name.when_on.empty()) meaning = base::concat("on: ", name.when_on);
  if (!name.when_off.empty())
    meaning += base::concat(meaning.empty() ? "" : ", ", "off: ", name.when_off);
  return base::concat('`', name.name, "` (", meaning, ')');
}

void append_names(const Option& option, Dialect dialect, std::string_view title, std::string& out) {
  std::string names;
  for (const OptionName& name : names_in(dialect, option)) {
    // The maps' names include the DSN's, which have a place of their own.
    if (dialect == Dialect::Canonical && find_name(Dialect::Go, name.name)) continue;
    names += base::concat(names.empty() ? "" : ", ", name_text(name));
  }
  if (!names.empty()) out += base::concat(out.empty() ? "" : "<br>", title, ": ", names);
}

std::string all_names(const Option& option) {
  std::string names;
  append_names(option, Dialect::Go, "Go", names);
  append_names(option, Dialect::Canonical, "Python, Node, ADBC", names);
  append_names(option, Dialect::Jdbc, "JDBC", names);
  append_names(option, Dialect::Odbc, "ODBC", names);
  append_names(option, Dialect::Profile, "profile", names);
  append_names(option, Dialect::Environment, "environment", names);
  return names;
}

void append_row(const Option& option, std::string& page) {
  const std::string fallback =
      option.fallback.empty() ? std::string() : base::concat('`', option.fallback, '`');
  page += base::concat("| `", option.key, "` | ", option.help, " | ", type_text(option), " | ",
                       fallback, " | ", all_names(option), " |\n");
}

}  // namespace

std::string option_help() {
  std::string text;
  for (const OptionSection& section : option_sections()) {
    text += base::concat(text.empty() ? "" : "\n", base::to_upper(section.title), "\n");
    for (const Option& option : section.options) {
      text += base::concat("  ", option.key, "  (", type_text(option));
      if (!option.fallback.empty()) text += base::concat("; default ", option.fallback);
      text += ")\n";
      append_wrapped(option.help, text);
    }
  }
  return text;
}

std::string option_page() {
  std::string page =
      "# All options\n"
      "\n"
      "This page is made from the table that the parsers read; a test compares the two.\n"
      "[Connecting](connecting.md) shows the forms in which options are written.\n"
      "\n"
      "The first column is the name in `databricks://` URIs, maps and `ConnectorOptions::set()`,\n"
      "and works in every other form too, environment apart. The last one has the names by which\n"
      "other drivers and tools know the option. Names have no case, but for those of the Go "
      "driver\n"
      "and the environment. Switches take true/false, 1/0, t/f, yes/no and on/off. Durations are\n"
      "seconds, or numbers with `ms`, `s`, `m` or `h`; \"(ms)\" marks names under which a bare\n"
      "number counts milliseconds. Two names of one option with two values are an error, as is a\n"
      "number out of range.\n"
      "\n"
      "`session.NAME` is a setting of the session (`SSP_NAME` in ODBC strings and JDBC URLs), and\n"
      "`http.header.NAME` a header of every request to the workspace. Secrets are never shown, in\n"
      "no error, log or report.\n";
  for (const OptionSection& section : option_sections()) {
    page +=
        base::concat("\n## ", section.title, "\n\n", section.applies,
                     "\n\n| Option | Meaning | Value | Default | Also |\n|---|---|---|---|---|\n");
    for (const Option& option : section.options) append_row(option, page);
  }
  return page;
}

}  // namespace dbsql::config
