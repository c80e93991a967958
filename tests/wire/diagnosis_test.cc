#include "support/canaries.h"
#include "support/captured_log.h"
#include "support/forward_proxy.h"
#include "support/scoped_environment.h"
#include "support/scripted_server.h"
#include "support/temporary_folder.h"
#include "support/test_certificates.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using warehouse::Fault;
using Outcome = DiagnosisStep::Outcome;

/// `dbsql doctor` from inside: each failure on the way, made on this machine.
class DiagnosisTest : public WireTest {
 protected:
  static Diagnosis diagnose(const std::string& connection) {
    return ConnectorOptions::from_text(connection).diagnose({.step_timeout = 10s});
  }
  static Diagnosis diagnose_here(std::string_view options = {}) {
    return diagnose(with(warehouse().dsn(), options));
  }
  static std::string with(std::string dsn, std::string_view options) {
    if (!options.empty())
      dsn += (dsn.find('?') == std::string::npos ? "?" : "&") + std::string(options);
    return dsn;
  }
  static std::string at(std::uint16_t port, std::string_view options = {}) {
    return with("databricks://token:t@127.0.0.1:" + std::to_string(port) +
                    "/sql/1.0/warehouses/w?scheme=http",
                options);
  }

  static const DiagnosisStep& step(const Diagnosis& diagnosis, std::string_view name) {
    const auto found = std::find_if(diagnosis.steps.begin(), diagnosis.steps.end(),
                                    [&](const DiagnosisStep& each) { return each.name == name; });
    return found != diagnosis.steps.end() ? *found : diagnosis.steps.at(0);
  }

  /// That step failed and has a cure, those before did not, and those after were not tried.
  static const DiagnosisStep& expect_end_at(const Diagnosis& diagnosis, std::string_view name) {
    EXPECT_EQ(diagnosis.steps.size(), 10U);
    EXPECT_FALSE(diagnosis.is_healthy());
    bool after = false;
    for (const DiagnosisStep& each : diagnosis.steps) {
      if (each.name == name) {
        EXPECT_EQ(each.outcome, Outcome::Failed) << diagnosis.to_text();
        EXPECT_THAT(each.cure, Not(IsEmpty()));
        after = true;
      } else if (after) {
        EXPECT_EQ(each.outcome, Outcome::Skipped) << diagnosis.to_text();
      } else {
        EXPECT_NE(each.outcome, Outcome::Failed) << diagnosis.to_text();
      }
    }
    EXPECT_TRUE(after);
    return step(diagnosis, name);
  }
};

TEST_F(DiagnosisTest, FindsNothingWhereEverythingWorks) {
  const Diagnosis diagnosis = diagnose_here();

  EXPECT_TRUE(diagnosis.is_healthy()) << diagnosis.to_text();
  for (const std::string name : {"configuration", "dns", "tcp", "session", "statement"})
    EXPECT_EQ(step(diagnosis, name).outcome, Outcome::Ok) << diagnosis.to_text();
  EXPECT_THAT(step(diagnosis, "statement").detail, HasSubstr("SELECT 1"));
}

TEST_F(DiagnosisTest, TellsEachStepWhenItIsOver) {
  std::vector<std::string> names;
  ConnectorOptions::from_text(warehouse().dsn())
      .diagnose({.on_step = [&](const DiagnosisStep& each) { names.push_back(each.name); }});

  EXPECT_THAT(names, testing::ElementsAre("configuration", "dns", "tcp", "proxy", "tls", "clock",
                                          "auth", "session", "statement", "storage"));
}

TEST_F(DiagnosisTest, LeavesNoSessionAndNoStatementBehind) {
  diagnose_here();

  EXPECT_TRUE(eventually([] { return requests("CloseSession") == 1; }));
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(DiagnosisTest, DownloadsAFileOfAResult) {
  warehouse::ServerOptions options;
  options.service.inline_limit_bytes = 1000;
  options.service.file_bytes = 100'000;
  const auto server = start(std::move(options));

  const Diagnosis diagnosis = diagnose(server->dsn());

  EXPECT_EQ(step(diagnosis, "storage").outcome, Outcome::Ok) << diagnosis.to_text();
  EXPECT_THAT(step(diagnosis, "storage").detail, HasSubstr("bytes came from http://"));
}

TEST_F(DiagnosisTest, SaysThatStorageIsOutOfReach) {
  warehouse::ServerOptions options;
  options.service.inline_limit_bytes = 1000;
  const auto server = start(std::move(options));
  server->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});

  const DiagnosisStep blocked = expect_end_at(diagnose(server->dsn()), "storage");

  EXPECT_THAT(blocked.detail, HasSubstr("403"));
  EXPECT_THAT(blocked.cure, HasSubstr("cloudfetch.enabled=false"));
  EXPECT_THAT(blocked.detail, Not(HasSubstr("?")));  // of the signed link only the host
}

TEST_F(DiagnosisTest, SaysWhatIsWrongWithTheOptions) {
  const DiagnosisStep wrong = expect_end_at(
      ConnectorOptions::from_map({{"host", "h.example"}, {"access_token", "t"}}).diagnose(),
      "configuration");

  EXPECT_THAT(wrong.detail, HasSubstr("http"));
}

TEST_F(DiagnosisTest, SaysThatAHostHasNoAddress) {
  const DiagnosisStep unknown =
      expect_end_at(diagnose("token:t@warehouse.invalid:443/sql/1.0/warehouses/w"), "dns");

  EXPECT_THAT(unknown.detail, HasSubstr("warehouse.invalid"));
}

TEST_F(DiagnosisTest, SaysThatNobodyListens) {
  const DiagnosisStep refused = expect_end_at(diagnose(at(unused_port())), "tcp");

  EXPECT_THAT(refused.detail, HasSubstr("127.0.0.1"));
}

TEST_F(DiagnosisTest, GivesUpOnAHostThatDoesNotAnswer) {
  const UnansweringListener listener;
  const std::string address = listener.url();
  const std::string port = address.substr(address.rfind(':') + 1);

  const Diagnosis diagnosis =
      ConnectorOptions::from_text(at(static_cast<std::uint16_t>(std::stoi(port))))
          .diagnose({.step_timeout = 200ms});

  expect_end_at(diagnosis, "tcp");
}

TEST_F(DiagnosisTest, SaysThatTheProxyWantsToKnowWhoOneIs) {
  ForwardProxy proxy({.hosts = {{"warehouse.example", 1}}, .username = "me", .password = "pw"});

  const DiagnosisStep refused = expect_end_at(
      diagnose("token:t@warehouse.example:443/sql/1.0/warehouses/w?proxy.url=" + proxy.url()),
      "proxy");

  EXPECT_THAT(refused.detail, HasSubstr("requires authentication"));
}

TEST_F(DiagnosisTest, SaysThatTheProxyCannotBeReached) {
  const std::string proxy = "http://127.0.0.1:" + std::to_string(unused_port());

  const DiagnosisStep refused = expect_end_at(
      diagnose("token:t@warehouse.example:443/sql/1.0/warehouses/w?proxy.url=" + proxy), "tcp");

  EXPECT_THAT(refused.cure, HasSubstr("proxy"));
}

TEST_F(DiagnosisTest, GoesThroughAProxy) {
  warehouse::ServerOptions options;
  options.tls = true;
  options.tls_names = {"warehouse.example"};
  const auto server = start(std::move(options));
  ForwardProxy proxy({.hosts = {{"warehouse.example", server->port()}}});

  const Diagnosis diagnosis =
      diagnose("token:t@warehouse.example:443" + server->http_path() + "?proxy.url=" + proxy.url() +
               "&tls.ca_file=" + server->ca_file());

  EXPECT_EQ(step(diagnosis, "proxy").outcome, Outcome::Ok) << diagnosis.to_text();
  EXPECT_EQ(step(diagnosis, "session").outcome, Outcome::Ok) << diagnosis.to_text();
}

TEST_F(DiagnosisTest, ShowsTheCertificateThatIsTrusted) {
  warehouse::ServerOptions options;
  options.tls = true;
  const auto server = start(std::move(options));

  const Diagnosis diagnosis = diagnose(with(server->dsn(), "tls.ca_file=" + server->ca_file()));

  EXPECT_EQ(step(diagnosis, "tls").outcome, Outcome::Ok) << diagnosis.to_text();
  EXPECT_THAT(step(diagnosis, "tls").detail, AllOf(HasSubstr("127.0.0.1"), HasSubstr("until")));
}

TEST_F(DiagnosisTest, ShowsTheCertificateThatIsNotTrusted) {
  warehouse::ServerOptions options;
  options.tls = true;
  const auto server = start(std::move(options));

  const DiagnosisStep refused = expect_end_at(diagnose(server->dsn()), "tls");

  EXPECT_THAT(refused.detail, AllOf(HasSubstr("issued by"), HasSubstr("until")));
  EXPECT_THAT(refused.cure, HasSubstr("tls.ca_file"));
  EXPECT_EQ(server->journal().count("OpenSession"), 0U);
}

TEST_F(DiagnosisTest, ShowsForWhomACertificateIs) {
  const TestAuthority authority;
  const TemporaryFile ca(authority.certificate());
  const ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")),
                              authority.issue("DNS:other.example"));

  const DiagnosisStep refused =
      expect_end_at(diagnose("token:t@127.0.0.1:" + std::to_string(server.port()) +
                             "/sql/1.0/warehouses/w?tls.ca_file=" + ca.path()),
                    "tls");

  EXPECT_THAT(refused.detail, HasSubstr("other.example"));
}

TEST_F(DiagnosisTest, ShowsACertificateThatHasExpired) {
  const TestAuthority authority;
  const TemporaryFile ca(authority.certificate());
  const ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")),
                              authority.issue_expired("IP:127.0.0.1"));

  const DiagnosisStep refused =
      expect_end_at(diagnose("token:t@127.0.0.1:" + std::to_string(server.port()) +
                             "/sql/1.0/warehouses/w?tls.ca_file=" + ca.path()),
                    "tls");

  EXPECT_THAT(refused.detail, HasSubstr("expired"));
}

TEST_F(DiagnosisTest, SaysThatSomethingElseListens) {
  const ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.send("SSH-2.0-OpenSSH_9.2\r\n");
    connection.close();
  });

  const DiagnosisStep other = expect_end_at(diagnose(at(server.port())), "clock");

  EXPECT_THAT(other.cure, HasSubstr("does not speak HTTP"));
}

TEST_F(DiagnosisTest, SaysThatTheClocksDiffer) {
  const ScriptedServer server(ScriptedServer::always(
      ScriptedServer::reply("", 404, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")));

  const Diagnosis diagnosis = diagnose(at(server.port(), "retry.max_attempts=1"));

  EXPECT_EQ(step(diagnosis, "clock").outcome, Outcome::Failed) << diagnosis.to_text();
  EXPECT_THAT(step(diagnosis, "clock").detail, HasSubstr("ahead of the server's"));
  EXPECT_EQ(step(diagnosis, "auth").outcome, Outcome::Ok) << "the rest is looked at all the same";
}

TEST_F(DiagnosisTest, SaysThatThereAreNoCredentialsToUse) {
  const ScopedEnvironment nothing({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
  const DiagnosisStep missing =
      expect_end_at(diagnose("databricks://127.0.0.1:" + std::to_string(warehouse().port()) +
                             warehouse().http_path() + "?scheme=http&auth.type=unified"),
                    "auth");

  EXPECT_THAT(missing.detail, HasSubstr("no credentials"));
}

TEST_F(DiagnosisTest, SaysThatATokenIsRefused) {
  warehouse::ServerOptions options;
  options.token = "right";
  const auto server = start(std::move(options));
  std::string dsn = server->dsn();
  dsn.replace(dsn.find("right"), 5, "wrong-secret");

  const DiagnosisStep refused = expect_end_at(diagnose(dsn), "session");

  EXPECT_THAT(refused.detail,
              AllOf(HasSubstr("Invalid access token"), Not(HasSubstr("wrong-secret"))));
  EXPECT_THAT(refused.cure, HasSubstr("auth explain"));
}

TEST_F(DiagnosisTest, SaysWhatTheWarehouseAnswersWhenItDoesNotOpenASession) {
  const std::vector<std::pair<int, std::string>> answers{
      {401, "auth explain"}, {403, "privilege"}, {404, "show-options"}, {503, "starting"}};
  for (const auto& [status, cure] : answers) {
    warehouse().faults().clear();
    warehouse().faults().add({.method = "OpenSession", .count = 0, .fault = Fault::answer(status)});

    const DiagnosisStep refused =
        expect_end_at(diagnose_here("retry.max_attempts=2&retry.wait_min=1ms"), "session");

    EXPECT_THAT(refused.detail, HasSubstr(std::to_string(status)));
    EXPECT_THAT(refused.cure, HasSubstr(cure)) << status;
  }
}

TEST_F(DiagnosisTest, SaysThatAStatementFails) {
  warehouse().faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(403)});

  expect_end_at(diagnose_here(), "statement");
}

TEST_F(DiagnosisTest, EndsAtOnceWhenItIsStopped) {
  std::stop_source stop;
  stop.request_stop();

  const Error error = capture_error(
      [&] { ConnectorOptions::from_text(warehouse().dsn()).diagnose({.stop = stop.get_token()}); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
}

TEST_F(DiagnosisTest, IsJsonForPrograms) {
  const auto json = nlohmann::json::parse(diagnose(at(unused_port())).to_json());

  EXPECT_FALSE(json["healthy"].get<bool>());
  EXPECT_EQ(json["steps"][2]["name"], "tcp");
  EXPECT_EQ(json["steps"][2]["outcome"], "failed");
  EXPECT_FALSE(json["steps"][2]["cure"].get<std::string>().empty());
  EXPECT_EQ(json["steps"][9]["outcome"], "skipped");
}

// ---- the bundle

TEST_F(DiagnosisTest, ABundleHasEverythingThatSupportAsksFor) {
  const auto json = nlohmann::json::parse(
      support_bundle(ConnectorOptions::from_text(warehouse().dsn()), {.profile = "total 4.81 s"}));

  EXPECT_FALSE(json["versions"]["libcurl"].get<std::string>().empty());
  EXPECT_TRUE(json["diagnosis"]["healthy"].get<bool>());
  EXPECT_THAT(json["options"].dump(), HasSubstr("host = 127.0.0.1"));
  EXPECT_THAT(json["log"].dump(), AllOf(HasSubstr("session opened"), HasSubstr("SELECT 1")));
  EXPECT_EQ(json["profile"], "total 4.81 s");
}

TEST_F(DiagnosisTest, ABundleChangesNothingInWhatElseIsLogged) {
  const CapturedLog log;
  set_log_level(LogLevel::Warn);

  support_bundle(ConnectorOptions::from_text(warehouse().dsn()));

  EXPECT_THAT(log.lines(), IsEmpty());
  EXPECT_EQ(log_level(), LogLevel::Warn);
}

TEST_F(DiagnosisTest, ABundleHasNothingOfOtherConnections) {
  Connection other = connect();
  std::atomic<int> statements = 0;
  std::jthread thread([&](const std::stop_token& stop) {
    for (; !stop.stop_requested(); ++statements) other.query("SELECT 'of-somebody-else'").close();
  });
  while (statements == 0) std::this_thread::yield();

  const std::string bundle = support_bundle(ConnectorOptions::from_text(warehouse().dsn()));

  EXPECT_THAT(bundle, Not(HasSubstr("of-somebody-else")));
  EXPECT_THAT(bundle, Not(HasSubstr(other.id())));
  EXPECT_THAT(bundle, AllOf(HasSubstr("session opened"), HasSubstr("SELECT 1")));
}

TEST_F(DiagnosisTest, ABundleHasNoSecretInIt) {
  Canaries canaries;
  const std::string token = canaries.make("token");
  const std::string password = canaries.make("password");
  const TemporaryFolder folder;
  const std::string attached = folder.write("app.log", "opened with password=hunter2\n");
  warehouse::ServerOptions options;
  options.token = token;
  options.service.inline_limit_bytes = 1000;
  const auto server = start(std::move(options));
  const std::string dsn = with(server->dsn(), "http.header.X-Key=" + percent_encoded(password));

  const std::string bundle =
      support_bundle(ConnectorOptions::from_text(dsn), {.attachments = {attached}});

  EXPECT_THAT(canaries.found_in(bundle), IsEmpty());
  EXPECT_THAT(bundle, AllOf(HasSubstr("opened with password=***"), Not(HasSubstr("hunter2"))));
  EXPECT_TRUE(nlohmann::json::parse(bundle)["diagnosis"]["healthy"].get<bool>()) << bundle;
}

}  // namespace
}  // namespace dbsql::test
