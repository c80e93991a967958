#include "config/option_set.h"

#include <dbsql/error.h>

#include "base/redact.h"
#include "base/secret_name.h"
#include "base/text.h"
#include "config/complete_target.h"
#include "config/host_text.h"
#include "config/with_context.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kSessionPrefix = "session.";
constexpr std::string_view kHeaderPrefix = "http.header.";
constexpr std::string_view kTimeZone = "timezone";
constexpr std::string_view kVerify = "tls.verify";
constexpr std::string_view kMask = "***";
constexpr std::array<std::string_view, 3> kPaths = {"http_path", "warehouse_id", "cluster_id"};

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// Names come from outside: only what looks like a name is shown.
std::string shown_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const bool is_name =
      !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_.- ").find(c) != std::string_view::npos;
      });
  return is_name ? base::redact(name) : std::string("(not a name)");
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// Headers that requests have of their own (reference/auth-http-config.md 4.10).
bool is_own_header(std::string_view name) {
  constexpr std::array<std::string_view, 9> kOwn = {
      "authorization", "host",       "content-length", "transfer-encoding",  "user-agent",
      "content-type",  "connection", "accept",         "proxy-authorization"};
  return std::any_of(kOwn.begin(), kOwn.end(),
                     [&](std::string_view own) { return base::equals_ignore_case(own, name); });
}

/// How much of a certificate is checked.
int strength_of(std::string_view verify) { return verify == "none" ? 0 : verify == "ca" ? 1 : 2; }

/// Switches of other drivers that each leave out a part of what is checked of a certificate do not
/// contradict each other: together they mean the weaker value, in whatever order they come.
bool are_switches_of_verify(std::string_view key, const OptionSet::Entry& a,
                            const OptionSet::Entry& b) {
  return key == kVerify && a.origin == b.origin && !base::equals_ignore_case(a.name, b.name) &&
         !base::equals_ignore_case(a.name, kVerify) && !base::equals_ignore_case(b.name, kVerify);
}

std::string line_of(std::string_view name, std::string_view value, const OptionSet::Entry& entry) {
  std::string line = base::concat(name, " = ", value, "  (", entry.origin);
  if (!name.ends_with(entry.name) && entry.origin.find(entry.name) == std::string::npos) {
    line += base::concat(": ", entry.name);
  }
  for (const std::string& hidden : entry.hidden) line += base::concat("; not from ", hidden);
  return line + ')';
}

}  // namespace

bool OptionSet::set(Dialect dialect, std::string_view name, std::string_view value,
                    std::string_view origin, Repeat repeat) {
  const auto found = find_name(dialect, name);
  if (!found) return false;
  if (value.empty()) return true;
  const auto meant = canonical_value(*found, value);
  if (meant) set_key(found->option->key, *meant, origin, repeat, name);
  return true;
}

void OptionSet::set_known(Dialect dialect, std::string_view name, std::string_view value,
                          std::string_view origin, Repeat repeat) {
  if (base::starts_with_ignore_case(name, kSessionPrefix)) {
    return set_session(name.substr(kSessionPrefix.size()), value, origin, repeat);
  }
  if (base::starts_with_ignore_case(name, kHeaderPrefix)) {
    return set_header(name.substr(kHeaderPrefix.size()), value, origin, repeat);
  }
  if (set(dialect, name, value, origin, repeat)) return;
  fail(base::concat("unknown option ", shown_name(name), suggestion(dialect, name)));
}

void OptionSet::set_key(std::string_view key, std::string_view value, std::string_view origin,
                        Repeat repeat, std::string_view written_as) {
  if (value.empty()) return;
  const Option& option = *find_option(key);
  const std::string_view name = written_as.empty() ? key : written_as;
  parse_value(option, name, value);  // an error names the option as it was written
  put(entries_, std::string(option.key),
      {.value = std::string(value), .name = std::string(name), .origin = std::string(origin)},
      repeat);
}

void OptionSet::set_session(std::string_view name, std::string_view value, std::string_view origin,
                            Repeat repeat) {
  if (name.empty()) fail("a session setting has no name");
  if (base::equals_ignore_case(name, kTimeZone)) return set_key(kTimeZone, value, origin, repeat);
  if (is_name_of_secret(name)) {
    fail(base::concat(shown_name(name),
                      " is not an option here, and everybody could read it as a setting of the "
                      "session; a token is the option auth.token"));
  }
  if (value.empty()) return;
  put(session_, std::string(name),
      {.value = std::string(value), .name = std::string(name), .origin = std::string(origin)},
      repeat);
}

void OptionSet::set_header(std::string_view name, std::string_view value, std::string_view origin,
                           Repeat repeat) {
  if (!is_header_name(name)) fail("http.header.: what follows is not the name of a header");
  if (is_own_header(name)) fail(base::concat("http.header.", name, ": requests have their own"));
  if (value.empty()) return;
  const bool is_value = std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
  });
  if (!is_value) fail(base::concat("http.header.", name, ": the value has control characters"));
  put(headers_, base::to_lower(name),
      {.value = std::string(value), .name = std::string(name), .origin = std::string(origin)},
      repeat);
}

void OptionSet::put(Entries& entries, std::string key, Entry entry, Repeat repeat) {
  const auto [given, is_new] = entries.try_emplace(std::move(key), entry);
  if (is_new) return;
  Entry& first = given->second;
  if (are_switches_of_verify(given->first, first, entry)) {
    if (strength_of(entry.value) < strength_of(first.value)) first = std::move(entry);
    return;
  }
  if (repeat == Repeat::Replace) {
    if (first.origin != entry.origin) entry.hidden.push_back(first.origin);
    first = std::move(entry);
    return;
  }
  const bool may_differ =
      repeat == Repeat::First || (repeat == Repeat::FirstOfName && first.name == entry.name);
  if (may_differ || first.value == entry.value) return;
  if (base::equals_ignore_case(first.name, entry.name)) {
    fail(base::concat(entry.name, " is given twice, with different values"));
  }
  fail(base::concat(first.name, " and ", entry.name, " are one option, but their values differ"));
}

void OptionSet::remove(Dialect dialect, std::string_view name) {
  if (base::starts_with_ignore_case(name, kSessionPrefix)) {
    session_.erase(std::string(name.substr(kSessionPrefix.size())));
  } else if (base::starts_with_ignore_case(name, kHeaderPrefix)) {
    headers_.erase(base::to_lower(name.substr(kHeaderPrefix.size())));
  } else if (const auto found = find_name(dialect, name)) {
    erase(found->option->key);
  } else {
    fail(base::concat("unknown option ", shown_name(name), suggestion(dialect, name)));
  }
}

void OptionSet::fill_from(const OptionSet& lower) {
  const auto is_path = [](std::string_view key) {
    return std::find(kPaths.begin(), kPaths.end(), key) != kPaths.end();
  };
  const bool has_path =
      std::any_of(kPaths.begin(), kPaths.end(), [&](std::string_view key) { return has(key); });
  for (const auto& [key, entry] : lower.entries_) {
    if (const auto mine = entries_.find(key); mine != entries_.end()) {
      if (mine->second.origin != entry.origin) mine->second.hidden.push_back(entry.origin);
    } else if (!(has_path && is_path(key))) {
      entries_.emplace(key, entry);
    }
  }
  for (const auto& each : lower.session_) session_.insert(each);
  for (const auto& each : lower.headers_) headers_.insert(each);
}

const OptionSet::Entry* OptionSet::find(std::string_view key) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() ? nullptr : &entry->second;
}

std::string OptionSet::value(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? std::string() : entry->value;
}

/// Whatever else stands in the host's text fills what is not given for itself.
OptionSet OptionSet::with_host_taken_apart() const {
  OptionSet all = *this;
  const Entry* host = find("host");
  if (host == nullptr) return all;
  const HostText parts = read_host_text(host->value);
  all.entries_.find("host")->second.value = parts.host;
  const auto fill = [&](std::string_view key, const std::string& value) {
    if (!value.empty() && !all.has(key)) all.set_key(key, value, host->origin);
  };
  fill("scheme", parts.scheme);
  fill("port", parts.port);
  fill("org_id", parts.org_id);
  fill("auth.account_id", parts.account_id);
  return all;
}

/// The values, each where it belongs; nothing is completed or compared yet.
ConnectionConfig OptionSet::stored(AuthType auth_type) const {
  const OptionSet all = with_host_taken_apart();
  ConnectionConfig config;
  config.auth_type = auth_type;
  for (const auto& [name, entry] : all.session_) config.session_confs.emplace(name, entry.value);
  for (const auto& [name, entry] : all.headers_)
    config.http_headers.emplace(entry.name, entry.value);
  for (const Option& option : options()) {
    const Entry* entry = all.find(option.key);
    if (entry == nullptr) continue;
    option.store(config, parse_value(option, entry->name, entry->value));
  }
  return config;
}

ConnectionConfig OptionSet::build(AuthType auth_type) const {
  return with_context(context_, [&] {
    ConnectionConfig config = stored(auth_type);
    complete(config);
    return config;
  });
}

ConnectionConfig OptionSet::build_target(AuthType auth_type) const {
  return with_context(context_, [&] {
    ConnectionConfig config = stored(auth_type);
    complete_target(config);
    return config;
  });
}

std::vector<std::string> OptionSet::report() const {
  const OptionSet all = with_host_taken_apart();
  std::vector<std::string> lines;
  for (const Option& option : options()) {
    if (const Entry* entry = all.find(option.key)) {
      const std::string value = option.secret             ? std::string(kMask)
                                : option.shown != nullptr ? option.shown(entry->value)
                                                          : base::redact(entry->value);
      lines.push_back(line_of(option.key, value, *entry));
    } else if (!option.fallback.empty() && option.text != nullptr) {
      lines.push_back(base::concat(option.key, " = ", option.fallback, "  (default)"));
    }
  }
  for (const auto& [name, entry] : all.session_) {
    const std::string shown = base::concat(kSessionPrefix, name);
    const bool is_secret = base::secrecy_of(name) != base::Secrecy::None;
    lines.push_back(
        line_of(shown, is_secret ? std::string(kMask) : base::redact(entry.value), entry));
  }
  // A header of the user's own is often a key to some gateway.
  for (const auto& [name, entry] : all.headers_)
    lines.push_back(line_of(base::concat(kHeaderPrefix, entry.name), kMask, entry));
  return lines;
}

}  // namespace dbsql::config
