#include "auth/auth_methods.h"

#include <dbsql/error.h>

#include "auth/azure.h"
#include "auth/cli_login.h"
#include "auth/google.h"
#include "auth/metadata_service.h"
#include "auth/oauth_jwt.h"
#include "auth/oauth_m2m.h"
#include "auth/oauth_refresh.h"
#include "auth/workload_identity.h"
#include "base/text.h"
#include "http/url.h"

#include <array>
#include <initializer_list>
#include <utility>

namespace dbsql::auth {
namespace {

using Provider = std::shared_ptr<TokenProvider>;

constexpr std::string_view kEntraBrowserClient = "96eecda7-19ea-49cc-abb5-240097d554f5";

std::string host_of(const AuthSettings& settings) {
  const auto url = http::Url::parse(settings.origin);
  return url ? url->host : std::string();
}

OidcHost oidc_host(const AuthSettings& settings) {
  return {.origin = settings.origin,
          .account_id = settings.account_id,
          .discovery_url = settings.discovery_url};
}

AzureWorkspace azure_workspace(const AuthSettings& settings) {
  return {.origin = settings.origin,
          .org_id = settings.org_id,
          .resource_id = settings.azure.resource_id,
          .cloud = azure_cloud(host_of(settings), settings.azure.environment)};
}

/// "a and b are not set", of those that are empty; empty when all are given.
std::string lacking(std::initializer_list<std::pair<std::string_view, bool>> needs) {
  std::string names;
  int count = 0;
  for (const auto& [name, is_there] : needs) {
    if (is_there) continue;
    names += base::concat(count++ > 0 ? " and " : "", name);
  }
  if (count == 0) return {};
  return base::concat(names, count == 1 ? " is not set" : " are not set");
}

std::string nothing_missing(const AuthInputs&) { return {}; }
bool never_given(const AuthSettings&) { return false; }

std::vector<std::string> scopes_or(const AuthSettings& settings, std::vector<std::string> usual) {
  if (!settings.scopes.empty()) return settings.scopes;
  return usual;
}

Provider make_static(const AuthInputs& in) {
  Token token;
  token.access_token = in.settings.token;
  return std::make_shared<StaticTokenProvider>(std::move(token));
}

std::string missing_token(const AuthInputs& in) {
  return lacking({{"auth.token", !in.settings.token.empty()}});
}

std::string missing_basic(const AuthInputs& in) {
  return lacking({{"auth.user", !in.settings.user.empty()}});
}

std::string missing_none(const AuthInputs& in) {
  return http::is_loopback_host(host_of(in.settings))
             ? std::string()
             : std::string(
                   "a connection without credentials is only for a warehouse on this "
                   "machine");
}

bool gives_m2m(const AuthSettings& s) {
  return !s.client_id.empty() && !s.client_secret.empty() && s.refresh_token.empty();
}
std::string missing_m2m(const AuthInputs& in) {
  return lacking({{"auth.client_id", !in.settings.client_id.empty()},
                  {"auth.client_secret", !in.settings.client_secret.empty()}});
}
Provider make_m2m(const AuthInputs& in) {
  const AuthSettings& s = in.settings;
  return std::make_shared<ClientCredentialsProvider>(
      in.parts.transport, oidc_host(s),
      ClientCredentials{.client_id = s.client_id,
                        .client_secret = s.client_secret,
                        .scopes = scopes_or(s, {"all-apis"}),
                        .token_endpoint = s.token_endpoint,
                        .sends_in_body = s.sends_secret_in_body},
      *in.parts.clock);
}

bool gives_jwt(const AuthSettings& s) { return !s.client_id.empty() && !s.jwt.key_file.empty(); }
std::string missing_jwt(const AuthInputs& in) {
  return lacking({{"auth.client_id", !in.settings.client_id.empty()},
                  {"auth.jwt.key_file", !in.settings.jwt.key_file.empty()}});
}
Provider make_jwt(const AuthInputs& in) {
  const AuthSettings& s = in.settings;
  return std::make_shared<JwtAssertionProvider>(
      in.parts, oidc_host(s),
      JwtAssertion{.client_id = s.client_id,
                   .key = {.pem = read_key_file(s.jwt.key_file),
                           .passphrase = s.jwt.passphrase,
                           .algorithm = s.jwt.algorithm.empty() ? "RS256" : s.jwt.algorithm,
                           .key_id = s.jwt.key_id},
                   .scopes = scopes_or(s, {"all-apis"}),
                   .token_endpoint = s.token_endpoint});
}

std::string missing_refresh(const AuthInputs& in) {
  return lacking({{"auth.refresh_token", !in.settings.refresh_token.empty()}});
}
Provider make_refresh(const AuthInputs& in) {
  const AuthSettings& s = in.settings;
  RefreshGrant grant{.refresh_token = s.refresh_token,
                     .client_secret = s.client_secret,
                     .token_endpoint = s.token_endpoint};
  if (!s.client_id.empty()) grant.client_id = s.client_id;
  return std::make_shared<RefreshTokenProvider>(in.parts, oidc_host(s), std::move(grant));
}

std::shared_ptr<TokenStore> make_store(const AuthInputs& in, const UserLogin& login) {
  const TokenStoreSettings& store = in.settings.token_store;
  if (!store.is_enabled) return nullptr;
  return std::make_shared<TokenStore>(
      store.folder.empty() ? default_token_folder() : std::filesystem::path(store.folder),
      store.passphrase, identity_of(oidc_host(in.settings), login), *in.parts.clock);
}

Provider make_login(const AuthInputs& in, UserLogin login) {
  const AuthSettings& s = in.settings;
  if (!s.client_id.empty()) login.client_id = s.client_id;
  if (!s.scopes.empty()) login.scopes = s.scopes;
  if (!s.redirect_ports.empty()) login.redirect_ports = s.redirect_ports;
  if (!s.token_endpoint.empty()) login.endpoints.token = s.token_endpoint;
  if (!s.authorize_endpoint.empty()) login.endpoints.authorization = s.authorize_endpoint;
  login.timeout = s.login_timeout;
  login.mode = s.login;
  auto store = make_store(in, login);
  return std::make_shared<UserLoginProvider>(in.parts.transport, oidc_host(s), std::move(login),
                                             std::move(store), in.seams, *in.parts.clock);
}

Provider make_u2m(const AuthInputs& in) { return make_login(in, {}); }

/// The workspace hands browsers on to Entra, which knows the drivers under a client id of its own.
Provider make_azure_u2m(const AuthInputs& in) {
  const std::string application = azure_workspace(in.settings).cloud.application_id;
  UserLogin login;
  login.client_id = kEntraBrowserClient;
  login.scopes = {application + "/user_impersonation", "offline_access"};
  login.endpoints = {.authorization = in.settings.origin + "/oidc/oauth2/v2.0/authorize",
                     .token = in.settings.origin + "/oidc/oauth2/v2.0/token",
                     .device_authorization = {}};
  return make_login(in, std::move(login));
}

std::string missing_azure_host(const AuthInputs& in) {
  const AuthSettings& s = in.settings;
  return is_azure_host(host_of(s)) || !s.azure.resource_id.empty()
             ? std::string()
             : std::string(
                   "the host is no workspace on Azure, and auth.azure.resource_id is not "
                   "set");
}

bool gives_azure_secret(const AuthSettings& s) {
  return !s.azure.client_id.empty() && !s.azure.client_secret.empty();
}
std::string missing_azure_secret(const AuthInputs& in) {
  return lacking({{"auth.azure.client_id", !in.settings.azure.client_id.empty()},
                  {"auth.azure.client_secret", !in.settings.azure.client_secret.empty()}});
}
Provider make_azure_secret(const AuthInputs& in) {
  const AzureSettings& azure = in.settings.azure;
  return std::make_shared<AzurePrincipalProvider>(
      in.parts, azure_workspace(in.settings),
      AzurePrincipal{.tenant_id = azure.tenant_id,
                     .client_id = azure.client_id,
                     .client_secret = azure.client_secret,
                     .assertion = {}});
}

bool gives_msi(const AuthSettings& s) { return s.azure.uses_managed_identity; }
std::string missing_unified_msi(const AuthInputs& in) {
  // Named by its type it needs no further word; in a chain it must be asked for.
  return in.settings.azure.uses_managed_identity || !in.settings.type.empty()
             ? std::string()
             : std::string("auth.azure.use_msi is not set");
}
Provider make_msi(const AuthInputs& in) {
  return std::make_shared<AzureManagedIdentityProvider>(in.parts, azure_workspace(in.settings),
                                                        in.settings.azure.client_id);
}

Provider make_azure_cli(const AuthInputs& in) {
  return std::make_shared<AzureCliProvider>(in.parts, azure_workspace(in.settings),
                                            in.settings.azure_cli_path,
                                            in.settings.azure.tenant_id);
}

Provider make_databricks_cli(const AuthInputs& in) {
  const AuthSettings& s = in.settings;
  return std::make_shared<DatabricksCliProvider>(
      in.parts, DatabricksCliProvider::Login{.program = s.databricks_cli_path,
                                             .profile = s.profile,
                                             .origin = s.origin,
                                             .account_id = s.account_id});
}

std::string missing_metadata(const AuthInputs& in) {
  return lacking({{"auth.metadata_service_url", !in.settings.metadata_service_url.empty()}});
}
Provider make_metadata(const AuthInputs& in) {
  return std::make_shared<MetadataServiceProvider>(in.parts, in.settings.metadata_service_url,
                                                   in.settings.origin);
}

std::string missing_google_credentials(const AuthInputs& in) {
  return lacking({{"auth.google.credentials", !in.settings.google.credentials.empty()}});
}
Provider make_google_credentials(const AuthInputs& in) {
  return std::make_shared<GoogleCredentialsProvider>(in.parts, in.settings.origin,
                                                     in.settings.google.credentials);
}
std::string missing_google_id(const AuthInputs& in) {
  return lacking({{"auth.google.service_account", !in.settings.google.service_account.empty()}});
}
Provider make_google_id(const AuthInputs& in) {
  return std::make_shared<GoogleIdProvider>(in.parts, in.settings.origin,
                                            in.settings.google.service_account);
}

Provider make_workload(const AuthInputs& in, std::string name, IdTokenSource source) {
  const AuthSettings& s = in.settings;
  return std::make_shared<WorkloadIdentityProvider>(
      in.parts, oidc_host(s),
      WorkloadIdentity{
          .name = std::move(name),
          .client_id = s.federation_client_id.empty() ? s.client_id : s.federation_client_id,
          .audience = s.oidc.audience,
          .scopes = scopes_or(s, {"all-apis"}),
          .token_endpoint = s.token_endpoint},
      std::move(source));
}

std::string token_variable(const AuthSettings& s) {
  return s.oidc.token_env.empty() ? "DATABRICKS_OIDC_TOKEN" : s.oidc.token_env;
}
std::string missing_env_oidc(const AuthInputs& in) {
  const std::string variable = token_variable(in.settings);
  return in.parts.environment.get(variable).empty()
             ? base::concat("the environment variable ", variable, " is not set")
             : std::string();
}
Provider make_env_oidc(const AuthInputs& in) {
  return make_workload(
      in, "env-oidc", id_token_from_environment(in.parts.environment, token_variable(in.settings)));
}
std::string missing_file_oidc(const AuthInputs& in) {
  return lacking({{"auth.oidc.token_file", !in.settings.oidc.token_file.empty()}});
}
Provider make_file_oidc(const AuthInputs& in) {
  return make_workload(in, "file-oidc", id_token_from_file(in.settings.oidc.token_file));
}

/// From the settings, else as GitHub's runner sets them.
std::string github_url(const AuthInputs& in) {
  const std::string& given = in.settings.oidc.github_request_url;
  return given.empty() ? in.parts.environment.get("ACTIONS_ID_TOKEN_REQUEST_URL") : given;
}
Secret github_bearer(const AuthInputs& in) {
  const Secret& given = in.settings.oidc.github_request_token;
  return given.empty() ? Secret(in.parts.environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) : given;
}
std::string missing_github(const AuthInputs& in) {
  return lacking({{"ACTIONS_ID_TOKEN_REQUEST_URL", !github_url(in).empty()},
                  {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", !github_bearer(in).empty()}});
}
IdTokenSource github_source(const AuthInputs& in) {
  return id_token_from_github(in.parts, github_url(in), github_bearer(in));
}
Provider make_github(const AuthInputs& in) {
  return make_workload(in, "github-oidc", github_source(in));
}
std::string missing_devops(const AuthInputs& in) {
  const std::string variable = missing_azure_devops_variable(in.parts.environment);
  return variable.empty() ? std::string()
                          : base::concat("the environment variable ", variable, " is not set");
}
Provider make_devops(const AuthInputs& in) {
  return make_workload(in, "azure-devops-oidc", id_token_from_azure_devops(in.parts));
}
std::string missing_github_azure(const AuthInputs& in) {
  if (auto missing = missing_github(in); !missing.empty()) return missing;
  return lacking({{"auth.azure.client_id", !in.settings.azure.client_id.empty()}});
}
Provider make_github_azure(const AuthInputs& in) {
  return std::make_shared<AzurePrincipalProvider>(
      in.parts, azure_workspace(in.settings),
      AzurePrincipal{.tenant_id = in.settings.azure.tenant_id,
                     .client_id = in.settings.azure.client_id,
                     .client_secret = {},
                     .assertion = github_source(in),
                     .name = "github-oidc-azure"});
}

Provider make_nothing(const AuthInputs&) { return nullptr; }

using S = AuthSettings;

// The ranks are the order of Databricks' SDKs (reference/auth-http-config.md 1.8).
constexpr std::array<AuthMethod, 21> kMethods{{
    {.name = "pat",
     .aliases = "access-token access_token token",
     .is_given = [](const S& s) { return !s.token.empty(); },
     .missing = missing_token,
     .make = make_static,
     .unified_rank = 1},
    {.name = "oauth-token",
     .aliases = "static-token",
     .is_given = never_given,  // without a type a token is a token
     .missing = missing_token,
     .make = make_static,
     .may_be_foreign = true},
    {.name = "basic",
     .aliases = "",
     .is_given = [](const S& s) { return !s.user.empty() && s.token.empty(); },
     .missing = missing_basic,
     .make = make_nothing,
     .unified_rank = 2},
    {.name = "oauth-m2m",
     .aliases = "oauthm2m oauth_m2m client_credentials",
     .is_given = gives_m2m,
     .missing = missing_m2m,
     .make = make_m2m,
     .unified_rank = 3,
     .may_be_foreign = true},
    {.name = "oauth-jwt",
     .aliases = "m2m_jwt",
     .is_given = gives_jwt,
     .missing = missing_jwt,
     .make = make_jwt,
     .may_be_foreign = true},
    {.name = "oauth-refresh",
     .aliases = "",
     .is_given = [](const S& s) { return !s.refresh_token.empty(); },
     .missing = missing_refresh,
     .make = make_refresh,
     .may_be_foreign = true},
    {.name = "oauth-u2m",
     .aliases = "oauthu2m oauth_u2m databricks-oauth external-browser",
     .is_given = never_given,
     .missing = nothing_missing,
     .make = make_u2m,
     .may_be_foreign = true},
    {.name = "azure-u2m",
     .aliases = "azure-oauth",
     .is_given = never_given,
     .missing = missing_azure_host,
     .make = make_azure_u2m,
     .may_be_foreign = true},
    {.name = "databricks-cli",
     .aliases = "",
     .is_given = never_given,
     .missing = nothing_missing,
     .make = make_databricks_cli,
     .unified_rank = 4,
     .is_probed = true},
    {.name = "metadata-service",
     .aliases = "",
     .is_given = [](const S& s) { return !s.metadata_service_url.empty(); },
     .missing = missing_metadata,
     .make = make_metadata,
     .unified_rank = 5},
    {.name = "github-oidc",
     .aliases = "",
     .is_given = never_given,
     .missing = missing_github,
     .make = make_github,
     .unified_rank = 6,
     .is_probed = true},
    {.name = "azure-devops-oidc",
     .aliases = "",
     .is_given = never_given,
     .missing = missing_devops,
     .make = make_devops,
     .unified_rank = 7,
     .is_probed = true},
    {.name = "env-oidc",
     .aliases = "",
     .is_given = [](const S& s) { return !s.oidc.token_env.empty(); },
     .missing = missing_env_oidc,
     .make = make_env_oidc,
     .unified_rank = 8},
    {.name = "file-oidc",
     .aliases = "",
     .is_given = [](const S& s) { return !s.oidc.token_file.empty(); },
     .missing = missing_file_oidc,
     .make = make_file_oidc,
     .unified_rank = 9},
    {.name = "github-oidc-azure",
     .aliases = "",
     .is_given = never_given,
     .missing = missing_github_azure,
     .make = make_github_azure,
     .unified_rank = 10,
     .may_be_foreign = true},
    {.name = "azure-msi",
     .aliases = "",
     .is_given = gives_msi,
     .missing = missing_unified_msi,
     .make = make_msi,
     .unified_rank = 11,
     .may_be_foreign = true},
    {.name = "azure-client-secret",
     .aliases = "azure-sp-m2m",
     .is_given = gives_azure_secret,
     .missing = missing_azure_secret,
     .make = make_azure_secret,
     .unified_rank = 12,
     .may_be_foreign = true},
    {.name = "azure-cli",
     .aliases = "",
     .is_given = never_given,
     .missing = missing_azure_host,
     .make = make_azure_cli,
     .unified_rank = 13,
     .is_probed = true,
     .may_be_foreign = true},
    {.name = "google-credentials",
     .aliases = "",
     .is_given = [](const S& s) { return !s.google.credentials.empty(); },
     .missing = missing_google_credentials,
     .make = make_google_credentials,
     .unified_rank = 14,
     .may_be_foreign = true},
    {.name = "google-id",
     .aliases = "",
     .is_given = [](const S& s) { return !s.google.service_account.empty(); },
     .missing = missing_google_id,
     .make = make_google_id,
     .unified_rank = 15,
     .may_be_foreign = true},
    {.name = "none",
     .aliases = "",
     .is_given = never_given,
     .missing = missing_none,
     .make = make_nothing},
}};

}  // namespace

std::span<const AuthMethod> auth_methods() { return kMethods; }

}  // namespace dbsql::auth
