#include <dbsql/error.h>

#include "protocol/backend.h"
#include "support/capture_error.h"
#include "unit/protocol/scripted_server.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace dbsql::protocol::thrift {
namespace {

using test::capture_error;
using test::column_page;
using test::error_status;
using test::finished;
using test::opened;
using test::success_status;

TEST(ThriftSession, AnnouncesItsVersionWhereHiveServersDoNotStumble) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());

  scripted.backend.open_session({.confs = {{"ansi_mode", "true"}}}, {});

  const auto sent = scripted.server->last_request<tcli::TOpenSessionReq>("OpenSession");
  EXPECT_EQ(static_cast<int>(sent.client_protocol), -7);
  EXPECT_EQ(sent.client_protocol_i64, 0xA509);
  EXPECT_TRUE(sent.canUseMultipleCatalogs);
  EXPECT_EQ(sent.configuration.at("ansi_mode"), "true");
  EXPECT_FALSE(sent.__isset.initialNamespace);
}

TEST(ThriftSession, SendsTheInitialNamespace) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());

  scripted.backend.open_session({.catalog = "main", .schema = "sales"}, {});

  const auto sent = scripted.server->last_request<tcli::TOpenSessionReq>("OpenSession");
  EXPECT_EQ(sent.initialNamespace.catalogName, "main");
  EXPECT_EQ(sent.initialNamespace.schemaName, "sales");
  EXPECT_EQ(scripted.server->count("ExecuteStatement"), 0);
}

TEST(ThriftSession, SwitchesByStatementWhereTheServerIgnoredTheNamespace) {
  test::ScriptedBackend scripted;
  tcli::TOpenSessionResp reply = opened();
  reply.__isset.initialNamespace = false;
  scripted.server->answer("OpenSession", reply);
  scripted.server->answer("ExecuteStatement", finished(column_page(0, {}, false), true));

  scripted.backend.open_session({.catalog = "main", .schema = "odd`name"}, {});

  EXPECT_EQ(scripted.server->count("ExecuteStatement"), 2);
  EXPECT_EQ(scripted.server->last_request<tcli::TExecuteStatementReq>("ExecuteStatement").statement,
            "USE `odd``name`");
}

TEST(ThriftSession, RefusesACatalogThatTheServerCannotUse) {
  test::ScriptedBackend scripted;
  tcli::TOpenSessionResp reply = opened();
  reply.canUseMultipleCatalogs = false;
  scripted.server->answer("OpenSession", reply);

  EXPECT_EQ(capture_error([&] { scripted.backend.open_session({.catalog = "main"}, {}); }).kind(),
            ErrorKind::NotSupported);
}

TEST(ThriftSession, ReportsWhyItCouldNotBeOpened) {
  test::ScriptedBackend scripted;
  tcli::TOpenSessionResp reply;
  reply.status = error_status("42704", "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'x' was not found");
  reply.serverProtocolVersion = tcli::SPARK_CLI_SERVICE_PROTOCOL_V8;
  scripted.server->answer("OpenSession", reply);

  const Error error = capture_error([&] { scripted.backend.open_session({.catalog = "x"}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.error_class(), "NO_SUCH_CATALOG_EXCEPTION");
}

TEST(ThriftSession, IsClosedOnceHoweverOftenItIsAsked) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  tcli::TCloseSessionResp closed;
  closed.status = success_status();
  scripted.server->answer("CloseSession", closed);
  {
    const auto session = scripted.backend.open_session({}, {});
    session->close();
    session->close();
  }

  EXPECT_EQ(scripted.server->count("CloseSession"), 1);
}

TEST(ThriftSession, TakesAFailedCloseAsDone) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  tcli::TCloseSessionResp gone;
  gone.status = error_status("08000", "Invalid SessionHandle: SessionHandle [...]");
  scripted.server->answer("CloseSession", gone);

  const auto session = scripted.backend.open_session({}, {});
  session->close();

  EXPECT_EQ(scripted.server->count("CloseSession"), 1);
}

TEST(ThriftSession, IsDeadOnceTheServerHasForgottenIt) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  tcli::TExecuteStatementResp gone;
  gone.status = error_status("08000", "Invalid SessionHandle: SessionHandle [...]");
  scripted.server->answer("ExecuteStatement", gone);
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;

  const Error error =
      capture_error([&] { session->execute({.sql = "SELECT 1", .parameters = &none}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_TRUE(error.connection_dead());
  EXPECT_TRUE(session->is_dead());
}

TEST(ThriftSession, KnowsAnExpiredSessionInEveryForm) {
  tcli::TExecuteStatementResp invalid_handle;
  invalid_handle.status.statusCode = tcli::INVALID_HANDLE_STATUS;
  const std::vector<std::function<void(test::ScriptedServer&)>> forms = {
      [&](test::ScriptedServer& server) { server.answer("ExecuteStatement", invalid_handle); },
      [](test::ScriptedServer& server) {
        server.answer_with("ExecuteStatement", [](const http::Request&, std::int32_t) {
          return http::Reply(http::Response{.status = 404});
        });
      }};
  for (const auto& answer : forms) {
    test::ScriptedBackend scripted;
    scripted.server->answer("OpenSession", opened());
    answer(*scripted.server);
    const auto session = scripted.backend.open_session({}, {});
    const Parameters none;

    const Error error =
        capture_error([&] { session->execute({.sql = "SELECT 1", .parameters = &none}, {}); });

    EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
    EXPECT_EQ(error.sqlstate(), "08S01");
    EXPECT_TRUE(error.connection_dead());
    EXPECT_FALSE(error.outcome_unknown());
    EXPECT_TRUE(session->is_dead());
    EXPECT_EQ(scripted.server->count("ExecuteStatement"), 1);
  }
}

TEST(ThriftSession, TakesAMissingEndpointForWhatItIs) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  scripted.server->answer_with("ExecuteStatement", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Response{
        .status = 404,
        .body = base::Buffer::copy_of(
            R"({"error_code":"ENDPOINT_NOT_FOUND","message":"No API found for 'POST /x'"})")});
  });
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;

  const Error error =
      capture_error([&] { session->execute({.sql = "SELECT 1", .parameters = &none}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_FALSE(session->is_dead());
}

TEST(ThriftSession, IsDeadOnceItsCredentialsAreRefused) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  scripted.server->answer_with("ExecuteStatement", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Response{.status = 401});
  });
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;

  const Error error =
      capture_error([&] { session->execute({.sql = "SELECT 1", .parameters = &none}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_TRUE(error.connection_dead());
  EXPECT_TRUE(session->is_dead());
}

TEST(ThriftSession, SendsNothingOnceItIsAbandoned) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened());
  auto session = scripted.backend.open_session({}, {});

  session->abandon();
  session->close();
  session.reset();

  EXPECT_EQ(scripted.server->count("CloseSession"), 0);
}

}  // namespace
}  // namespace dbsql::protocol::thrift
