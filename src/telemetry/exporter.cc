#include "telemetry/exporter.h"

#include "base/text.h"
#include "http/retry_policy.h"
#include "telemetry/error_category.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::telemetry {
namespace {

using Kind = ExportResult::Kind;
using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kLongestAnswer = 64 << 10;
constexpr std::chrono::seconds kLongestHint{3600};

/// Accepted: how many records counted, and whether the answer makes sense at all.
ExportResult read_answer(const http::Response& response, std::size_t records) {
  ExportResult result{.kind = Kind::Delivered, .status = response.status};
  const std::string_view text = response.body.text();
  const json answer = text.size() > kLongestAnswer
                          ? json(json::value_t::discarded)
                          : json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto counted = answer.is_object() ? answer.find("numProtoSuccess") : answer.end();
  if (!answer.is_object() || counted == answer.end() || !counted->is_number_integer()) {
    result.bad_response = true;
    return result;
  }
  const auto number =
      static_cast<std::size_t>(std::max<std::int64_t>(counted->get<std::int64_t>(), 0));
  result.not_counted = records - std::min(number, records);
  const auto errors = answer.find("errors");
  const bool has_errors = errors != answer.end() && errors->is_array() && !errors->empty();
  if (number == 0 && has_errors) result.kind = Kind::Refused;
  return result;
}

milliseconds hint_in(const http::Response& response, base::Clock& clock) {
  if (response.status != 429 && response.status != 503) return milliseconds(0);
  const auto hint = http::parse_retry_after(
      base::trim(http::find_header(response.headers, "retry-after")), clock.system_now());
  return hint ? std::min(*hint, kLongestHint) : milliseconds(0);
}

ExportResult judge(const http::Response& response, std::size_t records) {
  const int status = response.status;
  if (status >= 200 && status < 300) return read_answer(response, records);
  const bool is_final = (status >= 300 && status < 400) || is_terminal_status(status);
  return {.kind = is_final ? Kind::Refused : Kind::Failed, .status = status};
}

ExportResult take_reply(const http::Reply& reply, std::size_t records, EndpointHealth& health,
                        CircuitBreaker::Permit permit, base::Clock& clock) {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) {
    health.failed(permit);
    return {.kind = Kind::Failed};
  }
  const ExportResult result = judge(*response, records);
  if (result.kind == Kind::Delivered) health.delivered(permit);
  if (result.kind == Kind::Failed) health.failed(permit, hint_in(*response, clock));
  if (result.kind == Kind::Refused) health.refused(permit);
  return result;
}

}  // namespace

std::string_view to_word(ExportResult::Kind kind) noexcept {
  constexpr std::array<std::string_view, 4> kWords = {"delivered", "failed", "refused",
                                                      "no credentials at hand"};
  return kWords[static_cast<std::size_t>(kind)];
}

Exporter::Exporter(std::shared_ptr<const Destination> destination,
                   std::shared_ptr<EndpointHealth> health, base::Clock& clock)
    : destination_(std::move(destination)),
      health_(std::move(health)),
      clock_(clock),
      url_(base::concat(destination_->origin, kPath)) {}

void Exporter::send(std::string_view body, std::size_t records, CircuitBreaker::Permit permit,
                    milliseconds limit, Done done) const {
  auto headers = headers_for(*destination_);
  if (!headers || !destination_->transport) {
    health_->abandoned(permit);
    return done({.kind = Kind::NoCredentials});
  }
  http::Request request;
  request.url = url_;
  request.headers = *std::move(headers);
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"Accept", "application/json"});
  request.body = base::Buffer::copy_of(body);
  request.request_class = http::RequestClass::Telemetry;
  request.name = "telemetry";
  request.first_byte_timeout = limit;
  try {
    destination_->transport->send_in_background(
        request, limit,
        [health = health_, abandoned = abandoned_, permit, records, done,
         clock = &clock_](const http::Reply& reply) {
          const auto* failure = std::get_if<http::Failure>(&reply);
          // One that was never answered in all its time says enough, though nobody waits any more.
          if (failure != nullptr && failure->kind != ErrorKind::Timeout &&
              abandoned->load(std::memory_order_relaxed)) {
            health->abandoned(permit);
            return done({.kind = Kind::Failed});
          }
          ExportResult result{.kind = Kind::Failed};
          try {
            result = take_reply(reply, records, *health, permit, *clock);
          } catch (...) {  // no memory to look at the answer
            health->abandoned(permit);
          }
          done(result);
        });
  } catch (...) {
    health_->failed(permit);
    done({.kind = Kind::Failed});
  }
}

}  // namespace dbsql::telemetry
