#include "http/redirect.h"

#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

constexpr auto kSameHost = RedirectRule::SameHost;
constexpr auto kAnyHost = RedirectRule::AnyHost;

Request get(std::string url) { return {.method = "GET", .url = std::move(url)}; }

Response redirect(std::string location, int status = 302) {
  return {.status = status, .headers = {{"Location", std::move(location)}}};
}

std::optional<std::string> target(std::string from, std::string location,
                                  RedirectRule rule = kSameHost) {
  return redirect_target(get(std::move(from)), redirect(std::move(location)), rule);
}

TEST(Redirect, IsFollowedOnTheSameHost) {
  EXPECT_EQ(target("https://h.example/a/b?q=1", "https://h.example/c"), "https://h.example/c");
  EXPECT_EQ(target("https://h.example/a/b?q=1", "/c?d=2"), "https://h.example/c?d=2");
  EXPECT_EQ(target("https://h.example/a/b?q=1", "c"), "https://h.example/a/c");
  EXPECT_EQ(target("https://h.example/a/b?q=1", "?r=2"), "https://h.example/a/b?r=2");
  EXPECT_EQ(target("https://h.example", "c"), "https://h.example/c");
  EXPECT_EQ(target("https://h.example/a", "//h.example/c#part"), "https://h.example/c");
  EXPECT_EQ(target("http://h.example/a", "https://h.example/a"), "https://h.example/a");
}

TEST(Redirect, WithCredentialsIsNotFollowedToAnotherHost) {
  EXPECT_FALSE(target("https://h.example/a", "https://evil.example/a"));
  EXPECT_FALSE(target("https://h.example/a", "//evil.example/a"));
  EXPECT_FALSE(target("https://h.example/a", "https://h.example.evil.example/a"));
  EXPECT_FALSE(target("https://h.example/a", "https://h.example:8443/a")) << "another server";
}

TEST(Redirect, OfASignedLinkIsFollowedToAnotherHost) {
  EXPECT_EQ(target("https://a.example/f?sig=1", "https://b.example/g?sig=2", kAnyHost),
            "https://b.example/g?sig=2");
}

TEST(Redirect, IsNeverFollowedFromSecureToPlain) {
  EXPECT_FALSE(target("https://h.example/a", "http://h.example/a"));
  EXPECT_FALSE(target("https://h.example/a", "http://h.example/a", kAnyHost));
}

TEST(Redirect, IsNeverFollowedForWhatIsNotARead) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    Request request = get("https://h.example/a");
    request.method = method;
    EXPECT_FALSE(redirect_target(request, redirect("/b"), kSameHost)) << method;
  }
  Request head = get("https://h.example/a");
  head.method = "HEAD";
  EXPECT_TRUE(redirect_target(head, redirect("/b"), kSameHost));
}

TEST(Redirect, NeedsAStatusAndAnAddress) {
  for (const int status : {301, 302, 303, 307, 308})
    EXPECT_TRUE(redirect_target(get("https://h.example/a"), redirect("/b", status), kSameHost));
  for (const int status : {200, 300, 304, 305, 400, 404})
    EXPECT_FALSE(redirect_target(get("https://h.example/a"), redirect("/b", status), kSameHost));
  for (const char* location : {"", " ", "#x", "ftp://h.example/", "javascript:alert(1)://",
                               "https://u:p@h.example/", "/a b"})
    EXPECT_FALSE(target("https://h.example/a", location)) << location;
}

}  // namespace
}  // namespace dbsql::http
