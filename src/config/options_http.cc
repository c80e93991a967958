#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

void set_tls_verify(Config& config, const Value& value) {
  using Verify = http::TlsOptions::Verify;
  config.tls.verify = value.text == "full" ? Verify::Full
                      : value.text == "ca" ? Verify::Ca
                                           : Verify::None;
}

std::string tls_verify_text(const Config& config) {
  switch (config.tls.verify) {
    case http::TlsOptions::Verify::Full:
      return "full";
    case http::TlsOptions::Verify::Ca:
      return "ca";
    case http::TlsOptions::Verify::None:
      return "none";
  }
  return {};
}

constexpr Option kHttp[] = {
    {.key = "tls.verify",
     .other_names = "_tls_no_verify?none _tls_verify_hostname?:ca checkServerCertificate?:none "
                    "adbc.http_options.tls.disable_server_certificate_validation?none "
                    "adbc.http_options.tls.allow_hostname_mismatch?ca "
                    "http.tls.allow_self_signed?none http.tls.allow_hostname_mismatch?ca",
     .jdbc_names = "AllowSelfSignedCerts?none",
     .odbc_names = "AllowSelfSignedServerCert?none AllowHostNameCNMismatch?ca",
     .profile_names = "skip_verify?none",
     .type = OptionType::Choice,
     .fallback = "full",
     .choices = "full ca none",
     .help =
         "what is checked of the server's certificate: trust and host name, trust alone, nothing",
     .store = set_tls_verify,
     .text = tls_verify_text},
    {.key = "tls.ca_file",
     .other_names = "_tls_trusted_ca_file ssl_root_cert http.tls.trusted_certificate_path "
                    "adbc.http_options.tls.trusted_certificate_path",
     .odbc_names = "TrustedCerts",
     .help = "PEM file of authorities to trust beside the system's",
     .store = store<&Config::tls, &http::TlsOptions::ca_file>,
     .text = text<&Config::tls, &http::TlsOptions::ca_file>},
    {.key = "http.connect_timeout",
     .other_names = "adbc.spark.connect_timeout_ms/ms http.connect_timeout_ms/ms",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "30s",
     .minimum = 1,
     .maximum = kHour,
     .help = "longest wait for a network connection, TLS included",
     .store = store<&Config::connect_timeout>,
     .text = text<&Config::connect_timeout>},
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
};

}  // namespace

std::span<const Option> http_options() noexcept { return kHttp; }
std::span<const Option> retry_options() noexcept { return kRetry; }

}  // namespace dbsql::config
