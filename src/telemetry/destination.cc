#include "telemetry/destination.h"

#include "base/text.h"

#include <algorithm>
#include <iterator>

namespace dbsql::telemetry {
namespace {

constexpr const char* kOrgHeader = "x-databricks-org-id";

bool is_credential(const http::Header& header) {
  return base::equals_ignore_case(header.name, "Authorization");
}

}  // namespace

std::optional<http::Headers> headers_for(const Destination& destination) noexcept {
  try {
    http::Headers headers = {{"User-Agent", destination.user_agent}};
    // One of the user's own wins over what the path says; none wins over the credentials.
    std::ranges::copy_if(destination.headers, std::back_inserter(headers),
                         [](const http::Header& header) { return !is_credential(header); });
    if (!destination.org_id.empty() && http::find_header(headers, kOrgHeader).empty())
      headers.push_back({kOrgHeader, destination.org_id});
    if (destination.authorize && !destination.authorize(headers)) return std::nullopt;
    return headers;
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace dbsql::telemetry
