#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dbsql::warehouse {

/// Who a token speaks for, and for what.
struct Grant {
  std::string client_id;
  std::string subject;
  std::vector<std::string> scopes;
  std::string account_id;  ///< of an account's token; empty = the workspace's
  std::string sign_in;     ///< what all tokens of one sign-in share; empty = there was none
};

/// A browser's request at the consent page, before and after the person has decided.
struct CodeRequest {
  Grant grant;
  std::string redirect_uri;
  std::string state;
  std::string challenge;  ///< PKCE, S256
};

enum class DeviceState : std::uint8_t { Pending, SlowDown, Allowed, Denied, Expired, Unknown };

/// What has become of an access token.
enum class TokenState : std::uint8_t { Good, Expired, Revoked, Unknown };

/// Everything the identity provider has handed out and what it is still worth.
///
/// Tokens are kept as digests. Whatever is past its time goes with the next change, so that memory
/// follows what is alive. Threads: safe from any thread.
class IdentityLedger {
 public:
  explicit IdentityLedger(base::Clock& clock) : clock_(clock) {}

  // The consent page.
  std::string open_request(CodeRequest request);
  /// Takes an undecided request out; empty when there is none by that id.
  std::optional<CodeRequest> take_request(std::string_view id);
  /// \return the code, good once and for five minutes
  std::string grant_code(CodeRequest request);
  /// Spends a code. Whoever comes with a spent one ends the sign-in (RFC 6749 4.1.2).
  std::optional<CodeRequest> spend_code(std::string_view code);

  // Devices.
  struct Device {
    std::string device_code;
    std::string user_code;
  };
  Device open_device(Grant grant, std::chrono::seconds life, std::chrono::seconds interval);
  /// What the person at the page said. \return false when no device waits for that code
  bool decide_device(std::string_view user_code, bool is_allowed, std::string subject);
  /// What a device hears when it asks; `Allowed` once, with the grant.
  DeviceState poll_device(std::string_view device_code, std::string_view client_id, Grant& grant);
  std::vector<std::string> pending_user_codes() const;

  // Tokens.
  void keep_access(std::string_view token, Grant grant, std::chrono::system_clock::time_point ends);
  TokenState check_access(std::string_view token, Grant* grant = nullptr) const;
  std::string grant_refresh(Grant grant);
  /// The grant of a refresh token. \param rotates  it is spent by this: when it comes again, its
  /// sign-in ends
  std::optional<Grant> use_refresh(std::string_view token, std::string_view client_id,
                                   bool rotates);
  /// Either kind; unknown ones are no error (RFC 7009 2.2).
  void revoke(std::string_view token);
  /// Every access token that is out; refresh tokens stay good.
  void revoke_access();

  /// Remembers the id of an assertion until it ends. \return false when it has come before
  bool take_assertion(std::string_view issuer, std::string_view id,
                      std::chrono::system_clock::time_point ends);

  /// Access tokens handed out so far.
  std::uint64_t issued() const;

 private:
  using WallTime = std::chrono::system_clock::time_point;
  struct Timed {
    WallTime ends;
  };
  struct Code : Timed {
    CodeRequest request;
    bool is_spent = false;
  };
  struct DeviceEntry : Timed {
    Grant grant;
    std::string user_code;
    std::chrono::seconds interval{};
    std::optional<WallTime> asked;
    DeviceState state = DeviceState::Pending;
  };
  struct Access : Timed {
    Grant grant;
    bool is_revoked = false;
  };
  struct Refresh {
    Grant grant;
    bool is_spent = false;
  };

  void forget_old_locked();
  void end_sign_in_locked(const std::string& sign_in);

  base::Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Code> requests_;        // guarded by mutex_; by id
  std::unordered_map<std::string, Code> codes_;           // guarded by mutex_; by digest
  std::unordered_map<std::string, DeviceEntry> devices_;  // guarded by mutex_; by digest
  std::unordered_map<std::string, Access> access_;        // guarded by mutex_; by digest
  std::unordered_map<std::string, Refresh> refresh_;      // guarded by mutex_; by digest
  std::unordered_map<std::string, Timed> assertions_;     // guarded by mutex_
  std::uint64_t issued_ = 0;                              // guarded by mutex_
};

}  // namespace dbsql::warehouse
