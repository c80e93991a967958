#pragma once

#include <string>

namespace dbsql::config {

/// What a connection asks of the log, which is the whole process's
/// (reference/auth-http-config.md 1.9). What is not given leaves it as it is.
struct LogOptions {
  std::string level;  ///< empty = not given
  std::string file;   ///< empty = not given; a folder = dbsql.log in it
  bool json = false;
  int file_mebibytes = 10;
  int file_count = 10;

  friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

}  // namespace dbsql::config
