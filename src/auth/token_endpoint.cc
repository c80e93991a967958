#include "auth/token_endpoint.h"

#include <dbsql/error.h>

#include "auth/jwt.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"
#include "http/url.h"

#include <nlohmann/json.hpp>
#include <string.h>

#include <cmath>

namespace dbsql::auth {
namespace {

constexpr std::chrono::seconds kAnswerTimeout{30};
constexpr std::size_t kLargestAnswer = std::size_t{1} << 20;
constexpr double kLongestLife = 10.0 * 366 * 24 * 3600;  // seconds

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

base::Buffer encode(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text += name;
    text += '=';
    text += http::percent_encode(value);
  }
  base::Buffer body = base::Buffer::copy_of(text);
  explicit_bzero(text.data(), text.size());
  return body;
}

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

/// Seconds; some servers send them as text. Absent and 0 = no expiry known.
std::optional<std::chrono::seconds> life_of(const nlohmann::json& object) {
  const auto member = object.find("expires_in");
  if (member == object.end() || member->is_null()) return std::nullopt;
  std::optional<double> seconds;
  if (member->is_number()) seconds = member->get<double>();
  if (member->is_string()) seconds = base::parse_number<double>(member->get<std::string>());
  if (!seconds || !std::isfinite(*seconds) || *seconds < 0 || *seconds > kLongestLife)
    refuse("the token endpoint answered with an expires_in that is no life of a token");
  if (*seconds == 0) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
}

/// The end as Azure's services name it: seconds since 1970, as a number or as text.
std::optional<std::chrono::system_clock::time_point> end_of(const nlohmann::json& object) {
  const auto member = object.find("expires_on");
  if (member == object.end()) return std::nullopt;
  std::optional<std::int64_t> seconds;
  if (member->is_number_integer()) seconds = member->get<std::int64_t>();
  if (member->is_string()) seconds = base::parse_number<std::int64_t>(member->get<std::string>());
  constexpr std::int64_t kLatest = 9'000'000'000;  // in 2255, which every clock can hold
  if (!seconds || *seconds <= 0 || *seconds > kLatest) return std::nullopt;
  return std::chrono::system_clock::time_point(std::chrono::seconds(*seconds));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

base::CallContext to_call(const TokenContext& context) {
  base::CallContext call;
  call.deadline = context.deadline;
  call.stop = context.stop;
  return call;
}

Token read_token_response(std::string_view body, std::chrono::system_clock::time_point now) {
  const auto json = body.size() <= kLargestAnswer
                        ? nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false)
                        : nlohmann::json();
  if (!json.is_object()) refuse("the token endpoint did not answer with a JSON object");
  Token token;
  token.access_token = text_of(json, "access_token");
  if (token.access_token.empty()) refuse("the token endpoint answered without an access_token");
  if (const std::string type = text_of(json, "token_type"); !type.empty())
    // Servers write the scheme in any case; gateways have been seen to want it as in RFC 6750.
    token.token_type = base::equals_ignore_case(type, "bearer") ? "Bearer" : type;
  token.refresh_token = text_of(json, "refresh_token");
  token.scopes = words_of(text_of(json, "scope"));
  token.issued_at = now;
  if (const auto life = life_of(json)) {
    token.expires_at = now + *life;
  } else {
    token.expires_at = end_of(json);
  }
  return token;
}

TokenEndpoint::TokenEndpoint(std::shared_ptr<http::Transport> transport, std::string url,
                             base::Clock& clock)
    : client_(std::move(transport), http::RetryOptions{}, http::Client::Credentials{}, clock),
      url_(std::move(url)),
      clock_(&clock) {}

Token TokenEndpoint::request(const Form& form, const Secret& basic_credentials,
                             const TokenContext& context) const {
  http::Request request;
  request.url = url_;
  request.name = "token request";
  request.request_class = http::RequestClass::Auth;
  request.first_byte_timeout = kAnswerTimeout;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "*/*"}};
  if (!basic_credentials.empty())
    request.headers.push_back(
        {"Authorization", base::concat("Basic ", base::base64_encode(basic_credentials.view()))});
  request.body = encode(form);
  const http::Response response = client_.send(std::move(request), to_call(context));
  Token token = read_token_response(response.body.text(), clock_->system_now());
  base::log(LogLevel::Debug, "auth",
            base::concat("a token of ", token.access_token.view().size(), " characters came from ",
                         url_));
  return token;
}

}  // namespace dbsql::auth
