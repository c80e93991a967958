#include "warehouse/identity_ledger.h"

#include "base/text.h"
#include "warehouse/web_token.h"

#include <utility>

namespace dbsql::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr minutes kDecisionTime{30};
constexpr minutes kCodeLife{5};
// A token that is past its end is told from one that never was for so long.
constexpr hours kMemory{1};
constexpr std::size_t kMostOfAKind = 100'000;

/// Eight letters that are told apart when read aloud: no vowels, no digits (RFC 8628 6.1).
std::string make_user_code() {
  static constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
  const std::string random = random_id(8);
  std::string code;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == 4) code += '-';
    code += kLetters[static_cast<unsigned char>(random[i]) % kLetters.size()];
  }
  return code;
}

/// People type what they see in any case and leave out the dash.
std::string normal_user_code(std::string_view text) {
  std::string code;
  for (const char c : base::to_upper(text))
    if (c >= 'A' && c <= 'Z') code += c;
  return code;
}

}  // namespace

/// Entries that are past their time; all of a kind when somebody fills the memory with them.
void IdentityLedger::forget_old_locked() {
  const WallTime now = clock_.system_now();
  const auto forget = [now](auto& entries, auto memory) {
    std::erase_if(entries, [&](const auto& entry) { return entry.second.ends + memory < now; });
    if (entries.size() > kMostOfAKind) entries.clear();
  };
  forget(requests_, minutes(0));
  forget(codes_, kMemory);
  forget(devices_, kMemory);
  forget(access_, kMemory);
  forget(assertions_, minutes(0));
  if (refresh_.size() > kMostOfAKind) refresh_.clear();
}

std::string IdentityLedger::open_request(CodeRequest request) {
  std::string id = random_id();
  std::lock_guard lock(mutex_);
  forget_old_locked();
  requests_[id] = {{clock_.system_now() + kDecisionTime}, std::move(request)};
  return id;
}

std::optional<CodeRequest> IdentityLedger::take_request(std::string_view id) {
  std::lock_guard lock(mutex_);
  forget_old_locked();
  const auto found = requests_.find(std::string(id));
  if (found == requests_.end()) return std::nullopt;
  CodeRequest request = std::move(found->second.request);
  requests_.erase(found);
  return request;
}

std::string IdentityLedger::grant_code(CodeRequest request) {
  std::string code = random_id();
  request.grant.sign_in = random_id(16);
  std::lock_guard lock(mutex_);
  codes_[sha256_base64url(code)] = {{clock_.system_now() + kCodeLife}, std::move(request)};
  return code;
}

std::optional<CodeRequest> IdentityLedger::spend_code(std::string_view code) {
  std::lock_guard lock(mutex_);
  const auto found = codes_.find(sha256_base64url(code));
  if (found == codes_.end() || found->second.ends < clock_.system_now()) return std::nullopt;
  if (std::exchange(found->second.is_spent, true)) {
    end_sign_in_locked(found->second.request.grant.sign_in);
    return std::nullopt;
  }
  return found->second.request;
}

IdentityLedger::Device IdentityLedger::open_device(Grant grant, std::chrono::seconds life,
                                                   std::chrono::seconds interval) {
  Device device{.device_code = random_id(), .user_code = make_user_code()};
  grant.sign_in = random_id(16);
  DeviceEntry entry;
  entry.ends = clock_.system_now() + life;
  entry.grant = std::move(grant);
  entry.user_code = device.user_code;
  entry.interval = interval;
  std::lock_guard lock(mutex_);
  forget_old_locked();
  devices_[sha256_base64url(device.device_code)] = std::move(entry);
  return device;
}

bool IdentityLedger::decide_device(std::string_view user_code, bool is_allowed,
                                   std::string subject) {
  const std::string wanted = normal_user_code(user_code);
  const WallTime now = clock_.system_now();
  std::lock_guard lock(mutex_);
  for (auto& [digest, device] : devices_) {
    const bool is_waiting = device.state == DeviceState::Pending && device.ends >= now;
    if (!is_waiting || normal_user_code(device.user_code) != wanted) continue;
    device.state = is_allowed ? DeviceState::Allowed : DeviceState::Denied;
    device.grant.subject = std::move(subject);
    return true;
  }
  return false;
}

DeviceState IdentityLedger::poll_device(std::string_view device_code, std::string_view client_id,
                                        Grant& grant) {
  const WallTime now = clock_.system_now();
  std::lock_guard lock(mutex_);
  const auto found = devices_.find(sha256_base64url(device_code));
  if (found == devices_.end() || found->second.grant.client_id != client_id)
    return DeviceState::Unknown;
  DeviceEntry& device = found->second;
  if (device.ends < now) return DeviceState::Expired;
  if (device.state == DeviceState::Pending) {
    const bool is_hasty = device.asked && now < *device.asked + device.interval;
    device.asked = now;
    if (!is_hasty) return DeviceState::Pending;
    device.interval += std::chrono::seconds(5);  // RFC 8628 3.5
    return DeviceState::SlowDown;
  }
  const DeviceState state = device.state;
  grant = std::move(device.grant);
  devices_.erase(found);
  return state;
}

std::vector<std::string> IdentityLedger::pending_user_codes() const {
  const WallTime now = clock_.system_now();
  std::vector<std::string> codes;
  std::lock_guard lock(mutex_);
  for (const auto& [digest, device] : devices_)
    if (device.state == DeviceState::Pending && device.ends >= now)
      codes.push_back(device.user_code);
  return codes;
}

void IdentityLedger::keep_access(std::string_view token, Grant grant, WallTime ends) {
  std::lock_guard lock(mutex_);
  forget_old_locked();
  ++issued_;
  access_[sha256_base64url(token)] = {{ends}, std::move(grant)};
}

TokenState IdentityLedger::check_access(std::string_view token, Grant* grant) const {
  const std::string digest = sha256_base64url(token);
  std::lock_guard lock(mutex_);
  const auto found = access_.find(digest);
  if (found == access_.end()) return TokenState::Unknown;
  if (found->second.is_revoked) return TokenState::Revoked;
  if (found->second.ends <= clock_.system_now()) return TokenState::Expired;
  if (grant != nullptr) *grant = found->second.grant;
  return TokenState::Good;
}

std::string IdentityLedger::grant_refresh(Grant grant) {
  std::string token = random_id();
  std::lock_guard lock(mutex_);
  refresh_[sha256_base64url(token)] = {std::move(grant)};
  return token;
}

std::optional<Grant> IdentityLedger::use_refresh(std::string_view token, std::string_view client_id,
                                                 bool rotates) {
  std::lock_guard lock(mutex_);
  const auto found = refresh_.find(sha256_base64url(token));
  if (found == refresh_.end() || found->second.grant.client_id != client_id) return std::nullopt;
  if (found->second.is_spent) {
    end_sign_in_locked(std::string(found->second.grant.sign_in));
    return std::nullopt;
  }
  found->second.is_spent = rotates;
  return found->second.grant;
}

/// Nobody can tell who of those with one token is the person: all of them are out.
void IdentityLedger::end_sign_in_locked(const std::string& sign_in) {
  if (sign_in.empty()) return;
  for (auto& [digest, access] : access_)
    if (access.grant.sign_in == sign_in) access.is_revoked = true;
  std::erase_if(refresh_, [&](const auto& entry) { return entry.second.grant.sign_in == sign_in; });
}

void IdentityLedger::revoke(std::string_view token) {
  const std::string digest = sha256_base64url(token);
  std::lock_guard lock(mutex_);
  if (const auto found = access_.find(digest); found != access_.end())
    found->second.is_revoked = true;
  const auto found = refresh_.find(digest);
  if (found == refresh_.end()) return;
  const std::string sign_in = found->second.grant.sign_in;
  refresh_.erase(found);
  end_sign_in_locked(sign_in);
}

void IdentityLedger::revoke_access() {
  std::lock_guard lock(mutex_);
  for (auto& [digest, access] : access_) access.is_revoked = true;
}

bool IdentityLedger::take_assertion(std::string_view issuer, std::string_view id, WallTime ends) {
  std::lock_guard lock(mutex_);
  forget_old_locked();
  return assertions_.emplace(base::concat(issuer, "\n", id), Timed{ends}).second;
}

std::uint64_t IdentityLedger::issued() const {
  std::lock_guard lock(mutex_);
  return issued_;
}

}  // namespace dbsql::warehouse
