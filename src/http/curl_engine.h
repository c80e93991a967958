#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>

namespace dbsql::http {

class CurlTransfer;

/// One I/O thread with libcurl's multi interface and its connection cache.
///
/// Ownership: shared by the transports of the process and by calls that run; the last owner stops
/// the thread. Threads: safe from any thread. Cost: a wake-up of the thread for a submission that
/// finds it idle; none while others are waiting already.
class CurlEngine {
 public:
  /// Kept connections are not used after 55 s (curl_handles.cc); a second later nobody needs them.
  static constexpr std::chrono::milliseconds kIdleLimit{56'000};
  static constexpr std::size_t kMost = 8;  ///< engines of one owner

  /// The process's engine of that number, started when nobody has it.
  /// \param owner  engines of different owners share no connections: for what libcurl does not
  ///   compare when it looks for one to reuse; empty = everybody
  static std::shared_ptr<CurlEngine> acquire(std::size_t number, const std::string& owner = {});

  /// \param idle_limit  time without any transfer after which all kept connections are closed
  explicit CurlEngine(std::chrono::milliseconds idle_limit = kIdleLimit);
  ~CurlEngine();
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;

  /// Starts a transfer. \throws StateError  after a fork(): the child has no I/O thread
  void submit(std::shared_ptr<CurlTransfer> transfer);
  /// Ends a transfer soon, closes its socket and lets go of it; nothing when it is over. Returns at
  /// once.
  void abort(std::shared_ptr<CurlTransfer> transfer) noexcept;
  /// Lets a transfer go on that has paused; nothing when it is over.
  void resume(std::shared_ptr<CurlTransfer> transfer);

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace dbsql::http
