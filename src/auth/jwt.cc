#include "auth/jwt.h"

#include "base/base64.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace dbsql::auth {
namespace {

constexpr std::size_t kLargestPayload = std::size_t{64} << 10;
constexpr double kLatest =
    9'000'000'000;  // seconds since 1970; in 2255, which every clock can hold

/// The middle one of exactly three parts.
std::optional<std::string_view> payload_of(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  return token.substr(first + 1, second - first - 1);
}

std::string to_plain_alphabet(std::string_view url_alphabet) {
  std::string text(url_alphabet);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

}  // namespace

std::optional<JwtClaims> read_jwt(std::string_view token) {
  const auto payload = payload_of(token);
  if (!payload || payload->size() > kLargestPayload) return std::nullopt;
  const auto decoded = base::base64_decode(to_plain_alphabet(*payload));
  if (!decoded) return std::nullopt;
  const auto json = nlohmann::json::parse(*decoded, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  JwtClaims claims;
  if (const auto issuer = json.find("iss"); issuer != json.end() && issuer->is_string())
    claims.issuer = issuer->get<std::string>();
  if (const auto end = json.find("exp"); end != json.end() && end->is_number()) {
    const auto seconds = end->get<double>();
    if (std::isfinite(seconds))
      claims.expires_at = std::chrono::system_clock::time_point(
          std::chrono::seconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, kLatest))));
  }
  return claims;
}

}  // namespace dbsql::auth
