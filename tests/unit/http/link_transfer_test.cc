#include "http/link_transfer.h"

#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace dbsql::http {
namespace {

using test::ScriptedServer;
using test::Signal;

class LinkTransferTest : public testing::Test {
 protected:
  static Request link(const std::string& url) {
    return {.method = "GET", .url = url, .headers = {{"X-Storage-Key", "of-this-link"}}};
  }

  static std::string redirect_to(const std::string& url) {
    return ScriptedServer::reply("moved", 302, "Location: " + url + "\r\n");
  }

  /// Downloads and waits for the end.
  std::string download(const std::string& url) {
    start_link_transfer(transport_, link(url), [this](Reply reply) {
      reply_ = std::move(reply);
      done_.raise();
    });
    EXPECT_TRUE(done_.wait());
    if (const auto* failure = std::get_if<Failure>(&*reply_)) return failure->message;
    const auto& response = std::get<Response>(*reply_);
    return std::to_string(response.status) + " " + std::string(response.body.text());
  }

  std::shared_ptr<CurlTransport> transport_ = std::make_shared<CurlTransport>();
  Signal done_;
  std::optional<Reply> reply_;
};

TEST_F(LinkTransferTest, FollowsARedirectToAnotherHostWithoutTheLinksHeaders) {
  ScriptedServer other(ScriptedServer::always(ScriptedServer::reply("rows")));
  ScriptedServer first(ScriptedServer::always(redirect_to(other.url("/file?sig=2"))));

  EXPECT_EQ(download(first.url("/file?sig=1")), "200 rows");

  EXPECT_EQ(first.requests().at(0).header("x-storage-key"), "of-this-link");
  EXPECT_EQ(other.requests().at(0).target(), "GET /file?sig=2");
  EXPECT_EQ(other.requests().at(0).header("x-storage-key"), "");
}

TEST_F(LinkTransferTest, KeepsTheLinksHeadersOnTheSameHost) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.send(redirect_to("/other"));
    connection.read_request();
    connection.send(ScriptedServer::reply("rows"));
  });

  EXPECT_EQ(download(server.url("/file")), "200 rows");

  EXPECT_EQ(server.requests().at(1).target(), "GET /other");
  EXPECT_EQ(server.requests().at(1).header("x-storage-key"), "of-this-link");
}

TEST_F(LinkTransferTest, EndsACircleOfRedirects) {
  ScriptedServer server(ScriptedServer::always(redirect_to("/file")));

  EXPECT_EQ(download(server.url("/file")), "302 moved");

  EXPECT_EQ(server.requests().size(), 4U) << "one request and three redirects";
}

TEST_F(LinkTransferTest, TellsNobodyOfATransferThatWasAborted) {
  Signal arrived;
  Signal closed;
  ScriptedServer slow([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    arrived.raise();
    if (connection.wait_for_close()) closed.raise();
  });
  ScriptedServer first(ScriptedServer::always(redirect_to(slow.url())));
  bool told = false;
  const auto abort =
      start_link_transfer(transport_, link(first.url()), [&](const Reply&) { told = true; });
  ASSERT_TRUE(arrived.wait());

  abort();

  EXPECT_TRUE(closed.wait()) << "the part that was running ended";
  transport_.reset();
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace dbsql::http
