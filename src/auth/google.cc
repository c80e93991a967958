#include "auth/google.h"

#include <dbsql/error.h>

#include "auth/identity_request.h"
#include "auth/json_answer.h"
#include "auth/jwt.h"
#include "auth/token_endpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "http/url.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::string_view kJwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kGoogleTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::string_view kCloudScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kComputeScope = "https://www.googleapis.com/auth/compute";
constexpr std::string_view kMetadataUrl =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
constexpr std::string_view kAccessTokenHeader = "X-Databricks-GCP-SA-Access-Token";
constexpr std::chrono::seconds kLife{3600};
constexpr std::chrono::seconds kMetadataLimit{10};

[[noreturn]] void refuse(ErrorKind kind, std::string message) {
  throw_error({.kind = kind, .message = std::move(message)});
}

/// A path, or the content itself.
Secret read_credentials(const Secret& credentials) {
  if (base::trim(credentials.view()).starts_with('{')) return credentials;
  const std::string path(credentials.view());
  std::ifstream file(path, std::ios::binary);
  if (!file)
    refuse(ErrorKind::Configuration,
           base::concat("the Google credentials ", path, " cannot be read"));
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

std::string text_of(const Secret& json, std::string_view name) {
  return std::string(json_text(json.view(), name).view());
}

/// Signed assertions and refresh tokens go there.
std::string safe_token_uri(std::string uri) {
  if (uri.empty()) return std::string(kGoogleTokenUri);
  const auto url = http::Url::parse(uri);
  if (!url || (url->scheme != "https" && !http::is_loopback_host(url->host)))
    refuse(ErrorKind::Configuration, "the token_uri of the Google credentials is no https URL");
  return uri;
}

GoogleServiceAccount read_service_account(const Secret& json) {
  GoogleServiceAccount account{.email = text_of(json, "client_email"),
                               .token_uri = safe_token_uri(text_of(json, "token_uri")),
                               .key = {.pem = json_text(json.view(), "private_key"),
                                       .passphrase = {},
                                       .algorithm = "RS256",
                                       .key_id = text_of(json, "private_key_id")}};
  if (account.email.empty() || account.key.pem.empty())
    refuse(ErrorKind::Configuration,
           "the Google credentials are not those of a service account: client_email or private_key "
           "is missing");
  return account;
}

/// The answer to a signed assertion (RFC 7523 2.1). \param purpose  claim and value beside the
/// usual ones: whom the token is for, or what it may do
Secret ask_with_assertion(const ProviderParts& parts, const GoogleServiceAccount& account,
                          const std::pair<std::string, std::string>& purpose,
                          const TokenContext& context) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      parts.clock->system_now().time_since_epoch());
  const nlohmann::json claims{{"iss", account.email},         {"sub", account.email},
                              {"aud", account.token_uri},     {"iat", now.count()},
                              {"exp", (now + kLife).count()}, {purpose.first, purpose.second}};
  const Secret assertion =
      JwtSigner(account.key)
          .sign(claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return ask_identity_service(
      parts.transport,
      {.name = "Google token request",
       .method = "POST",
       .url = account.token_uri,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
       .body = base::concat("grant_type=", http::percent_encode(kJwtBearer),
                            "&assertion=", http::percent_encode(assertion.view()))},
      context, *parts.clock);
}

Secret member_or_refuse(const Secret& answer, std::string_view member, std::string_view from) {
  Secret value = json_text(answer.view(), member);
  if (value.empty())
    refuse(ErrorKind::Unauthenticated, base::concat(from, ": the answer has no ", member));
  return value;
}

Token workspace_token(Secret id_token, const base::Clock& clock) {
  Token token;
  token.access_token = std::move(id_token);
  token.issued_at = clock.system_now();
  if (const auto claims = read_jwt(token.access_token.view()))
    token.expires_at = claims->expires_at;
  return token;
}

/// The second header is for a few calls only: without it most work (reference 2.7).
template <class Ask>
void add_access_token(Token& token, const Ask& ask) {
  try {
    const Secret access = ask();
    token.extra_headers.emplace_back(kAccessTokenHeader, access.view());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Cancelled) throw;
    base::log(LogLevel::Warn, "auth",
              base::concat("no Google access token beside the ID token: ", error.message()));
  }
}

}  // namespace

GoogleCredentialsProvider::GoogleCredentialsProvider(ProviderParts parts, std::string origin,
                                                     const Secret& credentials)
    : parts_(std::move(parts)),
      origin_(std::move(origin)),
      account_(read_service_account(read_credentials(credentials))) {
  JwtSigner{account_.key};  // a key that cannot sign is an error of the configuration
}

Token GoogleCredentialsProvider::get_token(const TokenContext& context) {
  const Secret answer = ask_with_assertion(parts_, account_, {"target_audience", origin_}, context);
  Token token =
      workspace_token(member_or_refuse(answer, "id_token", "Google token request"), *parts_.clock);
  add_access_token(token, [&] {
    const std::string scopes = base::concat(kCloudScope, " ", kComputeScope);
    return member_or_refuse(ask_with_assertion(parts_, account_, {"scope", scopes}, context),
                            "access_token", "Google token request");
  });
  return token;
}

std::string application_default_file(const Environment& environment) {
  if (auto file = environment.get("GOOGLE_APPLICATION_CREDENTIALS"); !file.empty()) return file;
  std::string folder = environment.get("CLOUDSDK_CONFIG");
  if (folder.empty()) {
    const std::string home = environment.get("HOME");
    if (home.empty()) return {};
    folder = home + "/.config/gcloud";
  }
  std::string file = folder + "/application_default_credentials.json";
  std::error_code error;
  return std::filesystem::exists(file, error) ? file : std::string();
}

GoogleIdProvider::GoogleIdProvider(ProviderParts parts, std::string origin,
                                   std::string service_account)
    : parts_(std::move(parts)),
      origin_(std::move(origin)),
      service_account_(std::move(service_account)) {
  if (service_account_.empty())
    refuse(ErrorKind::Configuration, "auth.type=google-id needs auth.google.service_account");
}

Token GoogleIdProvider::get_token(const TokenContext& context) {
  const Secret own = own_token(context);
  const nlohmann::json id_request{{"audience", origin_}, {"includeEmail", true}};
  Token token = workspace_token(
      impersonate("generateIdToken", id_request.dump(), "token", own, context), *parts_.clock);
  add_access_token(token, [&] {
    const nlohmann::json access_request{{"scope", {kCloudScope, kComputeScope}}};
    return impersonate("generateAccessToken", access_request.dump(), "accessToken", own, context);
  });
  return token;
}

Secret GoogleIdProvider::own_token(const TokenContext& context) const {
  const std::string file = application_default_file(parts_.environment);
  if (file.empty())
    return member_or_refuse(ask_identity_service(parts_.transport,
                                                 {.name = "Google metadata request",
                                                  .url = std::string(kMetadataUrl),
                                                  .headers = {{"Metadata-Flavor", "Google"}},
                                                  .body = {},
                                                  .limit = kMetadataLimit},
                                                 context, *parts_.clock),
                            "access_token", "Google metadata request");
  const Secret json = read_credentials(file);
  if (text_of(json, "type") == "service_account")
    return member_or_refuse(ask_with_assertion(parts_, read_service_account(json),
                                               {"scope", std::string(kCloudScope)}, context),
                            "access_token", "Google token request");
  const Secret refresh_token = json_text(json.view(), "refresh_token");
  const Secret client_secret = json_text(json.view(), "client_secret");
  const std::string client_id = text_of(json, "client_id");
  if (refresh_token.empty() || client_id.empty())
    refuse(ErrorKind::Unauthenticated,
           base::concat("the Google credentials ", file,
                        " are neither a service account's nor a person's; sign in with `gcloud "
                        "auth application-default login`"));
  return TokenEndpoint(parts_.transport, safe_token_uri(text_of(json, "token_uri")), *parts_.clock)
      .request({{"grant_type", "refresh_token"},
                {"refresh_token", refresh_token.view()},
                {"client_id", client_id},
                {"client_secret", client_secret.view()}},
               {}, context)
      .access_token;
}

Secret GoogleIdProvider::impersonate(std::string_view method, std::string body,
                                     std::string_view member, const Secret& own,
                                     const TokenContext& context) const {
  const Secret answer = ask_identity_service(
      parts_.transport,
      {.name = "Google impersonation request",
       .method = "POST",
       .url = base::concat("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/",
                           http::percent_encode(service_account_), ":", method),
       .headers = {{"Authorization", base::concat("Bearer ", own.view())},
                   {"Content-Type", "application/json"}},
       .body = body},
      context, *parts_.clock);
  return member_or_refuse(answer, member, "Google impersonation request");
}

}  // namespace dbsql::auth
