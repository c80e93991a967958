#pragma once

#include "auth/browser.h"
#include "http/url.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::test {

/// Sends one text to a port of this machine and returns all that comes back.
inline std::string exchange_with_port(std::uint16_t port, std::string_view text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string reply;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::array<char, 4096> bytes;
    ssize_t count = 0;
    while ((count = ::recv(fd, bytes.data(), bytes.size(), 0)) > 0)
      reply.append(bytes.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  return reply;
}

inline std::string get_from_port(std::uint16_t port, std::string_view target) {
  return exchange_with_port(port,
                            "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

/// The parameters of an authorization request.
inline std::map<std::string, std::string> parameters_of(const std::string& address) {
  std::map<std::string, std::string> values;
  std::string_view rest = std::string_view(address).substr(address.find('?') + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    values[std::string(pair.substr(0, pair.find('=')))] =
        http::percent_decode(pair.substr(pair.find('=') + 1)).value_or("?");
  }
  return values;
}

/// A browser that goes where the test says instead of showing a page. `{state}` in a target stands
/// for the state of the sign-in.
class FollowingBrowser final : public auth::BrowserLauncher {
 public:
  void goes_to(std::vector<std::string> targets) { targets_ = std::move(targets); }

  void open(const std::string& url) override {
    const std::lock_guard lock(mutex_);
    addresses.push_back(url);
    auto parameters = parameters_of(url);
    const auto back = http::Url::parse(parameters["redirect_uri"]);
    ASSERT_TRUE(back) << url;
    for (std::string target : targets_) {
      if (const auto at = target.find("{state}"); at != std::string::npos)
        target.replace(at, 7, parameters["state"]);
      replies.push_back(get_from_port(back->port, target));
    }
  }

  std::vector<std::string> addresses;
  std::vector<std::string> replies;

 private:
  std::mutex mutex_;
  std::vector<std::string> targets_{"/?code=c0de&state={state}"};
};

}  // namespace dbsql::test
