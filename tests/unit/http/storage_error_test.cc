#include "http/storage_error.h"

#include "http/http_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kLink = "https://bucket.example/file?X-Amz-Signature=secret&sig=alsosecret";

Response reply(int status, std::string_view body, Headers headers = {}) {
  return {status, std::move(headers), base::Buffer::copy_of(body)};
}

Request request() {
  Request request;
  request.method = "PUT";
  request.url = kLink;
  request.name = "PUT";
  request.request_class = RequestClass::Storage;
  return request;
}

TEST(StorageError, NamesTheCodeThatTheServiceGives) {
  EXPECT_EQ(storage_error_code(reply(404, "<Error><Code>NoSuchKey</Code><Message>m</Message>")),
            "NoSuchKey");
  EXPECT_EQ(storage_error_code(reply(404, R"({"error":{"code":"PathNotFound","message":"m"}})")),
            "PathNotFound");
  EXPECT_EQ(storage_error_code(reply(409, "", {{"x-ms-error-code", "BlobAlreadyExists"}})),
            "BlobAlreadyExists");
}

TEST(StorageError, NothingButAWordIsTakenForACode) {
  for (const char* body :
       {"", "no xml at all", "<Code>", "<Code>two words</Code>", "{\"error\":7}",
        "{\"error\":", "<Code>https://x?sig=1</Code>", "[]", "{\"error\":{\"code\":[1]}}"}) {
    EXPECT_EQ(storage_error_code(reply(403, body)), "") << body;
  }
  EXPECT_EQ(storage_error_code(reply(403, "<Code>" + std::string(5000, 'x') + "</Code>")), "");
}

TEST(StorageError, NeitherLinkNorTheRestOfTheReplyIsShown) {
  const Response response =
      reply(403,
            "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>X-Amz-Signature=secret"
            "</StringToSign></Error>",
            {{"x-amz-request-id", "AB12"}});

  const ErrorFields fields = error_of(request(), response);

  EXPECT_EQ(fields.kind, ErrorKind::PermissionDenied);
  EXPECT_EQ(fields.http_status, 403);
  EXPECT_EQ(fields.error_class, "SignatureDoesNotMatch");
  EXPECT_THAT(fields.message, HasSubstr("SignatureDoesNotMatch (HTTP 403 from "
                                        "https://bucket.example, request id AB12)"));
  EXPECT_THAT(fields.message, Not(HasSubstr("secret")));
}

TEST(StorageError, ALinkThatIsTooOldIsToldFromOneThatIsRefused) {
  EXPECT_EQ(
      error_of(request(), reply(403, "<Code>AccessDenied</Code><Message>Request has expired")).kind,
      ErrorKind::LinkExpired);
  EXPECT_EQ(error_of(request(), reply(400, "<Code>ExpiredToken</Code>")).kind,
            ErrorKind::LinkExpired);
  EXPECT_EQ(error_of(request(), reply(403, "<Code>AccessDenied</Code>")).kind,
            ErrorKind::PermissionDenied);
  EXPECT_EQ(error_of(request(), reply(404, "Request has expired")).kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace dbsql::http
