#pragma once

#include "warehouse/exchange.h"
#include "warehouse/faults.h"
#include "warehouse/flavor.h"
#include "warehouse/guid.h"
#include "warehouse/identity_service.h"
#include "warehouse/journal.h"
#include "warehouse/power.h"
#include "warehouse/storage.h"
#include "warehouse/telemetry_service.h"
#include "warehouse/thrift_service.h"
#include "warehouse/timers.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

struct RouterOptions {
  Flavor flavor = Flavor::Databricks;
  std::string token;  ///< the personal access token, or password, that is accepted; empty = any
  std::string org_id = "1234567890123456";
};

/// Decides what happens with a request: journal, faults, credentials, then the service its path
/// belongs to. Every reply gets the headers that real servers put on all of theirs
/// (reference/observed.md 1).
///
/// Ownership: refers to everything it is given. Threads: safe from any thread; never blocks.
class Router {
 public:
  Router(RouterOptions options, FaultRules& faults, Journal& journal, ThriftService& thrift,
         Storage& storage, IdentityService& identity, TelemetryService& telemetry, Power& power,
         Timers& timers)
      : options_(std::move(options)),
        traits_(traits_of(options_.flavor)),
        faults_(faults),
        journal_(journal),
        thrift_(thrift),
        storage_(storage),
        identity_(identity),
        telemetry_(telemetry),
        power_(power),
        timers_(timers) {}

  void route(std::shared_ptr<Exchange> exchange);

  /// Where the body of a request goes that has not been read yet; null = it is held in memory.
  std::shared_ptr<Upload> upload_for(const HttpRequest& head);

 private:
  void record(std::uint64_t number, const HttpReply& reply);
  void suffer(const Fault& fault, const std::shared_ptr<Exchange>& exchange);
  void serve(const std::shared_ptr<Exchange>& exchange);
  void serve_thrift(const std::shared_ptr<Exchange>& exchange, Compute compute);
  bool takes_anybody() const;
  bool is_sign_in(std::string_view path) const;
  void serve_local(Exchange& exchange);
  void serve_faults(Exchange& exchange);
  void serve_journal(Exchange& exchange);
  void serve_sessions(Exchange& exchange);
  void serve_power(Exchange& exchange);
  void serve_telemetry_records(Exchange& exchange);
  bool is_telemetry(std::string_view path) const;
  std::optional<Compute> compute_of(std::string_view path) const;
  std::optional<HttpReply> refuse_bearer(const HttpRequest& request) const;
  std::optional<HttpReply> refuse_credentials(const HttpRequest& request) const;
  void add_standard_headers(const HttpRequest& request, HttpReply& reply) const;

  RouterOptions options_;
  const FlavorTraits& traits_;
  const std::string cookie_ = Guid::random().to_text();  // what Hive servers hand out
  FaultRules& faults_;
  Journal& journal_;
  ThriftService& thrift_;
  Storage& storage_;
  IdentityService& identity_;
  TelemetryService& telemetry_;
  Power& power_;
  Timers& timers_;
};

}  // namespace dbsql::warehouse
