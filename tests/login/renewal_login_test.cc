#include "login/login_test.h"

#include <atomic>
#include <thread>

namespace dbsql::test {
namespace {

using testing::HasSubstr;

class RenewalLogin : public LoginTest {
 protected:
  /// Hands out what the warehouse gives a machine, and counts.
  class CountingProvider final : public TokenProvider {
   public:
    explicit CountingProvider(std::function<Token()> source) : source_(std::move(source)) {}
    Token get_token(const TokenContext&) override {
      ++calls;
      return source_();
    }
    std::string name() const override { return "counting"; }
    std::atomic<int> calls = 0;

   private:
    const std::function<Token()> source_;
  };

  std::size_t statements() { return requests("ExecuteStatement"); }
};

TEST_F(RenewalLogin, SendsARefusedRequestOnceMoreWithANewToken) {
  Connection connection = connect(machine_dsn());
  connection.execute("CREATE TABLE t (i INT)");
  server().journal().clear();

  revoke_tokens();
  connection.execute("INSERT INTO t VALUES (1)");

  EXPECT_EQ(requests(kTokens), 1U);
  EXPECT_EQ(statements(), 2U);
  EXPECT_EQ(server().scalar("SELECT count(*) FROM t"), 1) << "a refused request was not run";
}

TEST_F(RenewalLogin, DoesNotSendAThirdTime) {
  Connection connection = connect(machine_dsn());
  server().journal().clear();
  server().faults().add(
      {.method = "ExecuteStatement", .count = 0, .fault = warehouse::Fault::answer(401)});

  const Error error = capture_error([&] { connection.execute("SELECT 1"); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_EQ(statements(), 2U);
  EXPECT_EQ(requests(kTokens), 1U);
}

TEST_F(RenewalLogin, APersonalTokenIsRefusedForGood) {
  auto options = demanding();
  options.token = "dapi0123";
  start(std::move(options));
  Connection connection = connect("http://token:dapi0123@" + place().substr(7));
  server().journal().clear();
  server().faults().once("ExecuteStatement", warehouse::Fault::answer(401));

  const Error error = capture_error([&] { connection.execute("SELECT 1"); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(statements(), 1U);
}

TEST_F(RenewalLogin, AsksAProviderOfTheProgramAgainWhenItsTokenIsRefused) {
  start({});  // any token is let in
  auto provider = std::make_shared<CountingProvider>([] { return Token{.access_token = "t"}; });
  Connection connection =
      Connector(ConnectorOptions::from_text(place()).with_token_provider(provider)).connect();
  ASSERT_EQ(provider->calls, 1);
  server().faults().once("ExecuteStatement", warehouse::Fault::answer(401));

  EXPECT_EQ(one_of(connection), 1);

  EXPECT_EQ(provider->calls, 2);
}

TEST_F(RenewalLogin, AStaticTokenIsRefusedForGood) {
  Connector connector(ConnectorOptions::from_text(place()).with_static_token("never-given"));

  const Error error = capture_error([&] { connector.connect(); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(RenewalLogin, TellsWhatAProviderOfTheProgramThrows) {
  std::atomic<int> calls = 0;
  Connector connector(
      ConnectorOptions::from_text(place()).with_external_token([&](const TokenContext&) -> Token {
        if (++calls == 1) throw std::runtime_error("the vault is sealed");
        return {};
      }));

  const Error first = capture_error([&] { connector.connect(); });

  EXPECT_EQ(first.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(first.message(), HasSubstr("the vault is sealed"));
  EXPECT_EQ(requests("OpenSession"), 0U) << "nothing is sent without a token";
}

TEST_F(RenewalLogin, ManyThreadsWhoseTokenIsRevokedAskForOneNewToken) {
  constexpr int kThreads = 32;
  const Connector connector = Connector::from_dsn(machine_dsn());
  std::vector<Connection> connections;
  connections.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) connections.push_back(connector.connect());
  ASSERT_EQ(requests(kTokens), 1U);

  revoke_tokens();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (Connection& connection : connections)
    threads.emplace_back([&] { good += one_of(connection); });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(good, kThreads);
  EXPECT_EQ(requests(kTokens), 2U);
}

}  // namespace
}  // namespace dbsql::test
