#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// The storage service that the bench server is, too.
namespace dbsql::bench {

/// Where the files of one result are.
struct FileAddress {
  std::string origin;           ///< of this server, for instance "http://127.0.0.1:1234"
  std::uint32_t result = 0;     ///< number of the result
  std::int64_t file_count = 0;  ///< of the result; several have the same contents
  std::int64_t rows_per_file = 0;

  /// The link of one file. It never expires while the server lives.
  std::string link(std::int64_t file) const;
};

/// How fast a file leaves: like a storage service far away, or as fast as it can.
struct Pace {
  std::chrono::milliseconds delay{0};  ///< before the first byte
  double bytes_per_s = 0;              ///< 0 = no limit

  bool is_limited() const noexcept { return delay.count() > 0 || bytes_per_s > 0; }
};

/// A moment that no benchmark lives to see.
std::chrono::system_clock::time_point link_expiry();

}  // namespace dbsql::bench
