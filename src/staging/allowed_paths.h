#pragma once

#include "staging/file_descriptor.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::staging {

/// A place for a file in a folder that is open: what happens to names in the file system from now
/// on leads nowhere else.
struct LocalPlace {
  FileDescriptor folder;
  std::string name;  ///< in the folder; never a way out of it
  std::string path;  ///< canonical, for messages
};

/// Where files may be read by PUT and written by GET. Their names come from the server, and a
/// hostile one could name any file (reference/results.md 5.3).
///
/// Threads: safe to use from any thread.
class AllowedPaths {
 public:
  AllowedPaths() = default;
  /// \param paths  folders, or single files; relative ones start from the working directory of now
  explicit AllowedPaths(const std::vector<std::string>& paths);

  /// These and more.
  AllowedPaths with(const std::vector<std::string>& more) const;

  bool empty() const noexcept { return paths_.empty(); }

  /// The place of a local file, which need not exist. Compared are whole components of canonical
  /// paths, symbolic links resolved; the folder is then opened component by component without
  /// following any link, so that one put there in between leads nowhere.
  /// \throws Error  PermissionDenied: nothing or not this is allowed; NotFound: there is no such
  /// folder
  LocalPlace open(std::string_view file) const;

 private:
  std::vector<std::filesystem::path> paths_;  // absolute
};

}  // namespace dbsql::staging
