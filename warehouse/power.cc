#include "warehouse/power.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestHint{5};
constexpr std::int64_t kLongestStart = 3'600'000;
constexpr std::array<std::string_view, 4> kNames = {"running", "starting", "stopped", "deleted"};

std::string_view name_of(Power::State state) { return kNames[static_cast<std::size_t>(state)]; }

Power::State state_named(const nlohmann::json& name) {
  for (const Power::State state :
       {Power::State::Running, Power::State::Stopped, Power::State::Deleted}) {
    if (name == name_of(state)) return state;
  }
  throw std::invalid_argument("state: expected running, stopped or deleted");
}

HttpReply error_reply(int status, std::string_view error_code, std::string message) {
  nlohmann::ordered_json json;
  json["error_code"] = error_code;
  json["message"] = std::move(message);
  return json_reply(status, json.dump());
}

}  // namespace

Power::Power(milliseconds start_time, std::string warehouse_id, base::Clock& clock)
    : clock_(clock),
      warehouse_id_(std::move(warehouse_id)),
      start_time_(start_time),
      state_(start_time.count() > 0 ? State::Stopped : State::Running) {}

Power::State Power::state_locked() const {
  return state_ == State::Starting && clock_.now() >= up_at_ ? State::Running : state_;
}

Power::State Power::state() const {
  std::lock_guard lock(mutex_);
  return state_locked();
}

void Power::set(State state, std::optional<milliseconds> start_time) {
  std::lock_guard lock(mutex_);
  state_ = state;
  if (start_time) start_time_ = *start_time;
  if (state == State::Starting) up_at_ = clock_.now() + start_time_;
}

std::optional<HttpReply> Power::refuse() {
  std::lock_guard lock(mutex_);
  if (state_ == State::Stopped) {
    state_ = State::Starting;
    up_at_ = clock_.now() + start_time_;
  }
  state_ = state_locked();
  if (state_ == State::Running) return std::nullopt;
  if (state_ == State::Deleted)
    return error_reply(404, "RESOURCE_DOES_NOT_EXIST",
                       base::concat("The SQL warehouse ", warehouse_id_, " has been deleted."));
  HttpReply reply = error_reply(503, "TEMPORARILY_UNAVAILABLE",
                                base::concat("The SQL warehouse ", warehouse_id_, " is starting."));
  const auto left = std::chrono::floor<seconds>(up_at_ - clock_.now());
  if (left.count() > 0)
    reply.headers.push_back({"retry-after", std::to_string(std::min(left, kLongestHint).count())});
  return reply;
}

void Power::set_from_json(std::string_view json) {
  const auto wish = nlohmann::json::parse(json, nullptr, false);
  if (!wish.is_object()) throw std::invalid_argument("expected a JSON object");
  std::optional<State> state;
  std::optional<milliseconds> start_time;
  for (const auto& [name, value] : wish.items()) {
    if (name == "state") {
      state = state_named(value);
    } else if (name == "start_time_ms") {
      const bool is_time = value.is_number_unsigned() && value <= kLongestStart;
      if (!is_time) throw std::invalid_argument("start_time_ms: expected 0 to 3600000");
      start_time = milliseconds(value.get<std::int64_t>());
    } else {
      throw std::invalid_argument(base::concat(name, ": expected state and start_time_ms"));
    }
  }
  set(state.value_or(this->state()), start_time);
}

std::string Power::to_json() const {
  std::lock_guard lock(mutex_);
  nlohmann::ordered_json json;
  json["state"] = name_of(state_locked());
  json["start_time_ms"] = start_time_.count();
  return json.dump();
}

}  // namespace dbsql::warehouse
