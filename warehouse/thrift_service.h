#pragma once

#include "base/clock.h"
#include "warehouse/engine.h"
#include "warehouse/exchange.h"
#include "warehouse/flavor.h"
#include "warehouse/journal.h"
#include "warehouse/storage.h"
#include "warehouse/timers.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// TProtocolVersion numbers.
inline constexpr std::int32_t kHiveV1 = 0;
inline constexpr std::int32_t kHiveV6 = 5;
inline constexpr std::int32_t kHiveV10 = 9;
inline constexpr std::int32_t kSparkV1 = 0xA501;
inline constexpr std::int32_t kSparkV3 = 0xA503;
inline constexpr std::int32_t kSparkV4 = 0xA504;
inline constexpr std::int32_t kSparkV5 = 0xA505;
inline constexpr std::int32_t kSparkV6 = 0xA506;
inline constexpr std::int32_t kSparkV8 = 0xA508;
inline constexpr std::int32_t kSparkV9 = 0xA509;

/// `V8`, `HIVE_V10`: how options name a protocol version. \throws std::invalid_argument with the
/// names that exist
std::int32_t parse_protocol(std::string_view name);
std::string protocol_name(std::int32_t protocol);

struct ServiceOptions {
  Flavor flavor = Flavor::Databricks;
  std::int32_t max_protocol = kSparkV8;  ///< at most what the flavor speaks
  std::chrono::milliseconds direct_results_wait{
      5'000};  ///< for a statement to finish inside ExecuteStatement
  std::chrono::milliseconds long_poll_wait{
      5'000};  ///< of GetOperationStatus while the statement runs
  std::chrono::milliseconds session_idle_timeout{0};  ///< 0 = sessions never expire
  bool cloudfetch = true;  ///< large results travel as files, to clients that can download them
  std::size_t inline_limit_bytes = std::size_t{4}
                                   << 20;          ///< results up to this size stay in the reply
  std::size_t file_bytes = std::size_t{20} << 20;  ///< uncompressed size of one result file
  std::size_t links_per_page = 16;
  std::chrono::milliseconds link_lifetime{900'000};
  std::size_t statement_threads = 16;  ///< statements that run at the same time
  std::size_t page_threads = 8;        ///< pages that are made at the same time
  std::size_t request_threads = 2;     ///< for other calls that may block
};

/// Which kind of compute a path stands for; they differ in small things.
enum class Compute : std::uint8_t { Warehouse, Cluster };

/// The Thrift method that a request body names; empty when it is no Thrift call.
std::string_view peek_thrift_method(std::string_view body) noexcept;

/// TCLIService: sessions, operations and their results over one engine (reference/thrift.md).
///
/// Ownership: refers to engine, timers, journal, storage and clock, which outlive it.
/// Threads: safe from any thread. `handle` never blocks: work goes to bounded worker pools, waits
/// to timers.
class ThriftService {
 public:
  ThriftService(Engine& engine, Timers& timers, Journal& journal, Storage& storage,
                ServiceOptions options, base::Clock& clock = base::Clock::system());
  ~ThriftService();

  void handle(std::shared_ptr<Exchange> exchange, Compute compute);

  /// Closes the sessions that nobody has used for the idle timeout.
  void expire_idle_sessions();

  /// Closes all sessions, as a restart does: their clients hear of it when they use them next.
  /// \return how many there were
  std::size_t end_sessions();

  std::size_t open_sessions() const;
  std::size_t open_operations() const;

  /// Interrupts what runs, closes every session, joins the workers.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql::warehouse
