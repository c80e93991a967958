#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::config {

/// How requests prove who they come from (reference/auth-http-config.md 1.9).
enum class AuthType : std::uint8_t {
  Unspecified,  ///< not asked for yet; never after `complete()`
  Token,        ///< `Authorization: Bearer` with a ready-made token
  Basic,        ///< user and password, for Spark Thrift servers that people run themselves
  None,         ///< no header: a local warehouse without a token
  Provider,     ///< a token provider of the program's own; no text says this
  Unified,      ///< one method after the other, as Databricks' SDKs do
  OauthM2m,
  OauthU2m,
  OauthJwt,
  OauthRefresh,
  AzureU2m,
  AzureClientSecret,
  AzureMsi,
  AzureCli,
  DatabricksCli,
  GoogleCredentials,
  GoogleId,
  MetadataService,
  GithubOidc,
  GithubOidcAzure,
  AzureDevopsOidc,
  EnvOidc,
  FileOidc,
};

/// The type of that name or alias, in any case; nothing for any other word.
std::optional<AuthType> parse_auth_type(std::string_view text) noexcept;

/// The canonical name: `pat`, `oauth-m2m`, ... Empty for Unspecified.
std::string_view auth_type_name(AuthType type) noexcept;

/// All canonical names that a text may give, with commas between: for errors and help.
std::string auth_type_names();

}  // namespace dbsql::config
