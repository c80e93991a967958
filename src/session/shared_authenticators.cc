#include "session/shared_authenticators.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::session {

namespace {

/// Everything that decides which token comes out, and by which way it is fetched.
struct Identity {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string org_id;
  config::AuthType type = config::AuthType::Unspecified;
  std::string token;
  config::AuthOptions auth;
  http::CurlOptions transport;

  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Entry {
  Identity identity;
  std::weak_ptr<const auth::Authenticator> authenticator;
};

struct Registry {
  std::mutex mutex;
  std::vector<Entry> entries;  // guarded by mutex; few: a process has a handful of identities
};

Registry& registry() {
  static auto* const kept = new Registry;  // outlives connectors that static objects hold
  return *kept;
}

std::shared_ptr<const auth::Authenticator> find_locked(Registry& known, const Identity& identity) {
  std::erase_if(known.entries, [](const Entry& entry) { return entry.authenticator.expired(); });
  const auto found = std::find_if(known.entries.begin(), known.entries.end(),
                                  [&](const Entry& entry) { return entry.identity == identity; });
  return found == known.entries.end() ? nullptr : found->authenticator.lock();
}

}  // namespace

std::shared_ptr<const auth::Authenticator> share_authenticator(
    const config::ConnectionConfig& config,
    const std::function<std::shared_ptr<const auth::Authenticator>()>& make) {
  Identity identity{config.scheme,    config.host,  config.port, config.org_id,
                    config.auth_type, config.token, config.auth, config.transport};
  Registry& known = registry();
  {
    const std::lock_guard lock(known.mutex);
    if (auto shared = find_locked(known, identity)) return shared;
  }
  auto made = make();
  const std::lock_guard lock(known.mutex);
  if (auto shared = find_locked(known, identity)) return shared;  // another thread was faster
  known.entries.push_back({std::move(identity), made});
  return made;
}

}  // namespace dbsql::session
