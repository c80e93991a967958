#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"
#include "warehouse/signed_links.h"
#include "warehouse/volumes.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dbsql::warehouse {

/// The storage host of the warehouse: files that are reached with signed links that expire, as on
/// the storage services behind CloudFetch and volumes (reference/results.md 1.7, 5).
///
/// Files of results lie in a temporary directory, so that large results cost no memory; it goes
/// with this object. Threads: safe from any thread.
class Storage {
 public:
  static constexpr std::string_view kPathPrefix = "/_storage/";

  /// \param volume_directory  see `Volumes`
  explicit Storage(base::Clock& clock, std::string volume_directory = {});
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// `scheme://host:port` that links begin with; set before the first link is made.
  void set_origin(const std::string& origin);

  /// Keeps a file and returns its id. \throws EngineError when it cannot be written
  std::uint64_t put(std::string_view content);
  void remove(std::uint64_t id) noexcept;

  using Link = SignedLinks::Link;
  Link link(std::uint64_t id, std::chrono::milliseconds lifetime) const;

  /// Answers a request below `kPathPrefix`. No credentials are wanted here, and none are accepted.
  HttpReply serve(const HttpRequest& request);

  Volumes& volumes() noexcept { return volumes_; }

  std::size_t file_count() const;

 private:
  std::string path_of(std::uint64_t id) const;
  void require_directory_locked();

  SignedLinks links_;
  Volumes volumes_;
  mutable std::mutex mutex_;
  std::string directory_;                                 // guarded by mutex_
  std::unordered_map<std::uint64_t, std::size_t> sizes_;  // guarded by mutex_
  std::uint64_t next_id_ = 1;                             // guarded by mutex_
};

}  // namespace dbsql::warehouse
