#include <dbsql/error.h>

#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

/// 408 and server errors; not what the server says it cannot do (501, 505).
bool is_repeatable(int status) {
  return status == 408 || (status >= 500 && status <= 599 && status != 501 && status != 505);
}

void set_dangerous_codes(Config& config, const Value& value) {
  std::string words = value.text;
  for (char& c : words) c = std::string_view(",[]").find(c) != std::string_view::npos ? ' ' : c;
  config.retry.dangerous_statuses.clear();
  for (const std::string_view word : base::split(words, ' ')) {
    if (word.empty()) continue;
    const auto status = base::parse_number<int>(word);
    if (!status || !is_repeatable(*status)) {
      throw_error({.kind = ErrorKind::Configuration,
                   .message = "retry.dangerous_codes: HTTP statuses with commas between are "
                              "expected, of 408 and 500 to 599, without 501 and 505"});
    }
    config.retry.dangerous_statuses.push_back(*status);
  }
}

std::string dangerous_codes_text(const Config& config) {
  std::string list;
  for (const int status : config.retry.dangerous_statuses)
    list += base::concat(list.empty() ? "" : ",", status);
  return list;
}

constexpr Option kHttp[] = {
    {.key = "http.connect_timeout",
     .other_names = "adbc.spark.connect_timeout_ms/ms http.connect_timeout_ms/ms",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "30s",
     .minimum = 1,
     .maximum = kHour,
     .help = "longest wait for a network connection, TLS included",
     .store = store<&Config::transport, &http::CurlOptions::connect_timeout>,
     .text = text<&Config::transport, &http::CurlOptions::connect_timeout>},
    {.key = "http.request_timeout",
     .other_names = "_socket_timeout socketTimeout/ms http.read_timeout_ms/ms "
                    "adbc.databricks.http_request_timeout",
     .jdbc_names = "socketTimeout",
     .odbc_names = "SocketTimeout",
     .profile_names = "http_timeout_seconds",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "900s",
     .minimum = 0,
     .maximum = kDay,
     .help = "longest silence of the server; 0 = no limit",
     .store = store<&Config::request_timeout>,
     .text = text<&Config::request_timeout>},
    {.key = "http.pool_size",
     .other_names = "_pool_maxsize",
     .jdbc_names = "HttpConnectionPoolSize",
     .type = OptionType::Integer,
     .unit = "requests",
     .fallback = "100",
     .minimum = 1,
     .maximum = 10'000,
     .help = "requests of one connector to the workspace that are under way at one time, each on a "
             "connection of its own; what is more waits, but for requests that end something",
     .store = store<&Config::pool_size>,
     .text = text<&Config::pool_size>},
};

constexpr Option kRetry[] = {
    {.key = "retry.max_attempts",
     .other_names = "_retry_stop_after_attempts_count retryMaxAttempts",
     .type = OptionType::Integer,
     .fallback = "6",
     .minimum = 1,
     .maximum = 100,
     .help = "requests sent in all before a failure is reported; 1 = no retries",
     .store = store<&Config::retry, &http::RetryOptions::max_attempts>,
     .text = text<&Config::retry, &http::RetryOptions::max_attempts>},
    {.key = "retry.wait_min",
     .other_names = "_retry_delay_min retryDelayMin/ms retry.min_wait_ms/ms",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "1s",
     .minimum = 1,
     .maximum = kHour,
     .help = "wait before the first retry; each further wait is twice as long",
     .store = store<&Config::retry, &http::RetryOptions::wait_min>,
     .text = text<&Config::retry, &http::RetryOptions::wait_min>},
    {.key = "retry.wait_max",
     .other_names = "_retry_delay_max retryDelayMax/ms retry.max_wait_ms/ms",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "60s",
     .minimum = 1,
     .maximum = kHour,
     .help = "longest wait between two attempts, unless the server asks for more",
     .store = store<&Config::retry, &http::RetryOptions::wait_max>,
     .text = text<&Config::retry, &http::RetryOptions::wait_max>},
    {.key = "retry.total_timeout",
     .other_names = "_retry_stop_after_attempts_duration retriesTimeout/ms "
                    "retry.overall_timeout_ms/ms "
                    "adbc.spark.temporarily_unavailable_retry_timeout",
     .jdbc_names = "TemporarilyUnavailableRetryTimeout",
     .odbc_names = "TemporarilyUnavailableRetryTimeout",
     .profile_names = "retry_timeout_seconds",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "900s",
     .minimum = 0,
     .maximum = kDay,
     .help = "time from the first attempt after which none is made any more",
     .store = store<&Config::retry, &http::RetryOptions::total_timeout>,
     .text = text<&Config::retry, &http::RetryOptions::total_timeout>},
    {.key = "warehouse.start_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "900s",
     .minimum = 0,
     .maximum = kDay,
     .help =
         "how long a warehouse that is starting is waited for, however many attempts that takes, "
         "within retry.total_timeout; 0 = it is a failure like others",
     .store = store<&Config::retry, &http::RetryOptions::start_timeout>,
     .text = text<&Config::retry, &http::RetryOptions::start_timeout>},
    {.key = "retry.rate_limit_timeout",
     .other_names = "adbc.databricks.rate_limit_retry_timeout",
     .jdbc_names = "RateLimitRetryTimeout",
     .odbc_names = "RateLimitRetryTimeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "120s",
     .minimum = 0,
     .maximum = kDay,
     .help = "the same while the server answers nothing but 429",
     .store = store<&Config::retry, &http::RetryOptions::rate_limit_timeout>,
     .text = text<&Config::retry, &http::RetryOptions::rate_limit_timeout>},
    {.key = "retry.dangerous_codes",
     .other_names = "_retry_dangerous_codes",
     .help = "HTTP statuses after which a statement is sent again although it may have run, commas "
             "between: with a statement that writes, it may then run twice",
     .store = set_dangerous_codes,
     .text = dangerous_codes_text},
};

}  // namespace

std::span<const Option> http_options() noexcept { return kHttp; }
std::span<const Option> retry_options() noexcept { return kRetry; }

}  // namespace dbsql::config
