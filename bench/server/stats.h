#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::bench {

enum class Method : std::uint8_t {
  OpenSession,
  ExecuteStatement,
  FetchResults,
  GetOperationStatus,
  GetResultSetMetadata,
  CloseOperation,
  CancelOperation,
  CloseSession,
  Download,  ///< of a file
  Rest,      ///< any call of the REST protocol
  Other,
};
inline constexpr std::size_t kMethodCount = 11;

std::string_view to_string(Method method) noexcept;
Method method_of(std::string_view name) noexcept;

/// What the server did, so that nobody has to believe that it was not the bottleneck.
class Stats {
 public:
  /// \param busy  from the last byte of the request to the last byte handed to the kernel, without
  /// the time a full socket made it wait
  void add(Method method, std::uint64_t request_bytes, std::uint64_t reply_bytes,
           std::chrono::nanoseconds busy);
  void connection_opened() noexcept { ++connections_; }

  /// Counters per method with a histogram of reply times, totals, and the CPU time of this process.
  std::string to_json(const std::string& last_options) const;

 private:
  struct Counter {
    std::uint64_t requests = 0;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    std::uint64_t busy_ns = 0;
    std::array<std::uint64_t, 40> histogram{};  ///< by the power of two of nanoseconds
  };
  std::array<Counter, kMethodCount> counters_{};
  std::uint64_t connections_ = 0;
};

}  // namespace dbsql::bench
