#include "http/storage_error.h"

#include "base/text.h"
#include "http/http_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace dbsql::http {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kLongestJson = std::size_t{64} << 10;

/// The text when it is one word; nothing longer or stranger may reach a message.
std::string word(std::string_view text) {
  text = base::trim(text);
  const bool is_word = text.size() <= kLongestWord && std::ranges::all_of(text, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
                                c == ':' || c == '+' || c == '/' || c == '=';
                       });
  return is_word ? std::string(text) : std::string();
}

/// S3, Azure Blob and GCS: `<Error><Code>NoSuchKey</Code>...`.
std::string_view xml_code(std::string_view body) {
  constexpr std::string_view kOpen = "<Code>";
  const auto start = body.find(kOpen);
  if (start == std::string_view::npos) return {};
  const auto end = body.find("</Code>", start);
  if (end == std::string_view::npos) return {};
  return body.substr(start + kOpen.size(), end - start - kOpen.size());
}

/// Azure Data Lake: `{"error":{"code":"PathNotFound",...}}`.
std::string json_code(std::string_view body) {
  if (body.size() > kLongestJson || !base::trim(body).starts_with('{')) return {};
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto error = json.find("error");
  if (error == json.end() || !error->is_object()) return {};
  const auto code = error->find("code");
  return code != error->end() && code->is_string() ? code->get<std::string>() : std::string();
}

ErrorKind kind_of(const Response& response) {
  if (says_link_expired(response)) return ErrorKind::LinkExpired;
  if (response.status == 401) return ErrorKind::PermissionDenied;  // the link is the credential
  return kind_of_status(response.status, RequestClass::Storage);
}

std::string_view advice_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::LinkExpired:
      return "; the signed link has expired: run the statement again";
    case ErrorKind::NotFound:
      return "; there is no such file in the volume";
    case ErrorKind::Redirect:
      return "; redirects of signed links are not followed";
    default:
      return {};
  }
}

}  // namespace

std::string storage_error_code(const Response& response) {
  if (std::string code = word(find_header(response.headers, "x-ms-error-code")); !code.empty())
    return code;
  const std::string_view body = response.body.text();
  if (std::string code = word(xml_code(body)); !code.empty()) return code;
  return word(json_code(body));
}

bool says_link_expired(const Response& response) noexcept {
  if (response.status != 400 && response.status != 403) return false;
  constexpr std::array<std::string_view, 4> kWords{"ExpiredToken", "RequestExpired",
                                                   "Request has expired", "AuthenticationFailed"};
  const std::string_view body = response.body.text();
  return std::ranges::any_of(kWords,
                             [&](auto text) { return body.find(text) != std::string_view::npos; });
}

std::string storage_request_id(const Response& response) {
  for (const std::string_view name :
       {"x-amz-request-id", "x-ms-request-id", "x-guploader-uploadid", "x-request-id"}) {
    if (std::string id = word(find_header(response.headers, name)); !id.empty()) return id;
  }
  return {};
}

ErrorFields storage_error_of(const Request& request, const Response& response) {
  ErrorFields fields;
  fields.kind = kind_of(response);
  fields.http_status = response.status;
  fields.error_class = storage_error_code(response);
  const std::string id = storage_request_id(response);
  fields.message = base::concat(
      request.name, ": the storage refused it",
      fields.error_class.empty() ? std::string() : base::concat(": ", fields.error_class),
      " (HTTP ", response.status, " from ", server_of(request.url),
      id.empty() ? std::string() : base::concat(", request id ", id), ")", advice_for(fields.kind));
  return fields;
}

}  // namespace dbsql::http
