#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"
#include "warehouse/identity_clients.h"
#include "warehouse/identity_grants.h"
#include "warehouse/identity_ledger.h"
#include "warehouse/identity_options.h"
#include "warehouse/journal.h"
#include "warehouse/web_token.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// The warehouse as an identity provider: OAuth for machines and for people, and the check of the
/// tokens that come back (reference/auth-http-config.md 2).
///
/// Ownership: refers to the journal and the clock. Threads: safe from any thread.
class IdentityService {
 public:
  static constexpr std::string_view kWhoAmIPath = "/api/2.0/preview/scim/v2/Me";

  /// \throws std::runtime_error  a key of a client or an issuer is none
  IdentityService(IdentityOptions options, std::string org_id, Journal& journal,
                  base::Clock& clock);

  /// `scheme://host:port` for requests that name no host; set before the first request.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  /// Whether a path belongs to sign-in, for which nobody needs a token.
  static bool serves(std::string_view path);
  HttpReply serve(const HttpRequest& request, std::uint64_t journal_number);

  /// Whether API calls need one of our tokens.
  bool requires_tokens() const noexcept { return options_.requires_tokens; }
  /// Why an API call with this credential is refused; empty = it is let in.
  std::optional<HttpReply> refuse(std::string_view authorization) const;

  /// Who the token of an API call speaks for, as the workspace's directory tells it.
  HttpReply who_am_i(const HttpRequest& request) const;

  IdentityLedger& ledger() noexcept { return ledger_; }
  const IdentityOptions& options() const noexcept { return options_; }

 private:
  using Handler = HttpReply (IdentityService::*)(const HttpRequest&, const IdentityPlace&,
                                                 std::uint64_t journal_number);
  struct Endpoint {
    std::string_view method;
    std::string_view path;
    Handler handler;
  };
  static const Endpoint kEndpoints[];

  std::string origin_of(const HttpRequest& request) const;
  HttpReply host_metadata(const HttpRequest& request) const;
  HttpReply discovery(const HttpRequest& request, const IdentityPlace& place, std::uint64_t number);
  HttpReply keys(const HttpRequest& request, const IdentityPlace& place, std::uint64_t number);
  HttpReply token(const HttpRequest& request, const IdentityPlace& place, std::uint64_t number);
  HttpReply revoke(const HttpRequest& request, const IdentityPlace& place, std::uint64_t number);
  HttpReply show_consent(const HttpRequest& request, const IdentityPlace& place,
                         std::uint64_t number);
  HttpReply take_consent(const HttpRequest& request, const IdentityPlace& place,
                         std::uint64_t number);
  HttpReply start_device(const HttpRequest& request, const IdentityPlace& place,
                         std::uint64_t number);
  HttpReply show_device(const HttpRequest& request, const IdentityPlace& place,
                        std::uint64_t number);
  HttpReply take_device(const HttpRequest& request, const IdentityPlace& place,
                        std::uint64_t number);
  OidcForm form_of(const HttpRequest& request, std::uint64_t number);

  const IdentityOptions options_;
  const std::string org_id_;
  Journal& journal_;
  base::Clock& clock_;
  std::string origin_;
  IdentityLedger ledger_;
  TokenSigner signer_;
  IdentityClients clients_;
  IdentityGrants grants_;
};

}  // namespace dbsql::warehouse
