#include "result/cloudfetch/download_policy.h"

#include "http/storage_error.h"

#include <algorithm>

namespace dbsql::result {

DownloadVerdict judge(const http::Reply& reply) {
  if (const auto* failure = std::get_if<http::Failure>(&reply)) {
    const bool final = failure->permanent || failure->kind == ErrorKind::Tls;
    return final ? DownloadVerdict::Fatal : DownloadVerdict::Retry;
  }
  const auto& response = std::get<http::Response>(reply);
  switch (response.status) {
    case 200:
      return DownloadVerdict::Done;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return DownloadVerdict::Retry;
    case 401:
    case 403:
    case 404:  // once: the file may have moved with its link
      return DownloadVerdict::Refresh;
    case 400:
      return http::says_link_expired(response) ? DownloadVerdict::Refresh : DownloadVerdict::Fatal;
    default:
      return DownloadVerdict::Fatal;
  }
}

std::chrono::milliseconds download_backoff(int attempt, double unit,
                                           std::optional<std::chrono::seconds> retry_after) {
  using std::chrono::milliseconds;
  constexpr milliseconds kFirst{500};
  constexpr milliseconds kLongest{30'000};
  constexpr milliseconds kLongestHint{60'000};
  const int doublings = std::clamp(attempt - 1, 0, 16);
  const milliseconds bound = std::min<milliseconds>(kLongest, kFirst * (1LL << doublings));
  const milliseconds jittered(static_cast<std::int64_t>(unit * static_cast<double>(bound.count())));
  if (!retry_after) return jittered;
  return std::max(jittered, std::min<milliseconds>(*retry_after, kLongestHint));
}

}  // namespace dbsql::result
