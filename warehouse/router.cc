#include "warehouse/router.h"

#include "base/base64.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kLocalPrefix = "/_local/";
constexpr std::string_view kHiveCookie = "hive.server2.auth";
constexpr std::string_view kWarehousePrefix = "/sql/1.0/warehouses/";
constexpr std::string_view kEndpointPrefix = "/sql/1.0/endpoints/";
constexpr std::string_view kClusterPrefix = "/sql/protocolv1/o/";

bool is_one_segment(std::string_view rest) {
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return !rest.empty() && rest.find('/') == std::string_view::npos;
}

/// Which compute a path names; empty when it is no Thrift path (reference/thrift.md 1.1).
std::optional<Compute> databricks_compute_of(std::string_view path) {
  for (const std::string_view prefix : {kWarehousePrefix, kEndpointPrefix}) {
    if (path.starts_with(prefix) && is_one_segment(path.substr(prefix.size()))) {
      return Compute::Warehouse;
    }
  }
  if (!path.starts_with(kClusterPrefix)) return std::nullopt;
  const std::string_view rest = path.substr(kClusterPrefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || !is_one_segment(rest.substr(slash + 1))) {
    return std::nullopt;
  }
  return Compute::Cluster;
}

HttpReply error_reply(int status, const nlohmann::ordered_json& error_code,
                      std::string_view message) {
  nlohmann::ordered_json json;
  json["error_code"] = error_code;
  json["message"] = message;
  return json_reply(status, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

/// 401 and 403 as servers send them, also to Thrift clients: JSON with a number
/// (reference/observed.md 1).
std::optional<HttpReply> refuse_token(const HttpRequest& request, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  constexpr std::string_view kMissing =
      "Credential was not sent or was of an unsupported type for this API.";
  const std::string_view credential = find_header(request.headers, "authorization");
  const bool is_bearer = base::starts_with_ignore_case(credential, kScheme) &&
                         !base::trim(credential.substr(kScheme.size())).empty();
  if (!is_bearer) {
    HttpReply reply = error_reply(401, 401, kMissing);
    reply.headers.push_back({"www-authenticate", "Bearer realm=\"DatabricksRealm\""});
    reply.headers.push_back({"x-databricks-reason-phrase", std::string(kMissing)});
    return reply;
  }
  if (token.empty() || base::trim(credential.substr(kScheme.size())) == token) return std::nullopt;
  return error_reply(403, 403, "Invalid access token.");
}

HttpReply text_reply(int status, std::string_view content_type, std::string_view text) {
  HttpReply reply{.status = status};
  reply.headers.push_back({"content-type", std::string(content_type)});
  reply.body.push_back(base::Buffer::copy_of(text));
  return reply;
}

HttpReply authentication_error(std::string_view why) {
  return text_reply(401, "text/html;charset=utf-8",
                    base::concat("Authentication Error: ", why, "\n"));
}

/// Hive's HTTP mode: every request needs a user and a password, whatever they are; what comes in
/// another scheme is taken for damaged Basic credentials (reference/thrift.md 5.1).
std::optional<HttpReply> refuse_basic(const HttpRequest& request, std::string_view password) {
  constexpr std::size_t kScheme = std::string_view("Basic ").size();
  const std::string_view header = find_header(request.headers, "authorization");
  if (header.size() <= kScheme) return authentication_error("no credentials were sent");
  const auto decoded = base::base64_decode(base::trim(header.substr(kScheme)));
  const std::string text = decoded.value_or("");
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string::npos)
    return authentication_error("the credentials do not name a user");
  const std::string_view given = std::string_view(text).substr(colon + 1);
  if (given.empty()) return authentication_error("the credentials have no password");
  if (password.empty() || given == password) return std::nullopt;
  return authentication_error("the password is wrong");
}

Delivery::Ending ending_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::ResetBefore:
    case Fault::Kind::ResetAfter:
    case Fault::Kind::ResetBody:
    case Fault::Kind::ResetUpload:
      return Delivery::Ending::Reset;
    case Fault::Kind::Stall:
    case Fault::Kind::StallAfter:
    case Fault::Kind::StallBody:
      return Delivery::Ending::Stall;
    case Fault::Kind::TruncateBody:
      return Delivery::Ending::Close;
    case Fault::Kind::None:
    case Fault::Kind::Status:
    case Fault::Kind::StatusAfter:
      break;
  }
  return Delivery::Ending::Complete;
}

}  // namespace

std::optional<Compute> Router::compute_of(std::string_view path) const {
  if (!traits_.hive) return databricks_compute_of(path);
  if (!path.starts_with(kHivePath)) return std::nullopt;
  const std::string_view rest = path.substr(kHivePath.size());
  return rest.empty() || rest.front() == '/' ? std::optional(Compute::Cluster) : std::nullopt;
}

/// The personal access token, where there is one, or a token of our own making.
std::optional<HttpReply> Router::refuse_bearer(const HttpRequest& request) const {
  auto refusal = refuse_token(request, options_.token);
  if (!identity_.requires_tokens()) return refusal;
  const bool is_missing = refusal && refusal->status == 401;
  const bool is_personal = !options_.token.empty() && !refusal;
  if (is_missing || is_personal) return refusal;
  return identity_.refuse(find_header(request.headers, "authorization"));
}

std::optional<HttpReply> Router::refuse_credentials(const HttpRequest& request) const {
  if (!traits_.hive) return refuse_bearer(request);
  const std::string_view cookies = find_header(request.headers, "cookie");
  const std::string cookie = base::concat(kHiveCookie, "=", cookie_);
  if (cookies.find(cookie) != std::string_view::npos) return std::nullopt;
  return refuse_basic(request, options_.token);
}

void Router::route(std::shared_ptr<Exchange> exchange) {
  const HttpRequest& request = exchange->request();
  const std::string_view path = request.path();
  const bool is_local = path.starts_with(kLocalPrefix);
  std::optional<Fault> fault;
  if (!is_local) {
    const std::string_view method =
        compute_of(path) ? peek_thrift_method(request.body) : std::string_view();
    exchange->journal_number = journal_.begin(request, method);
    const bool is_by_verb =
        path.starts_with(Storage::kPathPrefix) || is_sign_in(path) || is_telemetry(path);
    fault = faults_.next(path, is_by_verb ? std::string_view(request.method) : method);
    exchange->set_recorder([this, number = exchange->journal_number](const HttpReply& reply) {
      record(number, reply);
    });
  }
  exchange->add_filter([this, raw = exchange.get()](HttpReply& reply) {
    add_standard_headers(raw->request(), reply);
  });
  if (fault) {
    journal_.set_fault(exchange->journal_number, to_string(fault->kind));
    suffer(*fault, exchange);
  } else {
    serve(exchange);
  }
}

std::shared_ptr<Upload> Router::upload_for(const HttpRequest& head) {
  if (head.method != "PUT" || !head.path().starts_with(Volumes::kPathPrefix)) return nullptr;
  const auto fault = faults_.next_upload(head.path());
  if (!fault) return storage_.volumes().begin_upload(head, std::nullopt);
  journal_.set_fault(journal_.begin(head, {}), to_string(fault->kind));
  return storage_.volumes().begin_upload(head, fault->body_bytes);
}

void Router::record(std::uint64_t number, const HttpReply& reply) {
  const Delivery& delivery = reply.delivery;
  const bool complete = delivery.ending == Delivery::Ending::Complete;
  if (!complete && !delivery.body_bytes) return;  // nothing leaves: the status stays 0
  const std::size_t bytes = reply.body_size();
  journal_.finish(number, reply.status, complete ? bytes : std::min(bytes, *delivery.body_bytes));
}

void Router::suffer(const Fault& fault, const std::shared_ptr<Exchange>& exchange) {
  if (fault.delay.count() != 0) {
    Fault rest = fault;
    rest.delay = {};
    timers_.after(fault.delay,
                  [this, rest = std::move(rest), exchange] { suffer(rest, exchange); });
    return;
  }
  const Delivery::Ending ending = ending_of(fault.kind);
  HttpReply reply;
  const auto set_status = [fault](HttpReply& out) {
    out.status = fault.status;
    out.headers = fault.headers;
    out.body.clear();
    out.body.push_back(base::Buffer::copy_of(fault.body));
  };
  switch (fault.kind) {
    case Fault::Kind::None:
    case Fault::Kind::ResetUpload:  // happens before there is an exchange
      return serve(exchange);
    case Fault::Kind::Status:
      set_status(reply);
      return exchange->reply(std::move(reply));
    case Fault::Kind::StatusAfter:
      exchange->add_filter(set_status);
      return serve(exchange);
    case Fault::Kind::ResetBefore:
    case Fault::Kind::Stall:
      reply.delivery.ending = ending;
      return exchange->reply(std::move(reply));
    case Fault::Kind::ResetAfter:
    case Fault::Kind::StallAfter:
      exchange->add_filter([ending](HttpReply& out) { out.delivery.ending = ending; });
      return serve(exchange);
    case Fault::Kind::TruncateBody:
    case Fault::Kind::StallBody:
    case Fault::Kind::ResetBody:
      exchange->add_filter([ending, bytes = fault.body_bytes](HttpReply& out) {
        out.delivery = {.ending = ending, .body_bytes = bytes};
      });
      return serve(exchange);
  }
}

void Router::serve(const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  if (request.path().starts_with(Storage::kPathPrefix))
    return exchange->reply(storage_.serve(request));
  if (is_sign_in(request.path()))
    return exchange->reply(identity_.serve(request, exchange->journal_number));
  if (is_telemetry(request.path()) && request.path() == TelemetryService::kOpenPath)
    return exchange->reply(telemetry_.serve(request));
  const bool is_local = request.path().starts_with(kLocalPrefix);
  if (is_local && takes_anybody()) return serve_local(*exchange);
  if (auto refusal = refuse_credentials(request)) {
    return exchange->reply(std::move(*refusal));
  }
  if (is_local) return serve_local(*exchange);
  if (const auto compute = compute_of(request.path())) {
    if (auto refusal = power_.refuse()) return exchange->reply(std::move(*refusal));
    return serve_thrift(exchange, *compute);
  }
  if (is_telemetry(request.path())) return exchange->reply(telemetry_.serve(request));
  if (!traits_.hive && request.path() == IdentityService::kWhoAmIPath)
    return exchange->reply(identity_.who_am_i(request));
  if (traits_.hive) {
    return exchange->reply(text_reply(404, "text/html;charset=iso-8859-1",
                                      "<html><head><title>Error 404 Not Found</title></head>"
                                      "<body><h2>HTTP ERROR 404 Not Found</h2></body></html>"));
  }
  exchange->reply(
      error_reply(404, "ENDPOINT_NOT_FOUND",
                  base::concat("No API found for '", request.method, " ", request.path(), "'")));
}

/// Plain Hive servers know nothing of OAuth.
bool Router::is_sign_in(std::string_view path) const {
  return !traits_.hive && IdentityService::serves(path);
}

bool Router::is_telemetry(std::string_view path) const {
  return !traits_.hive && TelemetryService::serves(path);
}

bool Router::takes_anybody() const {
  return options_.token.empty() && !identity_.requires_tokens();
}

void Router::serve_thrift(const std::shared_ptr<Exchange>& exchange, Compute compute) {
  if (exchange->request().method != "POST") {
    HttpReply reply = error_reply(405, "METHOD_NOT_ALLOWED", "This path takes POST requests only.");
    reply.headers.push_back({"allow", "POST"});
    return exchange->reply(std::move(reply));
  }
  if (traits_.hive) {
    exchange->add_filter([this](HttpReply& reply) {
      reply.headers.push_back(
          {"set-cookie", base::concat(kHiveCookie, "=", cookie_, "; HttpOnly")});
    });
  }
  thrift_.handle(exchange, compute);
}

void Router::serve_local(Exchange& exchange) {
  const std::string_view path = exchange.request().path();
  if (path == "/_local/faults") return serve_faults(exchange);
  if (path == "/_local/journal") return serve_journal(exchange);
  if (path == "/_local/sessions") return serve_sessions(exchange);
  if (path == "/_local/telemetry") return serve_telemetry_records(exchange);
  if (path == "/_local/power") return serve_power(exchange);
  if (path == "/_local/health") {
    return exchange.reply(
        json_reply(200, base::concat(R"({"status":"ok","sessions":)", thrift_.open_sessions(),
                                     R"(,"operations":)", thrift_.open_operations(), "}")));
  }
  exchange.reply(error_reply(404, "ENDPOINT_NOT_FOUND",
                             "Local endpoints are /_local/health, /_local/faults, /_local/journal, "
                             "/_local/power, /_local/sessions, /_local/telemetry."));
}

void Router::serve_faults(Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.method == "POST") {
    try {
      faults_.add_script(request.body);
    } catch (const std::invalid_argument& error) {
      return exchange.reply(error_reply(400, "BAD_REQUEST", error.what()));
    }
  } else if (request.method == "DELETE") {
    faults_.clear();
  } else if (request.method != "GET") {
    return exchange.reply(error_reply(405, "METHOD_NOT_ALLOWED", "Use GET, POST or DELETE."));
  }
  exchange.reply(json_reply(200, faults_.to_json()));
}

void Router::serve_power(Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.method == "POST") {
    try {
      power_.set_from_json(request.body);
    } catch (const std::invalid_argument& error) {
      return exchange.reply(error_reply(400, "BAD_REQUEST", error.what()));
    }
  } else if (request.method != "GET") {
    return exchange.reply(error_reply(405, "METHOD_NOT_ALLOWED", "Use GET or POST."));
  }
  exchange.reply(json_reply(200, power_.to_json()));
}

void Router::serve_journal(Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.method == "DELETE") {
    journal_.clear();
  } else if (request.method != "GET") {
    return exchange.reply(error_reply(405, "METHOD_NOT_ALLOWED", "Use GET or DELETE."));
  }
  exchange.reply(json_reply(200, journal_.to_json()));
}

void Router::serve_sessions(Exchange& exchange) {
  if (exchange.request().method != "DELETE")
    return exchange.reply(error_reply(405, "METHOD_NOT_ALLOWED", "Use DELETE."));
  exchange.reply(json_reply(200, base::concat(R"({"ended":)", thrift_.end_sessions(), "}")));
}

void Router::serve_telemetry_records(Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.method == "DELETE") {
    telemetry_.clear();
  } else if (request.method != "GET") {
    return exchange.reply(error_reply(405, "METHOD_NOT_ALLOWED", "Use GET or DELETE."));
  }
  exchange.reply(json_reply(200, telemetry_.to_json()));
}

void Router::add_standard_headers(const HttpRequest& request, HttpReply& reply) const {
  if (traits_.hive) return;  // no platform around the server
  std::string org_id = options_.org_id;
  const std::string_view path = request.path();
  if (path.starts_with(kClusterPrefix)) {
    const std::string_view rest = path.substr(kClusterPrefix.size());
    org_id = rest.substr(0, rest.find('/'));
  }
  reply.headers.push_back({"x-request-id", Guid::random().to_text()});
  reply.headers.push_back({"x-databricks-org-id", org_id});
  reply.headers.push_back({"x-databricks-shard-debug", "local"});
  reply.headers.push_back(
      {"strict-transport-security", "max-age=31536000; includeSubDomains; preload"});
  reply.headers.push_back({"x-content-type-options", "nosniff"});
  reply.headers.push_back({"server", "databricks"});
}

}  // namespace dbsql::warehouse
