#include "auth/azure.h"

#include <dbsql/error.h>

#include "auth/identity_request.h"
#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/url.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace dbsql::auth {
namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view kMetadataUrl =
    "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=";
constexpr std::string_view kGitHubAudience = "api://AzureADTokenExchange";
constexpr std::chrono::seconds kMetadataLimit{10};
constexpr std::chrono::seconds kTenantLimit{10};
constexpr int kTenantAttempts = 3;
// Beside the 30 s of every cache this makes the 40 s that Azure needs.
constexpr std::chrono::seconds kEndsEarlier{10};

constexpr std::array<std::string_view, 3> kHostSuffixes{
    ".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"};

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

bool ends_with_label(std::string_view host, std::string_view suffix) {
  return host.size() > suffix.size() && base::to_lower(host).ends_with(suffix);
}

std::string environment_of(std::string_view host) {
  if (ends_with_label(host, ".databricks.azure.us")) return "USGOVERNMENT";
  if (ends_with_label(host, ".databricks.azure.cn")) return "CHINA";
  return "PUBLIC";
}

std::string application_of(std::string_view host) {
  if (ends_with_label(host, ".dev.azuredatabricks.net"))
    return "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc";
  if (ends_with_label(host, ".staging.azuredatabricks.net"))
    return "4a67d088-db5c-48f1-9ff2-0aace800ae68";
  return "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
}

bool is_tenant(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

/// The tenant in `https://LOGIN/TENANT/oauth2/authorize?...`.
std::string tenant_in(std::string_view location, const AzureCloud& cloud) {
  const auto url = http::Url::parse(location.substr(0, location.find('#')));
  if (!url || url->scheme != "https" || url->host != cloud.login_host || url->path.size() < 2)
    return {};
  const std::string_view path = std::string_view(url->path).substr(1);
  const std::string_view tenant = path.substr(0, path.find('/'));
  return is_tenant(tenant) ? std::string(tenant) : std::string();
}

}  // namespace

bool is_azure_host(std::string_view host) {
  return std::any_of(kHostSuffixes.begin(), kHostSuffixes.end(),
                     [&](std::string_view suffix) { return ends_with_label(host, suffix); });
}

AzureCloud azure_cloud(std::string_view host, std::string_view environment) {
  std::string name = environment.empty() ? environment_of(host) : base::to_upper(environment);
  if (name.starts_with("AZURE")) name.erase(0, 5);  // AzureUSGovernment, as other tools write it
  if (name.ends_with("CLOUD")) name.erase(name.size() - 5);
  const std::string application = application_of(host);
  if (name == "PUBLIC" || name.empty())
    return {"login.microsoftonline.com", "https://management.core.windows.net/", application};
  if (name == "USGOVERNMENT" || name == "USGOV")
    return {"login.microsoftonline.us", "https://management.core.usgovcloudapi.net/", application};
  if (name == "CHINA")
    return {"login.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/", application};
  throw_error({.kind = ErrorKind::Configuration,
               .message = base::concat("auth.azure.environment: ", environment.substr(0, 50),
                                       " is none of PUBLIC, USGOVERNMENT and CHINA")});
}

std::string discover_azure_tenant(const ProviderParts& parts, const AzureWorkspace& workspace,
                                  const TokenContext& context) {
  http::Request request;
  request.method = "GET";
  request.name = "Azure tenant discovery";
  request.url = base::concat(workspace.origin, "/aad/auth");
  if (!workspace.org_id.empty())
    request.url += base::concat("?o=", http::percent_encode(workspace.org_id));
  request.first_byte_timeout = kTenantLimit;
  // Not through `http::Client`, for which a redirect is an error: here it is the answer.
  std::string seen = "no answer";
  for (int attempt = 0; attempt < kTenantAttempts; ++attempt) {
    if (attempt > 0) parts.clock->sleep(std::chrono::seconds(attempt), to_call(context));
    const http::Reply reply = parts.transport->send(request, to_call(context));
    const auto* response = std::get_if<http::Response>(&reply);
    if (response == nullptr) {
      seen = std::get<http::Failure>(reply).message;
      continue;
    }
    seen = base::concat("HTTP ", response->status);
    std::string tenant =
        tenant_in(http::find_header(response->headers, "location"), workspace.cloud);
    if (!tenant.empty()) return tenant;
    if (response->status < 500) break;
  }
  refuse(base::concat("the Azure tenant of ", workspace.origin, " cannot be found (", seen,
                      "); set auth.azure.tenant_id"));
}

Token workspace_token(const AzureWorkspace& workspace,
                      const std::function<Token(const std::string& resource)>& token_for) {
  Token token = token_for(workspace.cloud.application_id);
  if (!workspace.resource_id.empty()) {
    const Token management = token_for(workspace.cloud.management_resource);
    token.extra_headers = {
        {"X-Databricks-Azure-SP-Management-Token", std::string(management.access_token.view())},
        {"X-Databricks-Azure-Workspace-Resource-Id", workspace.resource_id}};
    if (management.expires_at && (!token.expires_at || *management.expires_at < *token.expires_at))
      token.expires_at = management.expires_at;
  }
  if (token.expires_at) *token.expires_at -= kEndsEarlier;
  return token;
}

AzurePrincipalProvider::AzurePrincipalProvider(ProviderParts parts, AzureWorkspace workspace,
                                               AzurePrincipal principal)
    : parts_(std::move(parts)),
      workspace_(std::move(workspace)),
      principal_(std::move(principal)),
      tenant_(principal_.tenant_id) {
  if (principal_.client_id.empty() || (principal_.client_secret.empty() && !principal_.assertion))
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "an Entra service principal needs auth.azure.client_id and "
                            "auth.azure.client_secret"});
  if (!tenant_.empty() && !is_tenant(tenant_))
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "auth.azure.tenant_id is neither an id nor a domain"});
}

std::string AzurePrincipalProvider::tenant(const TokenContext& context) {
  {
    std::lock_guard lock(mutex_);
    if (!tenant_.empty()) return tenant_;
  }
  std::string found = discover_azure_tenant(parts_, workspace_, context);
  std::lock_guard lock(mutex_);
  tenant_ = found;
  return found;
}

Token AzurePrincipalProvider::get_token(const TokenContext& context) {
  const std::string tenant_id = tenant(context);
  return workspace_token(workspace_, [&](const std::string& resource) {
    return token_for(resource, tenant_id, context);
  });
}

Token AzurePrincipalProvider::token_for(const std::string& resource, const std::string& tenant,
                                        const TokenContext& context) const {
  const std::string scope = resource + "/.default";
  Form form{
      {"grant_type", "client_credentials"}, {"client_id", principal_.client_id}, {"scope", scope}};
  Secret assertion;
  if (principal_.assertion) {
    assertion = principal_.assertion(std::string(kGitHubAudience), context);
    form.emplace_back("client_assertion_type", kAssertionType);
    form.emplace_back("client_assertion", assertion.view());
  } else {
    form.emplace_back("client_secret", principal_.client_secret.view());
  }
  const std::string url =
      base::concat("https://", workspace_.cloud.login_host, "/", tenant, "/oauth2/v2.0/token");
  return TokenEndpoint(parts_.transport, url, *parts_.clock).request(form, {}, context);
}

AzureManagedIdentityProvider::AzureManagedIdentityProvider(ProviderParts parts,
                                                           AzureWorkspace workspace,
                                                           std::string client_id)
    : parts_(std::move(parts)),
      workspace_(std::move(workspace)),
      client_id_(std::move(client_id)) {}

Token AzureManagedIdentityProvider::get_token(const TokenContext& context) {
  return workspace_token(workspace_,
                         [&](const std::string& resource) { return token_for(resource, context); });
}

Token AzureManagedIdentityProvider::token_for(const std::string& resource,
                                              const TokenContext& context) const {
  std::string url = base::concat(kMetadataUrl, http::percent_encode(resource));
  if (!client_id_.empty()) url += base::concat("&client_id=", http::percent_encode(client_id_));
  try {
    const Secret answer = ask_identity_service(parts_.transport,
                                               {.name = "managed identity request",
                                                .url = url,
                                                .headers = {{"Metadata", "true"}},
                                                .body = {},
                                                .limit = kMetadataLimit},
                                               context, *parts_.clock);
    return read_token_response(answer.view(), parts_.clock->system_now());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Timeout && error.kind() != ErrorKind::Network) throw;
    refuse(
        base::concat("this machine has no managed identity of Azure: its metadata service does "
                     "not answer (",
                     error.message(), ")"));
  }
}

}  // namespace dbsql::auth
