#pragma once

#include "config/auth_options.h"
#include "config/auth_type.h"
#include "config/log_options.h"
#include "config/native_types.h"
#include "config/otel_options.h"
#include "config/proxy_parts.h"
#include "config/telemetry_options.h"
#include "config/transaction_options.h"
#include "http/curl_options.h"
#include "http/retry_policy.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dbsql::config {

/// Everything a connection needs to know, checked: what every dialect's parser produces.
struct ConnectionConfig {
  std::string scheme = "https";  ///< http only for loopback hosts, or with the flag below
  bool allow_insecure_http = false;
  std::string host;
  std::uint16_t port = 443;
  std::string http_path;     ///< with its query, such as `?o=` of a host that many share
  std::string warehouse_id;  ///< in `http_path`; empty = the path is none of a warehouse
  std::string cluster_id;    ///< in `http_path`
  std::string org_id;        ///< in `http_path`: the workspace on a host that many share
  std::string protocol = "auto";
  AuthType auth_type = AuthType::Unspecified;
  std::string token;     ///< secret; empty with AuthType::None and Basic
  std::string user;      ///< with AuthType::Basic
  std::string password;  ///< secret; with AuthType::Basic
  AuthOptions auth;
  std::map<std::string, std::string> http_headers;  ///< of the user's own, for workspace requests
  std::string catalog;
  std::string schema;
  std::map<std::string, std::string> session_confs;
  std::string user_agent_entry;
  bool session_recovery = false;  ///< an expired session is replaced where nothing is lost by it

  std::int64_t max_rows_per_fetch = 100'000;
  std::chrono::seconds query_timeout{0};  ///< server side; 0 = none
  /// Folders and files that PUT and GET of volumes may use, as written.
  std::vector<std::string> staging_allowed_paths;
  std::string query_tags;  ///< of the session, as written: `team:engineering,nightly`
  /// Longest silence about an open statement before the server is sent a heartbeat; 0 = none.
  std::chrono::milliseconds keep_alive_interval{60'000};
  bool lz4 = true;
  bool arrow = true;  ///< false: pages of columns, as servers without Arrow send them
  NativeTypes native_types;
  bool cloudfetch = true;
  int cloudfetch_threads = 0;                                  ///< 0 = adaptive
  std::chrono::milliseconds cloudfetch_stall_timeout{30'000};  ///< of a download without a byte
  std::int64_t memory_budget =
      0;  ///< bytes; 0 = the budget that all connectors of the process share

  http::CurlOptions transport;  ///< the one way out of the process, for all hosts
  ProxyParts proxy;             ///< as written; what they come to is in `transport`
  std::chrono::milliseconds request_timeout{900'000};  ///< to the first byte of a reply
  int pool_size = 100;  ///< requests to the workspace under way at one time; 0 = no bound
  http::RetryOptions retry;
  TransactionOptions transactions;
  TelemetryOptions telemetry;
  LogOptions log;
  OtelOptions otel;

  friend bool operator==(const ConnectionConfig&, const ConnectionConfig&) = default;
};

}  // namespace dbsql::config
