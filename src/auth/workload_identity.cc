#include "auth/workload_identity.h"

#include <dbsql/error.h>

#include "auth/identity_request.h"
#include "auth/json_answer.h"
#include "auth/token_endpoint.h"
#include "base/text.h"
#include "http/url.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view kJwt = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

constexpr std::array<const char*, 6> kDevOpsVariables{
    "SYSTEM_ACCESSTOKEN",   "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
    "SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE",
    "SYSTEM_PLANID",        "SYSTEM_JOBID"};

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

/// A bearer token goes there.
void require_safe(const std::string& name, const std::string& address) {
  const auto url = http::Url::parse(address);
  if (!url || (url->scheme != "https" && !http::is_loopback_host(url->host)))
    refuse(base::concat(name, " is no https URL; nothing is sent there"));
}

Secret member_or_refuse(const Secret& answer, std::string_view member, std::string_view name) {
  Secret value = json_text(answer.view(), member);
  if (value.empty()) refuse(base::concat(name, ": the answer has no ", member));
  return value;
}

/// Collection address and job, as the agent names them.
std::string devops_url(const Environment& environment) {
  std::string base = environment.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI");
  while (base.ends_with('/')) base.pop_back();
  const auto part = [&](const char* name) { return http::percent_encode(environment.get(name)); };
  return base::concat(base, "/", part("SYSTEM_TEAMPROJECTID"), "/_apis/distributedtask/hubs/",
                      part("SYSTEM_HOSTTYPE"), "/plans/", part("SYSTEM_PLANID"), "/jobs/",
                      part("SYSTEM_JOBID"), "/oidctoken?api-version=7.2-preview.1");
}

}  // namespace

IdTokenSource id_token_from_environment(Environment environment, std::string variable) {
  return [environment = std::move(environment), variable = std::move(variable)](
             const std::string&, const TokenContext&) -> Secret {
    const std::string text = environment.get(variable);
    if (base::trim(text).empty())
      refuse(base::concat("the environment variable ", variable, " holds no token"));
    return base::trim(text);
  };
}

IdTokenSource id_token_from_file(std::string path) {
  return [path = std::move(path)](const std::string&, const TokenContext&) -> Secret {
    std::ifstream file(path, std::ios::binary);
    if (!file) refuse(base::concat("the file of auth.oidc.token_file, ", path, ", cannot be read"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (base::trim(text).empty() || text.size() > kLargestFile)
      refuse(base::concat("the file of auth.oidc.token_file, ", path, ", holds no token"));
    return base::trim(text);
  };
}

IdTokenSource id_token_from_github(ProviderParts parts, std::string url, Secret bearer) {
  return [parts = std::move(parts), url = std::move(url), bearer = std::move(bearer)](
             const std::string& audience, const TokenContext& context) {
    require_safe("ACTIONS_ID_TOKEN_REQUEST_URL", url);
    const Secret answer = ask_identity_service(
        parts.transport,
        {.name = "GitHub identity request",
         .url = base::concat(url, url.find('?') == std::string::npos ? "?" : "&",
                             "audience=", http::percent_encode(audience)),
         .headers = {{"Authorization", base::concat("Bearer ", bearer.view())},
                     {"Accept", "application/json"}},
         .body = {}},
        context, *parts.clock);
    return member_or_refuse(answer, "value", "GitHub identity request");
  };
}

std::string missing_azure_devops_variable(const Environment& environment) {
  for (const char* name : kDevOpsVariables) {
    if (environment.get(name).empty()) return name;
  }
  return {};
}

IdTokenSource id_token_from_azure_devops(ProviderParts parts) {
  return [parts = std::move(parts)](const std::string&, const TokenContext& context) {
    if (const auto missing = missing_azure_devops_variable(parts.environment); !missing.empty())
      refuse(base::concat("the environment variable ", missing, " is not set"));
    require_safe("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
                 parts.environment.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"));
    const Secret answer = ask_identity_service(
        parts.transport,
        {.name = "Azure DevOps identity request",
         .method = "POST",
         .url = devops_url(parts.environment),
         .headers = {{"Authorization",
                      base::concat("Bearer ", parts.environment.get("SYSTEM_ACCESSTOKEN"))},
                     {"Content-Type", "application/json"}},
         .body = {}},
        context, *parts.clock);
    return member_or_refuse(answer, "oidcToken", "Azure DevOps identity request");
  };
}

WorkloadIdentityProvider::WorkloadIdentityProvider(ProviderParts parts, OidcHost host,
                                                   WorkloadIdentity identity, IdTokenSource source)
    : parts_(std::move(parts)),
      host_(std::move(host)),
      identity_(std::move(identity)),
      source_(std::move(source)) {}

Token WorkloadIdentityProvider::get_token(const TokenContext& context) {
  const std::string url =
      identity_.token_endpoint.empty()
          ? discover_endpoints(parts_.transport, host_, to_call(context), *parts_.clock).token
          : identity_.token_endpoint;
  std::string audience = identity_.audience;
  if (audience.empty()) audience = host_.account_id.empty() ? url : host_.account_id;
  const Secret id_token = source_(audience, context);
  const std::string scope = joined(identity_.scopes);
  Form form{{"grant_type", kGrant},
            {"subject_token", id_token.view()},
            {"subject_token_type", kJwt},
            {"scope", scope}};
  if (!identity_.client_id.empty()) form.emplace_back("client_id", identity_.client_id);
  return TokenEndpoint(parts_.transport, url, *parts_.clock).request(form, {}, context);
}

}  // namespace dbsql::auth
