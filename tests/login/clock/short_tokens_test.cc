#include "auth/authenticator.h"
#include "auth/federation.h"
#include "auth/oauth_m2m.h"
#include "auth/token_endpoint.h"
#include "http/client.h"
#include "http/curl_transport.h"
#include "support/fake_clock.h"
#include "support/signed_token.h"
#include "warehouse/identity_service.h"
#include "warehouse/journal.h"
#include "warehouse/server.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTokens = "/oidc/v1/token";

/// The driver's client and credentials before a warehouse whose tokens live 60 seconds, all on one
/// clock that only the test moves.
class ShortTokens : public testing::Test {
 protected:
  ShortTokens() {
    warehouse::ServerOptions options;
    options.identity.requires_tokens = true;
    options.identity.token_life = 60s;
    options.identity.clients.push_back({.id = "machine", .secret = "secret", .public_key_pem = {}});
    options.identity.issuers.push_back({"https://issuer.example", public_pem_of(key_)});
    server_ = std::make_unique<warehouse::Server>(std::move(options), clock_);
    origin_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }

  std::shared_ptr<http::Client> client_with(std::shared_ptr<TokenProvider> provider) {
    auto authenticator = std::make_shared<const auth::Authenticator>(std::move(provider), clock_);
    return std::make_shared<http::Client>(
        transport_, http::RetryOptions{},
        auth::Authenticator::credentials(std::move(authenticator)), clock_);
  }
  std::shared_ptr<TokenProvider> machine() {
    return std::make_shared<auth::ClientCredentialsProvider>(
        transport_, auth::OidcHost{.origin = origin_, .account_id = {}},
        auth::ClientCredentials{.client_id = "machine", .client_secret = "secret"}, clock_);
  }
  /// An API call. \throws as the server refuses it
  void call(const http::Client& client) {
    http::Request request;
    request.method = "GET";
    request.url = origin_ + "/api/2.0/preview/scim/v2/Me";
    request.request_class = http::RequestClass::Read;
    client.send(std::move(request), {});
  }
  std::size_t token_requests() { return server_->journal().count(kTokens); }
  std::size_t refusals() {
    std::size_t count = 0;
    for (const auto& entry : server_->journal().entries()) count += entry.status == 401 ? 1 : 0;
    return count;
  }

  FakeClock clock_;
  const SigningPair key_ = make_ec_pair();
  std::unique_ptr<warehouse::Server> server_;
  std::string origin_;
  std::shared_ptr<http::Transport> transport_ =
      std::make_shared<http::CurlTransport>(http::CurlOptions{}, clock_);
};

TEST_F(ShortTokens, ServeSixtyFourThreadsForTenMinutesWithoutARefusal) {
  constexpr int kThreads = 64;
  constexpr auto kStep = 5s;
  constexpr int kSteps = 600 / 5;
  const auto client = client_with(machine());
  std::atomic<int> errors = 0;
  std::atomic<std::size_t> most_in_one_step = 0;
  std::size_t seen = 0;
  std::barrier step(kThreads, [&]() noexcept {
    const std::size_t now = token_requests();
    most_in_one_step = std::max(most_in_one_step.load(), now - seen);
    seen = now;
    clock_.advance(kStep);
  });
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int at = 0; at < kSteps; ++at) {
        try {
          call(*client);
        } catch (const std::exception&) {
          ++errors;
        }
        step.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(errors, 0);
  EXPECT_EQ(refusals(), 0U);
  EXPECT_EQ(most_in_one_step, 1U) << "requests for one renewal";
  // A token of 60 s is renewed when 30 s of it are left.
  EXPECT_GE(token_requests(), 600U / 60U);
  EXPECT_LE(token_requests(), 600U / 30U + 1U);
}

TEST_F(ShortTokens, SixtyFourThreadsAtTheEndOfATokenAskForOne) {
  constexpr int kThreads = 64;
  const auto client = client_with(machine());
  call(*client);
  ASSERT_EQ(token_requests(), 1U);
  clock_.advance(60s);

  std::barrier start(kThreads);
  std::atomic<int> errors = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      try {
        call(*client);
      } catch (const std::exception&) {
        ++errors;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(errors, 0);
  EXPECT_EQ(refusals(), 0U);
  EXPECT_EQ(token_requests(), 2U);
}

TEST_F(ShortTokens, OfAnExchangeAreExchangedAgainThoughTheOriginalLives) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.system_now().time_since_epoch());
  const std::string original =
      sign_token(key_, "ES256",
                 {{"iss", "https://issuer.example"}, {"sub", "w"}, {"exp", (now + 1h).count()}});
  std::atomic<int> asked = 0;
  auto inner = std::make_shared<ExternalTokenProvider>([&](const TokenContext&) {
    ++asked;
    return Token{.access_token = original};
  });
  const auto client = client_with(
      std::make_shared<FederatedTokenProvider>(std::make_unique<FederatedTokenProvider::Impl>(
          inner, "127.0.0.1", FederationOptions{},
          auth::TokenEndpoint(transport_, origin_ + kTokens, clock_), clock_)));

  call(*client);
  call(*client);
  EXPECT_EQ(token_requests(), 1U);
  clock_.advance(61s);
  call(*client);

  EXPECT_EQ(token_requests(), 2U);
  EXPECT_EQ(refusals(), 0U);
}

}  // namespace
}  // namespace dbsql::test
