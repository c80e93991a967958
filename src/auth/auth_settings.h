#pragma once

#include <dbsql/token_provider.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dbsql::auth {

/// How a person signs in.
enum class LoginMode : std::uint8_t {
  Browser,     ///< opens the browser of this machine
  PrintUrl,    ///< tells where to go; the browser must be on this machine, or its port forwarded
  DeviceCode,  ///< tells an address and a short code for a browser on any machine
};

/// A private key that stands for a secret (reference/auth-http-config.md 2.9).
struct JwtKeySettings {
  std::string key_file;            ///< auth.jwt.key_file: PEM
  std::string key_id;              ///< auth.jwt.kid
  std::string algorithm{"RS256"};  ///< auth.jwt.alg
  Secret passphrase;               ///< auth.jwt.passphrase
};

/// Azure's own names (reference/auth-http-config.md 2.6).
struct AzureSettings {
  std::string tenant_id;    ///< auth.azure.tenant_id; empty = asked of the workspace
  std::string client_id;    ///< auth.azure.client_id
  Secret client_secret;     ///< auth.azure.client_secret
  std::string resource_id;  ///< auth.azure.resource_id: "/subscriptions/.../workspaces/NAME"
  std::string environment;  ///< auth.azure.environment: PUBLIC, USGOVERNMENT, CHINA; empty = host's
  bool uses_managed_identity = false;  ///< azure_use_msi: this machine's identity
};

/// reference/auth-http-config.md 2.7.
struct GoogleSettings {
  std::string service_account;  ///< auth.google.service_account: to impersonate (google-id)
  Secret credentials;           ///< auth.google.credentials: a file's path or its JSON content
};

/// Workload identity: where the token of another issuer is (reference/auth-http-config.md 2.8).
struct OidcSettings {
  std::string token_env;           ///< auth.oidc.token_env; empty = DATABRICKS_OIDC_TOKEN
  std::string token_file;          ///< auth.oidc.token_file
  std::string audience;            ///< auth.oidc.audience
  std::string github_request_url;  ///< actions_id_token_request_url (set by GitHub's runner)
  Secret github_request_token;     ///< actions_id_token_request_token
};

/// Tokens of people on disk (reference/auth-http-config.md 2.5, "On-disk token caches").
struct TokenStoreSettings {
  bool is_enabled = false;  ///< auth.token_cache
  Secret passphrase;        ///< auth.token_cache_passphrase; empty = a key file of the user
  std::string folder;       ///< empty = databricks-sql-cpp/oauth below the user's cache folder
};

/// Everything that decides who a connection is. A plain value: whoever reads options fills it
/// (sessions from the connection's configuration, the shell from its profile), member by member as
/// the comments name the options of reference/auth-http-config.md 1.9; nothing in here is checked
/// or completed before `choose_auth` (auth_chain.h) reads it. An empty text, secret or list means
/// "not given". Secrets overwrite themselves; the struct may be copied.
struct AuthSettings {
  // Where to.
  std::string origin;  ///< scheme, host and port, for instance "https://my.cloud.databricks.com"
  std::string account_id;  ///< with an account console, and as an audience of workload identities
  std::string org_id;      ///< workspace of a host that many share (`?o=`)

  /// auth.type: a canonical name or an alias of reference/auth-http-config.md 1.9, without case.
  /// Empty = what is given decides, and exactly one method must be. "unified" = the methods of
  /// Databricks' SDKs one after the other, this machine's command-line logins among them.
  std::string type;
  std::string profile;  ///< handed to the Databricks CLI

  Secret token;      ///< auth.token: pat, oauth-token
  std::string user;  ///< auth.user: basic
  Secret password;   ///< auth.password: basic

  std::string client_id;              ///< auth.client_id
  Secret client_secret;               ///< auth.client_secret: oauth-m2m
  std::vector<std::string> scopes;    ///< auth.scopes; empty = the method's usual ones
  bool sends_secret_in_body = false;  ///< auth.client_auth=body instead of Basic
  std::string token_endpoint;         ///< auth.token_endpoint; empty = discovered
  std::string authorize_endpoint;     ///< auth.authorize_endpoint; empty = discovered
  std::string discovery_url;          ///< auth.discovery_url; empty = the workspace's document
  Secret refresh_token;               ///< auth.refresh_token: oauth-refresh

  LoginMode login = LoginMode::Browser;       ///< auth.login: browser, url, device
  std::vector<std::uint16_t> redirect_ports;  ///< auth.redirect_ports; empty = the client's
  std::chrono::seconds login_timeout{120};    ///< auth.u2m_timeout: for the person

  std::string federation_client_id;  ///< auth.federation_client_id; empty = not wanted
  bool federation_strict = false;    ///< auth.federation_strict

  JwtKeySettings jwt;
  AzureSettings azure;
  GoogleSettings google;
  OidcSettings oidc;
  TokenStoreSettings token_store;

  std::string databricks_cli_path;   ///< databricks_cli_path; empty = looked up in PATH
  std::string azure_cli_path;        ///< empty = `az` in PATH
  std::string metadata_service_url;  ///< metadata_service_url: on this machine
};

}  // namespace dbsql::auth
