#include "result/cloudfetch/download_policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

namespace dbsql::result {
namespace {

using namespace std::chrono_literals;

http::Reply status(int code, std::string_view body = {}) {
  return http::Response{.status = code, .body = base::Buffer::copy_of(body)};
}

TEST(DownloadPolicy, JudgesEveryStatus) {
  const std::vector<std::pair<int, DownloadVerdict>> cases{
      {200, DownloadVerdict::Done},    {408, DownloadVerdict::Retry},
      {429, DownloadVerdict::Retry},   {500, DownloadVerdict::Retry},
      {502, DownloadVerdict::Retry},   {503, DownloadVerdict::Retry},
      {504, DownloadVerdict::Retry},   {401, DownloadVerdict::Refresh},
      {403, DownloadVerdict::Refresh}, {404, DownloadVerdict::Refresh},
      {400, DownloadVerdict::Fatal},   {405, DownloadVerdict::Fatal},
      {416, DownloadVerdict::Fatal},   {204, DownloadVerdict::Fatal},
      {206, DownloadVerdict::Fatal},   {302, DownloadVerdict::Fatal},
      {501, DownloadVerdict::Fatal}};
  for (const auto& [code, verdict] : cases) EXPECT_EQ(judge(status(code)), verdict) << code;
}

TEST(DownloadPolicy, RecognisesAnExpiredLinkInABadRequest) {
  EXPECT_EQ(judge(status(400, "<Error><Code>ExpiredToken</Code></Error>")),
            DownloadVerdict::Refresh);
  EXPECT_EQ(judge(status(400, "<Message>Request has expired</Message>")), DownloadVerdict::Refresh);
}

TEST(DownloadPolicy, RetriesBrokenConnectionsButNotUntrustedOnes) {
  EXPECT_EQ(judge(http::Failure{.kind = ErrorKind::Network}), DownloadVerdict::Retry);
  EXPECT_EQ(judge(http::Failure{.kind = ErrorKind::Timeout}), DownloadVerdict::Retry);
  EXPECT_EQ(judge(http::Failure{.kind = ErrorKind::Tls}), DownloadVerdict::Fatal);
}

TEST(DownloadPolicy, WaitsLongerEachTimeWithinBounds) {
  EXPECT_EQ(download_backoff(1, 1.0, std::nullopt), 500ms);
  EXPECT_EQ(download_backoff(2, 1.0, std::nullopt), 1000ms);
  EXPECT_EQ(download_backoff(30, 1.0, std::nullopt), 30s);
  EXPECT_EQ(download_backoff(1, 0.0, std::nullopt), 0ms);
}

TEST(DownloadPolicy, TakesTheServersHintAsAFloorAndNoMoreThanAMinute) {
  EXPECT_EQ(download_backoff(1, 0.0, 2s), 2s);
  EXPECT_EQ(download_backoff(1, 0.0, 3600s), 60s);
}

}  // namespace
}  // namespace dbsql::result
