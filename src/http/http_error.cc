#include "http/http_error.h"

#include <dbsql/error_info.h>

#include "base/one_line.h"
#include "base/redact.h"
#include "base/text.h"
#include "http/storage_error.h"
#include "http/url.h"
#include "http/warehouse_state.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace dbsql::http {
namespace {

constexpr std::size_t kLongestPageText = 200;
constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestJson = std::size_t{64} << 10;
constexpr int kProxyAuthenticationRequired = 407;
constexpr std::string_view kCannotConnect = "08001";

// In order of trust (reference/auth-http-config.md 4.9).
constexpr std::array<std::string_view, 3> kMessageHeaders = {
    "x-databricks-reason-phrase", "x-thriftserver-error-message",
    "x-databricks-error-or-redirect-message"};

/// Skips an element whose content is no text for people.
std::size_t skip_element(std::string_view page, std::size_t at, std::string_view name) {
  if (!base::starts_with_ignore_case(page.substr(at), base::concat('<', name))) return at;
  const std::string end = base::concat("</", name);
  for (std::size_t i = at; i < page.size(); ++i) {
    if (page[i] == '<' && base::starts_with_ignore_case(page.substr(i), end)) return i;
  }
  return page.size();
}

/// The text of an HTML page, or of plain text, up to the length that fits a message.
std::string page_text(std::string_view page) {
  std::string text;
  bool in_tag = false;
  for (std::size_t i = 0; i < page.size() && text.size() < 4 * kLongestPageText; ++i) {
    if (page[i] == '<') {
      i = skip_element(page, skip_element(page, i, "script"), "style");
      in_tag = i < page.size();
      text += ' ';
    } else if (page[i] == '>' && in_tag) {
      in_tag = false;
    } else if (!in_tag) {
      text += page[i];
    }
  }
  return std::string(base::cut(base::one_line(text), kLongestPageText));
}

std::string text_member(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string()
             ? base::one_line(member->get_ref<const std::string&>())
             : std::string();
}

/// `{error_code, message}` of REST services, `{message}` of gateways, `{error, error_description}`
/// of OAuth.
std::optional<ServerMessage> json_message(std::string_view body) {
  if (body.size() > kLongestJson || !base::trim(body).starts_with('{')) return std::nullopt;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  ServerMessage message{text_member(json, "message"), text_member(json, "error_code")};
  if (message.text.empty()) {
    const std::string error = text_member(json, "error");
    const std::string description = text_member(json, "error_description");
    message.text = description.empty() ? error : base::concat(error, ": ", description);
    if (message.error_class.empty()) message.error_class = error;
  }
  if (message.text.empty() && message.error_class.empty()) return std::nullopt;
  if (message.text.empty()) message.text = message.error_class;
  return message;
}

std::string header_message(const Headers& headers) {
  for (const auto name : kMessageHeaders) {
    std::string text = base::one_line(find_header(headers, name));
    if (!text.empty()) return text;
  }
  return {};
}

/// Where a session is opened SQL has other codes for the same failures
/// (reference/auth-http-config.md 6.4). Empty = the kind's usual one.
std::string_view sqlstate_of(ErrorKind kind, RequestClass request_class) noexcept {
  return request_class == RequestClass::Open ? info_of(kind).connecting_sqlstate
                                             : std::string_view();
}

std::string status_text(int status) { return base::concat("HTTP status ", status); }

/// What the caller can do about it; empty where the server's own text says it best.
std::string_view advice(ErrorKind kind, RequestClass request_class) noexcept {
  switch (kind) {
    case ErrorKind::Unauthenticated:
      return "; check the access token: it may be wrong, expired or of another workspace";
    case ErrorKind::Configuration:
      return "; there is no such warehouse, cluster or path on this host: check the http path";
    case ErrorKind::RateLimited:
      return "; the server asks for fewer requests";
    default:
      return request_class == RequestClass::FetchNext
                 ? "; the server may have skipped rows, so this result cannot continue: run the "
                   "statement again"
                 : "";
  }
}

std::string_view advice(WarehouseState state) noexcept {
  switch (state) {
    case WarehouseState::Starting:
      return "; the warehouse is starting: try again in a moment, or allow it more time with "
             "warehouse.start_timeout";
    case WarehouseState::Stopped:
      return "; the warehouse is stopped: start it, or ask for the right to";
    case WarehouseState::Deleted:
    case WarehouseState::Unknown:
      break;
  }
  return {};
}

/// Only where its compute is asked for something: elsewhere the words are about other things.
WarehouseState warehouse_state_of(const Request& request, const ServerMessage& message) {
  switch (request.request_class) {
    case RequestClass::Open:
    case RequestClass::Execute:
    case RequestClass::Commit:
      return warehouse_state_in(message.text, message.error_class);
    default:
      return WarehouseState::Unknown;
  }
}

std::string redirect_target(const Response& response) {
  const auto location = find_header(response.headers, "location");
  const auto url = Url::parse(location.substr(0, location.find('#')));
  if (url) return url->origin();
  return base::redact(base::cut(location.substr(0, location.find('?')), kLongestPageText));
}

std::string request_id(const Response& response) {
  const std::string id =
      base::one_line(base::cut(find_header(response.headers, "x-request-id"), 64));
  return id.empty() ? std::string() : base::concat(", request id ", id);
}

std::string_view name_of(const Request& request) {
  return request.name.empty() ? std::string_view(request.method) : request.name;
}

}  // namespace

ErrorKind kind_of_status(int status, RequestClass request_class) noexcept {
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 422:
      return ErrorKind::InvalidArgument;
    case 401:
      return ErrorKind::Unauthenticated;
    case 403:
      return ErrorKind::PermissionDenied;
    case 404:
      switch (request_class) {
        case RequestClass::Read:
        case RequestClass::Close:
        case RequestClass::Fetch:
        case RequestClass::FetchNext:
          return ErrorKind::StatementClosed;
        case RequestClass::Storage:
          return ErrorKind::NotFound;
        default:
          return ErrorKind::Configuration;
      }
    case 407:
      return ErrorKind::Network;
    case 408:
    case 504:
      return ErrorKind::Timeout;
    case 409:
      return ErrorKind::AlreadyExists;
    case 429:
      return ErrorKind::RateLimited;
    case 501:
      return ErrorKind::NotSupported;
    case 502:
    case 503:
      return ErrorKind::Unavailable;
    default:
      if (status >= 300 && status < 400) return ErrorKind::Redirect;
      return status >= 500 && status < 600 ? ErrorKind::Internal : ErrorKind::Protocol;
  }
}

ServerMessage server_message(const Response& response) {
  ServerMessage message;
  const auto json = json_message(response.body.text());
  if (json) message = *json;
  if (std::string text = header_message(response.headers); !text.empty()) message.text = text;
  if (message.text.empty()) message.text = page_text(response.body.text());
  if (message.text.empty()) message.text = status_text(response.status);
  message.text = base::redact(base::cut(message.text, kLongestText));
  return message;
}

ErrorFields error_of(const Request& request, const Response& response) {
  if (request.request_class == RequestClass::Storage) return storage_error_of(request, response);
  ErrorFields fields;
  fields.kind = kind_of_status(response.status, request.request_class);
  fields.http_status = response.status;
  fields.sqlstate = sqlstate_of(fields.kind, request.request_class);
  if (fields.kind == ErrorKind::Redirect) {
    fields.message =
        base::concat(name_of(request), ": unexpected redirect to ", redirect_target(response),
                     " (wrong host, http path or missing ?o=; HTTP ", response.status, " from ",
                     server_of(request.url), request_id(response), ")");
    return fields;
  }
  if (response.status == kProxyAuthenticationRequired) {
    // The page that comes with it is the proxy's, and says nothing of the server.
    fields.sqlstate = kCannotConnect;
    fields.message =
        base::concat(name_of(request), ": the proxy in front of ", server_of(request.url),
                     " requires authentication that it accepts: proxy authentication "
                     "required (HTTP 407); see proxy.username and proxy.password");
    return fields;
  }
  ServerMessage message = server_message(response);
  const WarehouseState state = warehouse_state_of(request, message);
  if (state == WarehouseState::Deleted) fields.kind = ErrorKind::Configuration;
  fields.error_class = std::move(message.error_class);
  fields.message = base::concat(name_of(request), ": ", message.text, " (HTTP ", response.status,
                                " from ", server_of(request.url), request_id(response), ")",
                                advice(state), advice(fields.kind, request.request_class));
  return fields;
}

ErrorFields error_of(const Request& request, const Failure& failure) {
  ErrorFields fields;
  fields.kind = failure.kind;
  fields.sqlstate = failure.sqlstate;
  if (fields.sqlstate.empty()) fields.sqlstate = sqlstate_of(fields.kind, request.request_class);
  fields.message = base::concat(name_of(request), ": ", base::redact(failure.message));
  if (failure.bytes_sent) fields.message += advice(failure.kind, request.request_class);
  return fields;
}

std::string_view server_of(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
  return url.substr(0, url.find_first_of("/?#", start));
}

}  // namespace dbsql::http
