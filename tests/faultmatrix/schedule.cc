#include "faultmatrix/schedule.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dbsql::faultmatrix {

namespace {

using warehouse::Fault;
using warehouse::FaultRule;

/// Numbers from a generator of our own: the standard's distributions differ between libraries.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t number) : engine_(seed * 1'000'003 + number) {}
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

 private:
  std::mt19937_64 engine_;
};

Fault random_fault(Dice& dice) {
  constexpr std::array kStatuses{500, 502, 503, 504, 429, 408, 403, 404, 401, 410};
  switch (dice.below(9)) {
    case 0:
      return Fault::delayed(std::chrono::milliseconds(dice.below(60)));
    case 1:
      return Fault::reset_before();
    case 2:
      return Fault::reset_after();
    case 3:
      return Fault::stall();
    case 4:
      return Fault::truncate_body(dice.below(2000));
    case 5:
      return Fault::reset_body(dice.below(2000));
    case 6:
      return Fault::stall_body(dice.below(2000));
    case 7:
      return Fault::answer(200, {}, "bytes that nobody asked for");
    default: {
      const int status = kStatuses[dice.below(kStatuses.size())];
      return dice.chance(2) ? Fault::answer(status, {{"Retry-After", "0"}}) : Fault::answer(status);
    }
  }
}

FaultRule random_rule(Dice& dice, const Schedule& schedule) {
  constexpr std::array<std::string_view, 5> kMethods{
      "ExecuteStatement", "FetchResults", "GetOperationStatus", "CloseOperation", "FetchResults"};
  FaultRule rule;
  if (schedule.by_files && dice.chance(2)) {
    rule.path = "/_storage/";
  } else {
    rule.method = schedule.insert && dice.chance(2) ? "ExecuteStatement"
                                                    : kMethods[dice.below(kMethods.size())];
  }
  rule.skip = dice.below(4);
  rule.count = 1 + dice.below(3);
  if (schedule.insert) rule.skip = 0;
  rule.fault = random_fault(dice);
  return rule;
}

bool stalls(const FaultRule& rule) {
  return rule.fault.kind == Fault::Kind::Stall || rule.fault.kind == Fault::Kind::StallBody;
}

}  // namespace

Schedule make_schedule(std::uint64_t seed, std::uint64_t number) {
  Dice dice(seed, number);
  Schedule schedule;
  schedule.insert = dice.chance(5);
  schedule.by_files = !schedule.insert && dice.chance(2);
  schedule.lz4 = !dice.chance(3);
  schedule.page_rows = static_cast<int>(200 + dice.below(3000));
  schedule.rows = static_cast<std::int64_t>(dice.below(12'000));
  schedule.threads = static_cast<int>(dice.below(4));
  const std::uint64_t faults = dice.below(4);  // none at all must work, too
  for (std::uint64_t i = 0; i < faults; ++i) schedule.faults.push_back(random_rule(dice, schedule));
  const bool waits = std::any_of(schedule.faults.begin(), schedule.faults.end(), stalls);
  if (waits) schedule.timeout = std::chrono::milliseconds(250 + dice.below(200));
  return schedule;
}

std::string Schedule::to_string() const {
  std::string text = base::concat(insert ? "insert" : "query", by_files ? " files" : " inline",
                                  lz4 ? " lz4" : " plain", " rows=", rows, " page=", page_rows,
                                  " threads=", threads);
  for (const auto& rule : faults)
    text += base::concat(" [", rule.path, " ", rule.method, " skip=", rule.skip,
                         " count=", rule.count, " ", warehouse::to_string(rule.fault.kind),
                         " status=", rule.fault.status, " bytes=", rule.fault.body_bytes, "]");
  return text;
}

}  // namespace dbsql::faultmatrix
