#include "config/driver_auth.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/values.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::config {
namespace {

using Repeated = std::pair<std::string_view, std::string_view>;
// The name in lower case, and the one it stands for.
constexpr std::array<Repeated, 7> kKeys = {{{"authmech", "authmech"},
                                            {"auth_flow", "auth_flow"},
                                            {"uid", "uid"},
                                            {"user", "uid"},
                                            {"pwd", "pwd"},
                                            {"password", "pwd"},
                                            {"usejwtassertion", "usejwtassertion"}}};

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

}  // namespace

bool DriverAuth::take(std::string_view key, std::string_view value, Repeat repeat) {
  const std::string lower = base::to_lower(key);
  const auto* const known = std::find_if(kKeys.begin(), kKeys.end(),
                                         [&](const Repeated& each) { return each.first == lower; });
  if (known == kKeys.end()) return false;
  if (value.empty()) return true;
  const auto [given, is_new] = given_.emplace(known->second, value);
  if (!is_new && repeat != Repeat::First && given->second != value)
    fail(base::concat(known->second, " is given twice, with different values"));
  return true;
}

std::string DriverAuth::value(std::string_view key) const {
  const auto given = given_.find(key);
  return given == given_.end() ? std::string() : given->second;
}

void DriverAuth::apply(OptionSet& set, std::string_view origin) const {
  const std::string mechanism = value("authmech");
  if (mechanism == "11" || (mechanism.empty() && !value("auth_flow").empty())) {
    return apply_oauth(set, origin);
  }
  if (!mechanism.empty() && mechanism != "3") {
    fail("AuthMech: only 3 (a token in PWD, with UID=token) and 11 (OAuth) are there");
  }
  if (mechanism.empty() && value("pwd").empty() && value("uid").empty()) return;
  apply_token(set, origin);
}

void DriverAuth::apply_token(OptionSet& set, std::string_view origin) const {
  const std::string user = value("uid");
  if (!user.empty() && !base::equals_ignore_case(user, "token")) {
    fail("UID: basic authentication is not supported; write UID=token, and the token in PWD");
  }
  set.set_key("auth.type", "pat", origin, Repeat::First, "AuthMech");
  set.set_key("auth.token", value("pwd"), origin, Repeat::Refuse, "PWD");
}

void DriverAuth::apply_oauth(OptionSet& set, std::string_view origin) const {
  const std::string flow = value("auth_flow");
  const bool uses_key = parse_boolean(value("usejwtassertion")).value_or(false);
  std::string_view type;
  if (flow.empty() || flow == "0") {
    type = set.has("auth.refresh_token") ? "oauth-refresh" : "oauth-token";
  } else if (flow == "1") {
    type = uses_key ? "oauth-jwt" : "oauth-m2m";
  } else if (flow == "2") {
    type = set.has("auth.refresh_token") ? "oauth-refresh" : "oauth-u2m";
  } else if (flow == "3") {
    type = "azure-msi";
  } else {
    fail(
        "Auth_Flow: the flows are 0 (a ready-made token), 1 (client credentials), 2 (browser) and "
        "3 (Azure managed identity)");
  }
  set.set_key("auth.type", type, origin, Repeat::First, "Auth_Flow");
}

}  // namespace dbsql::config
