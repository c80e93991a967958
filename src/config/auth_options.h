#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dbsql::config {

/// How a person signs in.
enum class Login : std::uint8_t {
  Browser,  ///< opens the browser of this machine
  Url,      ///< tells the address to open
  Device,   ///< tells an address and a code for a browser on any machine
};

/// What the options say about proving one's identity, as written: the methods themselves check what
/// they need of it. Strings that are empty were not given.
struct AuthOptions {
  std::string client_id;
  std::string client_secret;  ///< secret
  bool sends_secret_in_body = false;
  std::vector<std::string> scopes;
  std::string token_endpoint;
  std::string authorize_endpoint;
  std::string discovery_url;
  std::string account_id;
  Login login = Login::Browser;
  std::vector<std::uint16_t> redirect_ports;
  std::chrono::milliseconds login_timeout{120'000};
  std::string refresh_token;  ///< secret
  bool token_cache = false;
  std::string token_cache_passphrase;  ///< secret
  std::string federation_client_id;
  bool federation_strict = false;

  struct Jwt {
    std::string key_file;
    std::string key_id;
    std::string algorithm = "RS256";
    std::string passphrase;  ///< secret
    friend bool operator==(const Jwt&, const Jwt&) = default;
  } jwt;

  struct Azure {
    std::string tenant_id;
    std::string client_id;
    std::string client_secret;  ///< secret
    std::string resource_id;
    std::string environment;
    bool uses_managed_identity = false;
    std::string cli_path;  ///< of `az`
    friend bool operator==(const Azure&, const Azure&) = default;
  } azure;

  struct Google {
    std::string service_account;
    std::string credentials;  ///< secret where it is the key itself and not the name of its file
    friend bool operator==(const Google&, const Google&) = default;
  } google;

  struct Oidc {
    std::string token_env;
    std::string token_file;
    std::string audience;
    std::string request_url;
    std::string request_token;  ///< secret
    friend bool operator==(const Oidc&, const Oidc&) = default;
  } oidc;

  std::string databricks_cli_path;
  std::string metadata_service_url;
  std::string profile;  ///< of the Databricks CLI, where a method asks it

  friend bool operator==(const AuthOptions&, const AuthOptions&) = default;
};

}  // namespace dbsql::config
