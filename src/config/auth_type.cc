#include "config/auth_type.h"

#include "base/text.h"

#include <array>

namespace dbsql::config {
namespace {

struct AuthTypeRow {
  AuthType type;
  std::string_view name;
  std::string_view aliases;  // blank-separated, lower case
};

// The aliases are the words of the Go, Python, Node and ADBC drivers.
constexpr std::array kTypes = {
    AuthTypeRow{AuthType::Token, "pat", "access-token access_token token oauth-token static-token"},
    AuthTypeRow{AuthType::OauthM2m, "oauth-m2m", "oauthm2m oauth_m2m client_credentials"},
    AuthTypeRow{AuthType::OauthU2m, "oauth-u2m",
                "oauthu2m oauth_u2m databricks-oauth external-browser"},
    AuthTypeRow{AuthType::OauthJwt, "oauth-jwt", "m2m_jwt"},
    AuthTypeRow{AuthType::OauthRefresh, "oauth-refresh", ""},
    AuthTypeRow{AuthType::AzureU2m, "azure-u2m", "azure-oauth"},
    AuthTypeRow{AuthType::AzureClientSecret, "azure-client-secret", "azure-sp-m2m"},
    AuthTypeRow{AuthType::AzureMsi, "azure-msi", ""},
    AuthTypeRow{AuthType::AzureCli, "azure-cli", ""},
    AuthTypeRow{AuthType::DatabricksCli, "databricks-cli", ""},
    AuthTypeRow{AuthType::GoogleCredentials, "google-credentials", ""},
    AuthTypeRow{AuthType::GoogleId, "google-id", ""},
    AuthTypeRow{AuthType::MetadataService, "metadata-service", ""},
    AuthTypeRow{AuthType::GithubOidc, "github-oidc", ""},
    AuthTypeRow{AuthType::GithubOidcAzure, "github-oidc-azure", ""},
    AuthTypeRow{AuthType::AzureDevopsOidc, "azure-devops-oidc", ""},
    AuthTypeRow{AuthType::EnvOidc, "env-oidc", ""},
    AuthTypeRow{AuthType::FileOidc, "file-oidc", ""},
    AuthTypeRow{AuthType::Unified, "unified", ""},
    AuthTypeRow{AuthType::Basic, "basic", ""},
    AuthTypeRow{AuthType::None, "none", ""},
};

bool is_named(const AuthTypeRow& row, std::string_view word) {
  if (row.name == word) return true;
  for (const std::string_view alias : base::split(row.aliases, ' ')) {
    if (!alias.empty() && alias == word) return true;
  }
  return false;
}

}  // namespace

std::optional<AuthType> parse_auth_type(std::string_view text) noexcept {
  const std::string word = base::to_lower(base::trim(text));
  for (const AuthTypeRow& row : kTypes) {
    if (is_named(row, word)) return row.type;
  }
  return std::nullopt;
}

std::string_view auth_type_name(AuthType type) noexcept {
  if (type == AuthType::Provider) return "token-provider";
  for (const AuthTypeRow& row : kTypes) {
    if (row.type == type) return row.name;
  }
  return {};
}

std::string auth_type_names() {
  std::string names;
  for (const AuthTypeRow& row : kTypes) names += base::concat(names.empty() ? "" : ", ", row.name);
  return names;
}

}  // namespace dbsql::config
