#include "wire/wire_test.h"

namespace dbsql::test {
namespace {

class TlsTest : public WireTest {
 protected:
  static std::unique_ptr<warehouse::Server> tls_server() {
    warehouse::ServerOptions options;
    options.tls = true;
    return start(std::move(options));
  }
};

TEST_F(TlsTest, TrustsTheAuthorityItIsGiven) {
  const auto server = tls_server();

  Connection connection = connect_to(*server, "tls.ca_file=" + server->ca_file());

  for (const auto [one] : connection.query("SELECT 1").rows<std::int32_t>()) EXPECT_EQ(one, 1);
}

TEST_F(TlsTest, RefusesAnAuthorityItDoesNotKnow) {
  const auto server = tls_server();

  const Error error = capture_error([&] { connect_to(*server); });

  EXPECT_EQ(error.kind(), ErrorKind::Tls);
  EXPECT_EQ(error.attempts(), 1) << "a certificate does not become trusted by asking again";
}

TEST_F(TlsTest, AsksNoQuestionsWhenVerificationIsOff) {
  const auto server = tls_server();

  Connection connection = connect_to(*server, "tls.verify=none");

  EXPECT_TRUE(connection.is_open());
}

}  // namespace
}  // namespace dbsql::test
