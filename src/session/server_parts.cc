#include "session/server_parts.h"

#include "base/environment.h"
#include "base/timer.h"
#include "http/client.h"
#include "http/link_transfer.h"
#include "http/url.h"
#include "http/user_agent.h"
#include "protocol/thrift/backend.h"

#include <string>
#include <string_view>
#include <utility>

namespace dbsql::session {

namespace {

constexpr std::string_view kOrgIdHeader = "x-databricks-org-id";

http::Headers headers_for(const config::ConnectionConfig& config) {
  http::Headers headers = {{"Content-Type", "application/x-thrift"},
                           {"Accept", "application/x-thrift"},
                           {"User-Agent", http::user_agent(config.user_agent_entry, "cpp",
                                                           base::process_environment())}};
  for (const auto& [name, value] : config.http_headers) headers.push_back({name, value});
  // For gateways in front of many workspaces, which do not look into every path and query
  // (reference/auth-http-config.md 4.12). The user's own header counts.
  if (!config.org_id.empty() && http::find_header(headers, kOrgIdHeader).empty())
    headers.push_back({std::string(kOrgIdHeader), config.org_id});
  return headers;
}

/// The path's query, such as `?o=` of a shared host, reaches the server unchanged
/// (reference/thrift.md 1.1).
std::string url_of(const config::ConnectionConfig& config) {
  http::Url url{config.scheme, config.host, config.port, {}, {}};
  const std::size_t question = config.http_path.find('?');
  url.path = config.http_path.substr(0, question);
  if (question != std::string::npos) url.query = config.http_path.substr(question + 1);
  return url.to_string();
}

}  // namespace

result::CloudFetchEnvironment make_files(const config::ConnectionConfig& config,
                                         std::shared_ptr<http::CurlTransport> transport) {
  result::CloudFetchEnvironment files;
  files.start = [transport = std::move(transport)](const http::Request& request,
                                                   std::function<void(http::Reply)> completion) {
    return result::AbortDownload(
        http::start_link_transfer(transport, request, std::move(completion)));
  };
  files.options.threads = config.cloudfetch_threads;
  files.options.stall_timeout = config.cloudfetch_stall_timeout;
  if (config.memory_budget > 0)
    files.budget = result::MemoryBudget::create(static_cast<std::size_t>(config.memory_budget));
  return files;
}

std::shared_ptr<const staging::Environment> make_staging(
    const config::ConnectionConfig& config, std::shared_ptr<http::CurlTransport> transport) {
  auto environment = std::make_shared<staging::Environment>();
  environment->client = std::make_shared<const http::Client>(std::move(transport), config.retry);
  environment->allowed_paths = staging::AllowedPaths(config.staging_allowed_paths);
  environment->allow_insecure_http = config.allow_insecure_http;
  return environment;
}

std::shared_ptr<protocol::Backend> make_backend(
    const config::ConnectionConfig& config,
    std::shared_ptr<const auth::Authenticator> authenticator,
    std::shared_ptr<http::CurlTransport> transport) {
  auto credentials = auth::Authenticator::credentials(std::move(authenticator));
  auto client = std::make_shared<const http::Client>(std::move(transport), config.retry,
                                                     std::move(credentials), base::Clock::system(),
                                                     static_cast<std::size_t>(config.pool_size));
  auto rpc = std::make_shared<protocol::thrift::Rpc>(
      std::move(client), protocol::thrift::Endpoint{.url = url_of(config),
                                                    .headers = headers_for(config),
                                                    .request_timeout = config.request_timeout});
  return std::make_shared<protocol::thrift::ThriftBackend>(
      std::move(rpc),
      protocol::thrift::ThriftOptions{.max_rows_per_fetch = config.max_rows_per_fetch,
                                      .lz4 = config.lz4,
                                      .cloudfetch = config.cloudfetch,
                                      .arrow = config.arrow,
                                      .native_types = config.native_types,
                                      .keep_alive_interval = config.keep_alive_interval,
                                      .timer = &base::Timer::process()});
}

}  // namespace dbsql::session
