// Stands in for a browser and the person before it: opens the consent page, clicks, and goes where
// it is sent.
//
// usage: xdg-open URL      LOGIN_BROWSER_LOG names a file that gets one line for each start;
//                          LOGIN_BROWSER_CLICKS is `allow`, `deny`, or `nothing`

#include "tests/warehouse/identity_client.h"

#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>

namespace {

std::string variable(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

/// The port of `http://HOST:PORT/...`.
std::uint16_t port_of(std::string_view url) {
  const std::size_t colon = url.find(':', url.find("//"));
  return static_cast<std::uint16_t>(std::atoi(std::string(url.substr(colon + 1, 5)).c_str()));
}

std::string target_of(const std::string& url) {
  const std::size_t start = url.find_first_of("/?", url.find("//") + 2);
  const std::string target = start == std::string::npos ? "/" : url.substr(start);
  return target.starts_with('/') ? target : "/" + target;
}

void visit(const std::string& url, const std::string& decision) {
  using dbsql::test::IdentityClient;
  constexpr std::string_view kPage = "/oidc/v1/authorize?";
  const std::string target = target_of(url);
  if (!target.starts_with(kPage)) return;
  IdentityClient client(port_of(url));
  const std::string back =
      client.click_at("/v1/authorize?" + target.substr(kPage.size()), decision);
  dbsql::test::HttpClient(port_of(back)).send("GET", target_of(back));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ofstream(variable("LOGIN_BROWSER_LOG", "/dev/null"), std::ios::app) << "opened\n";
  const std::string decision = variable("LOGIN_BROWSER_CLICKS", "allow");
  if (decision == "nothing") return 0;
  try {
    visit(argv[1], decision);
  } catch (const std::exception&) {
    return 1;
  }
  return 0;
}
