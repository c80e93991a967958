#include "config/profile_file.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/with_context.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

namespace dbsql::config {
namespace {

constexpr std::string_view kDefault = "DEFAULT";
constexpr std::string_view kSettings = "__settings__";
constexpr std::string_view kDefaultProfile = "default_profile";
constexpr std::size_t kLongestFile = std::size_t{1} << 20;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// Without the comment at its end, and without quotes around the whole.
std::string_view value_of(std::string_view text) {
  text = base::trim(text);
  for (const char quote : {'"', '\''}) {
    const auto end = text.find(quote, 1);
    if (text.starts_with(quote) && end != std::string_view::npos) return text.substr(1, end - 1);
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool follows_blank = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t';
    if (text[at] == '#' && follows_blank) return base::trim(text.substr(0, at));
  }
  return text;
}

class Reader {
 public:
  std::vector<ProfileSection> read(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // as editors of Windows write it
    for (const std::string_view line : base::split(text, '\n')) {
      ++number_;
      take_line(base::trim(line));
    }
    return std::move(sections_);
  }

 private:
  void take_line(std::string_view line) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    if (line.front() == '[') return take_section(line);
    const auto separator = line.find_first_of("=:");
    if (separator == std::string_view::npos || separator == 0)
      fail_line("is neither [section] nor key = value");
    if (sections_.empty()) sections_.push_back({std::string(kDefault), {}});
    sections_.back().pairs.emplace_back(base::trim(line.substr(0, separator)),
                                        value_of(line.substr(separator + 1)));
  }

  /// A section that is opened again goes on.
  void take_section(std::string_view line) {
    const auto end = line.find(']');
    if (end == std::string_view::npos) fail_line("opens a section with '[' and has no ']'");
    const std::string_view name = base::trim(line.substr(1, end - 1));
    if (name.empty()) fail_line("names a section without a name");
    const auto known = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const ProfileSection& each) { return each.name == name; });
    if (known == sections_.end()) {
      sections_.push_back({std::string(name), {}});
    } else {
      std::rotate(known, known + 1, sections_.end());
    }
  }

  [[noreturn]] void fail_line(std::string_view what) const {
    fail(base::concat("line ", number_, ' ', what));
  }

  std::vector<ProfileSection> sections_;
  std::size_t number_ = 0;
};

const ProfileSection* find_section(const std::vector<ProfileSection>& sections,
                                   std::string_view name) {
  for (const ProfileSection& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

std::string setting_of(const std::vector<ProfileSection>& sections, std::string_view key) {
  const ProfileSection* section = find_section(sections, kSettings);
  if (section == nullptr) return {};
  for (const auto& [name, value] : section->pairs) {
    if (base::equals_ignore_case(name, key)) return value;
  }
  return {};
}

/// The last of a repeated key counts, as for the other programs that read the file.
OptionSet options_of(const ProfileSection& section, const std::string& file) {
  const std::string origin = base::concat("profile ", section.name, " of ", file);
  return with_context(origin, [&] {
    OptionSet set;
    for (const auto& [key, value] : section.pairs)
      set.set(Dialect::Profile, key, value, origin, Repeat::Replace);
    return set;
  });
}

bool is_bound_to_host(std::string_view key) {
  constexpr std::array<std::string_view, 7> kKeys = {
      "host", "port", "http_path", "cluster_id", "warehouse_id", "org_id", "scheme"};
  return key.starts_with("auth.") || std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// What DEFAULT may give to a profile: see `read_profile`.
void inherit(OptionSet& set, OptionSet defaults) {
  const bool has_credentials = std::any_of(
      options().begin(), options().end(),
      [&](const Option& option) { return option.key.starts_with("auth.") && set.has(option.key); });
  for (const Option& option : options()) {
    const bool is_credential = option.key.starts_with("auth.");
    const bool is_foreign =
        (set.has("host") && is_bound_to_host(option.key)) || (has_credentials && is_credential);
    if (is_foreign && !set.has(option.key)) defaults.erase(option.key);
  }
  set.fill_from(defaults);
}

std::optional<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), size);
    if (text.size() > kLongestFile) fail(base::concat(path, " is too long for a profile file"));
  }
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return text;
}

}  // namespace

std::vector<ProfileSection> read_profile_text(std::string_view text) { return Reader().read(text); }

OptionSet profile_options(std::string_view text, const std::string& file, std::string_view name) {
  const auto sections = with_context(file, [&] { return read_profile_text(text); });
  const std::string usual = setting_of(sections, kDefaultProfile);
  const bool is_named = !name.empty() || !usual.empty();
  const std::string wanted(!name.empty() ? name : !usual.empty() ? usual : kDefault);
  if (wanted == kSettings) fail(base::concat(kSettings, " of ", file, " is not a profile"));
  const ProfileSection* section = find_section(sections, wanted);
  if (section == nullptr) {
    if (is_named && wanted != kDefault) fail(base::concat(file, " has no profile ", wanted));
    return OptionSet();
  }
  OptionSet set = options_of(*section, file);
  if (wanted == kDefault) return set;
  if (const ProfileSection* defaults = find_section(sections, kDefault))
    inherit(set, options_of(*defaults, file));
  return set;
}

OptionSet read_profile(const std::string& file, std::string_view name) {
  const auto text = read_file(file);
  if (!text) {
    if (name.empty()) return OptionSet();
    fail(base::concat("profile ", name, ": the file ", file, " cannot be read"));
  }
  return profile_options(*text, file, name);
}

std::string profile_path(std::string_view given, const Environment& environment) {
  std::string path(given);
  if (path.empty()) path = environment("DATABRICKS_CONFIG_FILE").value_or("");
  if (path.empty()) path = "~/.databrickscfg";
  if (path == "~" || path.starts_with("~/"))
    path = base::concat(environment("HOME").value_or(""), path.substr(1));
  return path;
}

}  // namespace dbsql::config
