#include "support/canaries.h"
#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::cli {
namespace {

using dbsql::test::Canaries;
using dbsql::test::percent_encoded;
using test::LocalWarehouse;
using test::run_shell;
using test::TemporaryFolder;
using ::testing::IsEmpty;

/// The shell with marked secrets: nothing that it writes has one in it.
class ShellCanary : public testing::Test {
 protected:
  void run(const std::vector<std::string>& arguments, const test::Environment& environment = {}) {
    std::vector<std::string> bounded = arguments;
    bounded.insert(bounded.end(), {"--timeout", "300ms"});
    const test::Outcome outcome = run_shell(bounded, "SELECT 1;", environment);
    EXPECT_NE(outcome.out + outcome.err, "");
    EXPECT_THAT(canaries_.found_in(outcome.out), IsEmpty()) << testing::PrintToString(arguments);
    EXPECT_THAT(canaries_.found_in(outcome.err), IsEmpty()) << testing::PrintToString(arguments);
  }

  /// Everything that is said about a connection, and what becomes of it.
  void run_all(const std::string& connection) {
    run({"--dsn", connection, "--show-options"});
    run({"--dsn", connection, "auth", "explain"});
    run({"--dsn", connection});
    run({"--show-options"}, {{"DBSQL_DSN", connection}});
    run({"-e", "SELECT 1"}, {{"DBSQL_DSN", connection}});
    run({"--dns", connection});
    run({connection});
    run({"--dsn=" + connection + "=", "--fromat", "csv"});
  }

  Canaries canaries_;
  std::string secret_ = canaries_.make("secret");
};

// Port 1 of this machine refuses at once.
TEST_F(ShellCanary, ConnectionsOfEveryForm) {
  const std::string encoded = percent_encoded(secret_);
  run_all("token:" + secret_ + "@127.0.0.1:1/p?retry.max_attempts=1");
  run_all("databricks://token:" + encoded + "@127.0.0.1:1/p?retry.max_attempts=1");
  run_all("databricks://127.0.0.1:1/p?clientId=a&clientSecret=" + encoded +
          "&retry.max_attempts=1&auth.token_endpoint=http://127.0.0.1:1/t");
  run_all("databricks://127.0.0.1:1/p?token=t&tls.client_cert=/nowhere&tls.client_key_password=" +
          encoded);
  run_all("databricks://h.example/p?token=t&retry.max_attempts=1&proxy.url=http%3A%2F%2Fme%3A" +
          percent_encoded(encoded) + "%40127.0.0.1%3A1");
  run_all("jdbc:databricks://127.0.0.1:1;httpPath=/p;AuthMech=3;UID=token;PWD=" + secret_);
  run_all("Host=127.0.0.1;Port=1;HTTPPath=/p;AuthMech=3;UID=token;PWD={" + secret_ + "}");
}

TEST_F(ShellCanary, ConnectionsThatAreMistyped) {
  run_all("token:" + secret_ + "@h/p");
  run_all("tokn:" + secret_ + "@h:443/p");
  run_all("databricks://h/p?acess_token=" + secret_);
  run_all("jdbc:databricks://h;httpPath=/p;AuthMech=1;PWD=" + secret_);
  run_all("Host=h;HTTPPath=/p;AuthMech=3;UID=me;PWD=" + secret_);
  run_all("Host=h;PWD={" + secret_);
}

TEST_F(ShellCanary, ProfilesAndTheEnvironment) {
  const TemporaryFolder home;
  home.write(".databrickscfg", "[a]\nhost = http://127.0.0.1:1\ntoken = " + secret_ +
                                   "\nwarehouse_id = w\n[b]\nhost = h.example\nclient_id = i\n"
                                   "client_secret = " +
                                   secret_ + "\n[c]\nhost = h\n" + secret_);
  for (const char* profile : {"a", "b", "c"}) {
    const test::Environment environment{{"HOME", home.path("")}};
    run({"--profile", profile, "--show-options"}, environment);
    run({"--profile", profile, "auth", "explain"}, environment);
  }
  run({"--show-options"}, {{"DATABRICKS_HOST", "h.example"},
                           {"DATABRICKS_TOKEN", secret_},
                           {"HTTPS_PROXY", "http://me:" + secret_ + "@127.0.0.1:1"}});
  run({"auth", "explain"}, {{"DATABRICKS_HOST", "h.example"},
                            {"DATABRICKS_WAREHOUSE_ID", "w"},
                            {"DATABRICKS_TOKEN", secret_},
                            {"DATABRICKS_CLIENT_SECRET", secret_}});
}

TEST_F(ShellCanary, RealWork) {
  const LocalWarehouse warehouse({"--token", secret_});
  run_all(warehouse.dsn());
  run({"--dsn", warehouse.dsn(), "-e", "SELECT * FROM no_such_table"});
  run({"--dsn", warehouse.dsn(), "--timing", "-e", "SELECT * FROM flights LIMIT 5"});
  std::string wrong = warehouse.dsn();
  wrong.insert(wrong.find("token:") + 6, "not-");
  run_all(wrong);
}

}  // namespace
}  // namespace dbsql::cli
