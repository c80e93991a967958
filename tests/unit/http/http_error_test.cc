#include "http/http_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Response response(int status, Headers headers = {}, std::string_view body = {}) {
  return {status, std::move(headers), base::Buffer::copy_of(body)};
}

Request request(RequestClass request_class = RequestClass::Read) {
  Request request;
  request.url = "https://ws.example:443/sql/1.0/warehouses/abc?o=1";
  request.name = "OpenSession";
  request.request_class = request_class;
  return request;
}

TEST(HttpErrorKind, FollowsTheTableOfStatuses) {
  const std::pair<int, ErrorKind> kTable[] = {
      {302, ErrorKind::Redirect},        {400, ErrorKind::InvalidArgument},
      {401, ErrorKind::Unauthenticated}, {403, ErrorKind::PermissionDenied},
      {407, ErrorKind::Network},         {408, ErrorKind::Timeout},
      {409, ErrorKind::AlreadyExists},   {418, ErrorKind::Protocol},
      {429, ErrorKind::RateLimited},     {500, ErrorKind::Internal},
      {501, ErrorKind::NotSupported},    {502, ErrorKind::Unavailable},
      {503, ErrorKind::Unavailable},     {504, ErrorKind::Timeout},
      {599, ErrorKind::Internal},
  };
  for (const auto& [status, kind] : kTable) {
    EXPECT_EQ(kind_of_status(status, RequestClass::Read), kind) << status;
  }
}

TEST(HttpErrorKind, TellsAWrongPathFromAStatementThatIsGone) {
  EXPECT_EQ(kind_of_status(404, RequestClass::Open), ErrorKind::Configuration);
  EXPECT_EQ(kind_of_status(404, RequestClass::Execute), ErrorKind::Configuration);
  EXPECT_EQ(kind_of_status(404, RequestClass::FetchNext), ErrorKind::StatementClosed);
  EXPECT_EQ(kind_of_status(404, RequestClass::Close), ErrorKind::StatementClosed);
}

TEST(ServerMessage, PrefersTheGatewaysReason) {  // case H17
  const auto message = server_message(response(
      403, {{"x-thriftserver-error-message", "other"}, {"X-Databricks-Reason-Phrase", "no"}},
      R"({"message":"body"})"));

  EXPECT_EQ(message.text, "no");
}

TEST(ServerMessage, TakesTheNextSourceThatSaysAnything) {
  const Headers thrift = {{"X-Databricks-Reason-Phrase", " "},
                          {"X-ThriftServer-Error-Message", "thrift"}};
  const Headers redirect = {{"x-databricks-error-or-redirect-message", "redirect"}};

  EXPECT_EQ(server_message(response(500, thrift)).text, "thrift");
  EXPECT_EQ(server_message(response(500, redirect, R"({"message":"body"})")).text, "redirect");
  EXPECT_EQ(server_message(response(500, {}, R"({"message":"body"})")).text, "body");
  EXPECT_EQ(server_message(response(500, {}, "plain")).text, "plain");
  EXPECT_EQ(server_message(response(500)).text, "HTTP status 500");
}

TEST(ServerMessage, ReadsTheErrorCodeOfAJsonBody) {  // case H18
  const auto message =
      server_message(response(400, {}, R"({"error_code":"X","message":"m","details":[]})"));

  EXPECT_EQ(message.text, "m");
  EXPECT_EQ(message.error_class, "X");
}

TEST(ServerMessage, AcceptsANumberForTheErrorCode) {
  const auto message = server_message(
      response(401, {}, R"({"error_code":401,"message":"Credential was not sent"})"));

  EXPECT_EQ(message.text, "Credential was not sent");
  EXPECT_EQ(message.error_class, "");
}

TEST(ServerMessage, ReadsAnOAuthError) {
  const auto message =
      server_message(response(400, {}, R"({"error":"invalid_client","error_description":"who?"})"));

  EXPECT_EQ(message.text, "invalid_client: who?");
  EXPECT_EQ(message.error_class, "invalid_client");
}

TEST(ServerMessage, CutsAPageToItsFirstWords) {  // case H19
  std::string page =
      "<html><head><style>body{color:red}</style><SCRIPT>alert('<b>')</SCRIPT></"
      "head><body>\r\n<h1>Bad"
      "&nbsp;gateway</h1>";
  page += std::string(1'000'000, 'x') + "</body></html>";

  const std::string text = server_message(response(500, {}, page)).text;

  EXPECT_THAT(text, StartsWith("Bad&nbsp;gateway xxx"));
  EXPECT_LE(text.size(), 200u);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("<")), Not(HasSubstr("alert")), Not(HasSubstr("color"))));
}

TEST(ServerMessage, SurvivesHostileBodies) {
  const std::string deep(60'000, '[');
  for (const std::string& body :
       {std::string("{"), std::string("{}"), "{\"message\":" + deep, std::string("<<<<"),
        std::string("<script"), std::string("{\"message\":{}}"), std::string(100, '\0'),
        std::string("\xff\xfe{\"message\":1}")}) {
    EXPECT_FALSE(server_message(response(500, {}, body)).text.empty());
  }
}

TEST(ServerMessage, IsOneLineAndHidesSecrets) {
  const auto message = server_message(response(
      403, {}, "{\"message\":\"token dapi0123456789abcdef0123456789abcdef\\nis\\tinvalid\"}"));

  EXPECT_THAT(message.text, AllOf(HasSubstr("is invalid"), Not(HasSubstr("dapi0123"))));
}

TEST(HttpError, SaysWhatWhereAndWhatToDo) {
  const auto fields = error_of(
      request(), response(401, {{"x-request-id", "r-1"}}, R"({"message":"Invalid token"})"));

  EXPECT_EQ(fields.kind, ErrorKind::Unauthenticated);
  EXPECT_EQ(fields.http_status, 401);
  EXPECT_THAT(fields.message,
              AllOf(HasSubstr("OpenSession"), HasSubstr("Invalid token"), HasSubstr("HTTP 401"),
                    HasSubstr("https://ws.example:443"), HasSubstr("r-1"),
                    HasSubstr("check the access token"), Not(HasSubstr("?o="))));
}

TEST(HttpError, NamesTheTargetOfARedirectWithoutItsQuery) {  // case H15
  const auto fields = error_of(
      request(), response(302, {{"Location", "https://login.example/oidc?state=secret#x"}}));

  EXPECT_EQ(fields.kind, ErrorKind::Redirect);
  EXPECT_THAT(fields.message, AllOf(HasSubstr("https://login.example:443"), HasSubstr("?o="),
                                    Not(HasSubstr("secret"))));
  EXPECT_THAT(error_of(request(), response(302, {{"Location", "/login?next=secret"}})).message,
              AllOf(HasSubstr("/login"), Not(HasSubstr("secret"))));
}

TEST(HttpError, HidesSecretsOfAFailure) {
  const auto fields =
      error_of(request(), Failure{.message = "sent Bearer abcdefghijklmnop to https://h:443"});

  EXPECT_EQ(fields.kind, ErrorKind::Network);
  EXPECT_THAT(fields.message, AllOf(HasSubstr("OpenSession"), Not(HasSubstr("abcdefghijklmnop"))));
}

TEST(ServerOf, IsTheUrlWithoutPathAndQuery) {
  EXPECT_EQ(server_of("https://h:1/p?q"), "https://h:1");
  EXPECT_EQ(server_of("https://h?q"), "https://h");
  EXPECT_EQ(server_of("https://h"), "https://h");
}

}  // namespace
}  // namespace dbsql::http
