#include "server/stats.h"

#include "measure/usage.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>

namespace dbsql::bench {

namespace {

constexpr std::array<std::string_view, kMethodCount> kNames = {"OpenSession",
                                                               "ExecuteStatement",
                                                               "FetchResults",
                                                               "GetOperationStatus",
                                                               "GetResultSetMetadata",
                                                               "CloseOperation",
                                                               "CancelOperation",
                                                               "CloseSession",
                                                               "Download",
                                                               "Rest",
                                                               "Other"};

/// Upper bound of the bucket that holds the median.
template <class Histogram>
double median_us(const Histogram& histogram, std::uint64_t total) {
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < histogram.size(); ++bucket) {
    seen += histogram[bucket];
    if (2 * seen >= total) return static_cast<double>(std::uint64_t{1} << bucket) / 1e3;
  }
  return 0;
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  return kNames[static_cast<std::size_t>(method)];
}

Method method_of(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end() - 1, name);
  return static_cast<Method>(found - kNames.begin());
}

void Stats::add(Method method, std::uint64_t request_bytes, std::uint64_t reply_bytes,
                std::chrono::nanoseconds busy) {
  Counter& counter = counters_[static_cast<std::size_t>(method)];
  const auto ns = static_cast<std::uint64_t>(busy.count());
  ++counter.requests;
  counter.request_bytes += request_bytes;
  counter.reply_bytes += reply_bytes;
  counter.busy_ns += ns;
  ++counter.histogram[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(ns)),
                                            counter.histogram.size() - 1)];
}

std::string Stats::to_json(const std::string& last_options) const {
  nlohmann::json methods = nlohmann::json::object();
  std::uint64_t requests = 0;
  std::uint64_t reply_bytes = 0;
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const Counter& counter = counters_[i];
    if (counter.requests == 0) continue;
    requests += counter.requests;
    reply_bytes += counter.reply_bytes;
    methods[std::string(kNames[i])] = {
        {"requests", counter.requests},
        {"request_bytes", counter.request_bytes},
        {"reply_bytes", counter.reply_bytes},
        {"mean_reply_us",
         static_cast<double>(counter.busy_ns) / 1e3 / static_cast<double>(counter.requests)},
        {"median_reply_us_at_most", median_us(counter.histogram, counter.requests)}};
  }
  const Usage usage = Usage::now();
  return nlohmann::json{{"methods", methods},
                        {"requests", requests},
                        {"reply_bytes", reply_bytes},
                        {"connections", connections_},
                        {"user_s", usage.user_s},
                        {"system_s", usage.system_s},
                        {"last_execute_options", last_options}}
      .dump();
}

}  // namespace dbsql::bench
