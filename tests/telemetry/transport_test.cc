#include "session/transport.h"

#include "config/dsn.h"
#include "session/telemetry_settings.h"
#include "wire/wire_test.h"

#include <string>
#include <variant>

namespace dbsql::test {
namespace {

/// What came of a request: a status, or the kind of a failure.
std::string outcome_of(const http::Reply& reply) {
  if (const auto* response = std::get_if<http::Response>(&reply))
    return std::to_string(response->status);
  return std::string(to_string(std::get<http::Failure>(reply).kind));
}

class TelemetryTransport : public WireTest {
 protected:
  static std::unique_ptr<warehouse::Server> tls_server() {
    warehouse::ServerOptions options;
    options.tls = true;
    return start(std::move(options));
  }
};

/// A connection that does not trust a server tells it nothing either, and one that asks no
/// questions of a server asks none for telemetry.
TEST_F(TelemetryTransport, TrustsWhomQueriesTrustAndNobodyElse) {
  const auto server = tls_server();
  const std::pair<std::string, std::string> rows[] = {
      {"", "Tls"}, {"&tls.ca_file=" + server->ca_file(), "401"}, {"&tls.verify=none", "401"}};
  for (const auto& [option, expected] : rows) {
    const std::string dsn = server->dsn();
    const auto config = config::parse_dsn(dsn + (dsn.find('?') == std::string::npos ? "?" : "&") +
                                          "forceEnableTelemetry=true" + option);
    const auto settings = session::telemetry_settings_of(
        config, std::make_shared<const auth::Authenticator>("token"));
    ASSERT_TRUE(settings) << option;
    http::Request request;
    request.method = "GET";
    request.url = settings->destination->origin + "/any";

    const auto of_telemetry = settings->destination->transport->send(request, {});
    const auto of_queries = session::make_transport(config)->send(request, {});

    EXPECT_EQ(outcome_of(of_telemetry), expected) << option;
    EXPECT_EQ(outcome_of(of_telemetry), outcome_of(of_queries)) << option;
  }
}

}  // namespace
}  // namespace dbsql::test
