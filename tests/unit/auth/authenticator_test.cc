#include "auth/authenticator.h"

#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Authenticator, AddsTheTokenAsABearer) {
  const Authenticator authenticator("dapi123");
  http::Headers headers{{"Accept", "x"}};

  authenticator.apply(headers, {});

  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(http::find_header(headers, "authorization"), "Bearer dapi123");
}

TEST(Authenticator, AddsAUserAndItsPassword) {
  const Authenticator authenticator(BasicCredentials{.user = "anonymous", .password = "a:b"});
  http::Headers headers;

  authenticator.apply(headers, {});

  EXPECT_EQ(http::find_header(headers, "authorization"), "Basic YW5vbnltb3VzOmE6Yg==");
}

TEST(Authenticator, RefusesUsersThatCannotBeToldFromTheirPassword) {
  for (const std::string user : {"", "a:b"}) {
    EXPECT_EQ(test::capture_error([&] {
                Authenticator authenticator(BasicCredentials{.user = user, .password = "x"});
              }).kind(),
              ErrorKind::Configuration);
  }
}

TEST(Authenticator, AddsNothingWithoutAToken) {
  http::Headers headers;

  Authenticator().apply(headers, {});

  EXPECT_TRUE(headers.empty());
}

TEST(Authenticator, RefusesWhatDoesNotFitIntoAHeader) {
  for (const std::string& token :
       {std::string(), std::string("  "), std::string("s3cret\r\nX: y"), std::string("s3cret\n"),
        std::string("s3cret\0", 7), std::string("s3 cret"), std::string("s3cret\xc3\xa4")}) {
    const Error error = test::capture_error([&] { Authenticator authenticator(token); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration);
    EXPECT_THAT(error.message(), Not(HasSubstr("s3")));
  }
}

}  // namespace
}  // namespace dbsql::auth
