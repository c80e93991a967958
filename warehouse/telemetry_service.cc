#include "warehouse/telemetry_service.h"

#include "base/text.h"
#include "warehouse/telemetry_schema.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostProblems = 100;

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// \param message  of our own: nothing in it needs escaping
HttpReply error_reply(int status, std::string_view code, std::string_view message) {
  return json_reply(status,
                    base::concat(R"({"error_code":")", code, R"(","message":")", message, "\"}"));
}

/// What is wrong with an upload as a whole; empty when its records can be looked at
/// (reference/telemetry.md 3.1).
std::string_view problem_of_upload(const HttpRequest& request, const json& body) {
  if (!base::starts_with_ignore_case(find_header(request.headers, "content-type"),
                                     "application/json"))
    return "Content-Type must be application/json";
  if (request.path() == TelemetryService::kOpenPath &&
      !find_header(request.headers, "authorization").empty())
    return "credentials do not belong to this path";
  if (!body.is_object()) return "the body is no JSON object";
  if (body.size() != 3 || !body.contains("uploadTime") || !body.contains("items") ||
      !body.contains("protoLogs"))
    return "the body must have uploadTime, items and protoLogs, and nothing else";
  if (!body["uploadTime"].is_number_unsigned() || body["uploadTime"].get<std::uint64_t>() == 0)
    return "uploadTime must be a time in milliseconds";
  if (!body["items"].is_array() || !body["items"].empty()) return "items must be []";
  const json& logs = body["protoLogs"];
  const bool are_texts =
      logs.is_array() && !logs.empty() &&
      std::all_of(logs.begin(), logs.end(), [](const json& log) { return log.is_string(); });
  return are_texts ? std::string_view() : "protoLogs must be texts, at least one";
}

}  // namespace

TelemetryService::TelemetryService(TelemetryOptions options)
    : options_(std::move(options)), flags_(options_.flags) {}

bool TelemetryService::serves(std::string_view path) noexcept {
  return path == kPath || path == kOpenPath || path.starts_with(kFlagsPath);
}

HttpReply TelemetryService::serve(const HttpRequest& request) {
  const bool is_flags = request.path().starts_with(kFlagsPath);
  const std::string_view method = is_flags ? "GET" : "POST";
  if (request.method != method) {
    HttpReply reply = error_reply(405, "METHOD_NOT_ALLOWED", "Not this method.");
    reply.headers.push_back({"allow", std::string(method)});
    return reply;
  }
  return is_flags ? serve_flags(request) : take(request);
}

/// Every driver asks below its own name and version; all are told the same.
HttpReply TelemetryService::serve_flags(const HttpRequest& request) const {
  const auto place = base::split(request.path().substr(kFlagsPath.size()), '/');
  if (place.size() != 2 || place[0].empty() || place[1].empty())
    return error_reply(404, "ENDPOINT_NOT_FOUND", "Ask for PRODUCT/VERSION.");
  ordered_json body;
  body["flags"] = ordered_json::array();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : flags_)
    body["flags"].push_back({{"name", name}, {"value", value}});
  body["ttl_seconds"] = options_.flag_life.count();
  return json_reply(200, dump(body));
}

HttpReply TelemetryService::take(const HttpRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  const std::lock_guard lock(mutex_);
  ++counts_.requests;
  if (const auto problem = problem_of_upload(request, body); !problem.empty()) {
    refuse_locked(std::string(problem));
    return error_reply(400, "BAD_REQUEST", problem);
  }
  ordered_json answer;
  answer["errors"] = ordered_json::array();
  std::uint64_t taken = 0;
  for (const json& log : body["protoLogs"]) {
    const auto& record = log.get_ref<const std::string&>();
    if (auto problem = problem_of_record(record)) {
      refuse_locked(*problem);
      answer["errors"].push_back(*problem);
    } else {
      keep_locked(record);
      ++taken;
    }
  }
  answer["numSuccess"] = 0;
  answer["numProtoSuccess"] = taken;
  answer["numRealtimeSuccess"] = 0;
  return json_reply(200, dump(answer));
}

void TelemetryService::keep_locked(const std::string& record) {
  ++counts_.taken;
  records_.push_back(record);
  record_bytes_ += record.size();
  while (records_.size() > kMostRecords || record_bytes_ > kMostBytes) {
    record_bytes_ -= records_.front().size();
    records_.pop_front();
  }
  if (options_.on_record) options_.on_record(record);
}

void TelemetryService::refuse_locked(const std::string& problem) {
  ++counts_.refused;
  problems_.push_back(problem);
  if (problems_.size() > kMostProblems) problems_.pop_front();
}

void TelemetryService::set_flag(const std::string& name, const std::string& value) {
  const std::lock_guard lock(mutex_);
  flags_[name] = value;
}

TelemetryService::Counts TelemetryService::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> TelemetryService::records() const {
  const std::lock_guard lock(mutex_);
  return {records_.begin(), records_.end()};
}

std::vector<std::string> TelemetryService::problems() const {
  const std::lock_guard lock(mutex_);
  return {problems_.begin(), problems_.end()};
}

std::string TelemetryService::to_json() const {
  const std::lock_guard lock(mutex_);
  ordered_json out;
  out["requests"] = counts_.requests;
  out["taken"] = counts_.taken;
  out["refused"] = counts_.refused;
  out["problems"] = problems_;
  out["records"] = ordered_json::array();
  for (const std::string& record : records_)
    out["records"].push_back(ordered_json::parse(record, nullptr, false));
  return dump(out);
}

void TelemetryService::clear() {
  const std::lock_guard lock(mutex_);
  counts_ = {};
  records_.clear();
  record_bytes_ = 0;
  problems_.clear();
}

}  // namespace dbsql::warehouse
