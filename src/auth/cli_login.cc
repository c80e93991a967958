#include "auth/cli_login.h"

#include <dbsql/error.h>

#include "auth/json_answer.h"
#include "auth/program.h"
#include "auth/token_endpoint.h"
#include "base/redact.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::chrono::seconds kLimit{30};
constexpr std::size_t kLongestComplaint = 500;
constexpr std::uintmax_t kLargestOldCli = std::uintmax_t{1} << 20;

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

/// What a program complains of, for a message: one line, without secrets.
std::string complaint(const ProgramOutcome& outcome) {
  std::string text(base::trim(outcome.errors).substr(0, kLongestComplaint));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= '\0' && c < ' '; }, ' ');
  if (text.empty()) return base::concat("it ended with status ", outcome.exit_status);
  return base::redact(text);
}

std::string program_or_refuse(const std::string& given, std::string_view name,
                              const Environment& environment, std::string_view advice) {
  auto found = find_program(given.empty() ? name : std::string_view(given), environment);
  if (found) return std::move(*found);
  if (!given.empty()) refuse(base::concat(given, " is no program that can be run"));
  refuse(base::concat("the program ", name, " is not installed (it is not in PATH); ", advice));
}

/// What the program prints. \throws AuthenticationError  with its complaint when it fails
std::string output_of(const std::string& program, const std::vector<std::string>& arguments,
                      std::string_view name, const TokenContext& context, base::Clock& clock) {
  const auto limit = clock.now() + kLimit;
  try {
    ProgramOutcome outcome =
        run_program(program, arguments, to_call(context).bounded_by(limit), clock);
    if (outcome.exit_status == 0) return std::move(outcome.output);
    refuse(base::concat(name, ": ", complaint(outcome)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Timeout || (context.deadline && *context.deadline <= limit))
      throw;
    refuse(base::concat(name, ": no answer within ", kLimit.count(), " s"));
  }
}

/// `2026-01-31 12:00:00.000000` in this machine's time zone, as older versions of `az` print it.
std::optional<std::chrono::system_clock::time_point> parse_local_time(std::string_view text) {
  if (text.size() < 19) return std::nullopt;
  std::string utc(text.substr(0, 19));
  utc[10] = 'T';
  const auto parsed = parse_rfc3339(utc + "Z");
  if (!parsed) return std::nullopt;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(*parsed);
  std::tm local{};
  if (::gmtime_r(&seconds, &local) == nullptr) return std::nullopt;
  local.tm_isdst = -1;
  const std::time_t meant = std::mktime(&local);
  if (meant == -1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(meant);
}

/// Segment 3 of "/subscriptions/ID/resourceGroups/...".
std::string subscription_of(std::string_view resource_id) {
  const auto parts = base::split(resource_id, '/');
  return parts.size() > 2 && base::equals_ignore_case(parts[1], "subscriptions")
             ? std::string(parts[2])
             : std::string();
}

}  // namespace

Token read_azure_cli_token(std::string_view output) {
  const auto json = nlohmann::json::parse(output, nullptr, /*allow_exceptions=*/false);
  Token token;
  token.access_token = json_text(output, "accessToken");
  if (token.access_token.empty()) refuse("az: its answer holds no accessToken");
  if (const Secret type = json_text(output, "tokenType"); !type.empty())
    token.token_type = type.view();
  using Clock = std::chrono::system_clock;
  if (const auto end = json.find("expires_on"); end != json.end() && end->is_number_integer()) {
    constexpr std::int64_t kLatest = 9'000'000'000;  // in 2255, which every clock can hold
    token.expires_at = Clock::from_time_t(
        static_cast<std::time_t>(std::clamp<std::int64_t>(end->get<std::int64_t>(), 0, kLatest)));
  } else {
    token.expires_at = parse_local_time(json_text(output, "expiresOn").view());
  }
  return token;
}

AzureCliProvider::AzureCliProvider(ProviderParts parts, AzureWorkspace workspace,
                                   std::string program, std::string tenant_id)
    : parts_(std::move(parts)),
      workspace_(std::move(workspace)),
      program_(std::move(program)),
      tenant_id_(std::move(tenant_id)) {}

Token AzureCliProvider::get_token(const TokenContext& context) {
  return workspace_token(workspace_,
                         [&](const std::string& resource) { return token_for(resource, context); });
}

Token AzureCliProvider::token_for(const std::string& resource, const TokenContext& context) const {
  const std::string program = program_or_refuse(
      program_, "az", parts_.environment, "install the Azure CLI and sign in with `az login`");
  std::vector<std::string> arguments{"account", "get-access-token", "--resource",
                                     resource,  "--output",         "json"};
  const std::string subscription = subscription_of(workspace_.resource_id);
  if (tenant_id_.empty() && !subscription.empty()) {
    arguments.insert(arguments.end(), {"--subscription", subscription});
  } else if (!tenant_id_.empty() && !is_managed_identity(program, context)) {
    arguments.insert(arguments.end(), {"--tenant", tenant_id_});
  }
  return read_azure_cli_token(output_of(program, arguments, "az", context, *parts_.clock));
}

/// `az` refuses to be told the tenant of a machine's identity.
bool AzureCliProvider::is_managed_identity(const std::string& program,
                                           const TokenContext& context) const {
  const std::string account =
      output_of(program, {"account", "show", "--output", "json"}, "az", context, *parts_.clock);
  return !json_text(account, "user.assignedIdentityInfo").empty() ||
         json_text(account, "user.name").view().ends_with("AssignedIdentity");
}

DatabricksCliProvider::DatabricksCliProvider(ProviderParts parts, Login login)
    : parts_(std::move(parts)), login_(std::move(login)) {}

Token DatabricksCliProvider::get_token(const TokenContext& context) {
  const std::string program =
      program_or_refuse(login_.program, "databricks", parts_.environment,
                        "install the Databricks CLI and sign in with `databricks auth login`");
  std::error_code error;
  if (const auto size = std::filesystem::file_size(program, error); !error && size < kLargestOldCli)
    refuse(base::concat(program,
                        " is the old CLI written in Python, which has no tokens to give; "
                        "install version 0.207.1 or later"));
  std::vector<std::string> arguments{"auth", "token"};
  if (!login_.profile.empty()) {
    arguments.insert(arguments.end(), {"--profile", login_.profile});
  } else {
    arguments.insert(arguments.end(), {"--host", login_.origin});
    if (!login_.account_id.empty())
      arguments.insert(arguments.end(), {"--account-id", login_.account_id});
  }
  const std::string output = output_of(program, arguments, "databricks", context, *parts_.clock);
  Token token = read_token_response(output, parts_.clock->system_now());
  token.issued_at.reset();  // it may be an old one: only its end is known
  token.expires_at = parse_rfc3339(json_text(output, "expiry").view());
  return token;
}

}  // namespace dbsql::auth
