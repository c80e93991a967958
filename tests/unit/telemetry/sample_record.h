#pragma once

#include "telemetry/record.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace dbsql::telemetry {

inline std::shared_ptr<ConnectionFacts> sample_facts() {
  auto facts = std::make_shared<ConnectionFacts>();
  facts->user_agent = "DatabricksSqlCpp/0.1.0";
  facts->workspace_id = 7;
  facts->system = {.driver_version = "0.1.0",
                   .runtime_name = "C++20",
                   .runtime_version = "gcc 12.2",
                   .runtime_vendor = "libstdc++",
                   .os_name = "Linux",
                   .os_version = "Debian 12",
                   .os_arch = "x86_64",
                   .driver_name = "databricks-sql-cpp",
                   .client_app_name = "acme",
                   .locale_name = "en_US",
                   .char_set_encoding = "UTF-8",
                   .process_name = "app"};
  facts->parameters.http_path = "/sql/1.0/warehouses/abc";
  facts->parameters.mode = ProtocolMode::Thrift;
  facts->parameters.auth_mech = AuthMech::Pat;
  facts->parameters.auth_type = "pat";
  facts->parameters.enable_arrow = true;
  return facts;
}

inline Record sample_record(OperationType type,
                            std::shared_ptr<const ConnectionFacts> facts = sample_facts()) {
  Record record;
  record.operation.type = type;
  record.operation.time =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1767225599871));
  record.operation.session_id = WireId("01ef-session");
  record.event_id = "0f6c2f0e-8f1e-4b0a-9f55-0c5f3d1f2a11";
  record.connection = std::move(facts);
  return record;
}

}  // namespace dbsql::telemetry
