#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dbsql::warehouse {

/// The storage host of the warehouse: files that are fetched with signed links that expire, as from
/// the storage services behind CloudFetch (reference/results.md 1.7).
///
/// Files lie in a temporary directory, so that large results cost no memory; it goes with this
/// object. Threads: safe from any thread.
class Storage {
 public:
  static constexpr std::string_view kPathPrefix = "/_storage/";

  explicit Storage(base::Clock& clock);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// `scheme://host:port` that links begin with; set before the first link is made.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  /// Keeps a file and returns its id. \throws EngineError when it cannot be written
  std::uint64_t put(std::string_view content);
  void remove(std::uint64_t id) noexcept;

  struct Link {
    std::string url;
    std::int64_t expiry_ms = 0;  ///< since 1970
  };
  Link link(std::uint64_t id, std::chrono::milliseconds lifetime) const;

  /// Answers a request below `kPathPrefix`. No credentials are wanted here, and none are accepted.
  HttpReply serve(const HttpRequest& request) const;

  std::size_t file_count() const;

 private:
  std::string signature(std::uint64_t id, std::int64_t expiry_ms) const;
  std::string path_of(std::uint64_t id) const;
  void require_directory_locked();

  base::Clock& clock_;
  const std::string key_;  // random: links do not survive the process
  std::string origin_;
  mutable std::mutex mutex_;
  std::string directory_;                                 // guarded by mutex_
  std::unordered_map<std::uint64_t, std::size_t> sizes_;  // guarded by mutex_
  std::uint64_t next_id_ = 1;                             // guarded by mutex_
};

}  // namespace dbsql::warehouse
