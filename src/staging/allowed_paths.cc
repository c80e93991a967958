#include "staging/allowed_paths.h"

#include "base/text.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace dbsql::staging {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(std::string_view file, std::string_view why) {
  throw_error({.kind = ErrorKind::PermissionDenied,
               .message = base::concat("the local file '", file, "' must not be used: ", why)});
}

/// Without a slash at the end, which would be an empty last component.
fs::path without_slash(const fs::path& path) {
  return path.has_filename() || path == path.root_path() ? path : path.parent_path();
}

/// The path with all symbolic links of its existing part resolved.
fs::path canonical(const fs::path& path, std::string_view file) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(path, error);
  if (error) refuse(file, base::concat("its path cannot be resolved: ", error.message()));
  return without_slash(resolved);
}

/// Whole components: `/database` is not within `/data`.
bool is_within(const fs::path& path, const fs::path& base) {
  return std::mismatch(base.begin(), base.end(), path.begin(), path.end()).first == base.end();
}

FileDescriptor open_folder(int parent, const fs::path& name, const std::string& file) {
  const int opened = ::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened >= 0) return FileDescriptor(opened);
  if (errno == ELOOP || errno == ENOTDIR) refuse(file, "a part of its path is not a folder");
  throw_system_error(errno,
                     base::concat("the folder of the local file '", file, "' cannot be opened"));
}

/// Opens the folder of `file` from `base` on, which it is within.
LocalPlace walk(const fs::path& base, const fs::path& file) {
  const fs::path start = file == base ? base.parent_path() : base;
  LocalPlace place{.folder = open_folder(AT_FDCWD, start, file.string()),
                   .name = file.filename().string(),
                   .path = file.string()};
  const fs::path rest = file.parent_path().lexically_relative(start);
  for (const fs::path& component : rest) {
    if (component == ".") continue;
    place.folder = open_folder(place.folder.get(), component, place.path);
  }
  return place;
}

}  // namespace

AllowedPaths::AllowedPaths(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    if (error) {
      throw_error({.kind = ErrorKind::Configuration,
                   .message = base::concat("staging.allowed_paths: the path '", path,
                                           "' cannot be resolved: ", error.message())});
    }
    paths_.push_back(absolute);
  }
}

AllowedPaths AllowedPaths::with(const std::vector<std::string>& more) const {
  AllowedPaths all(more);
  all.paths_.insert(all.paths_.begin(), paths_.begin(), paths_.end());
  return all;
}

LocalPlace AllowedPaths::open(std::string_view file) const {
  if (empty()) {
    refuse(file,
           "no local path is allowed on this connection; name its folder in the option "
           "staging.allowed_paths");
  }
  if (file.find('\0') != std::string_view::npos) refuse({}, "its name contains a NUL");
  std::error_code error;
  const fs::path absolute = fs::absolute(file, error);
  if (error) refuse(file, base::concat("its path cannot be resolved: ", error.message()));
  if (!absolute.has_filename()) refuse(file, "it names a folder");
  const fs::path path = canonical(absolute, file);
  for (const fs::path& allowed : paths_) {
    const fs::path base = canonical(allowed, file);
    if (is_within(path, base)) return walk(base, path);
  }
  refuse(file,
         "it is outside of the allowed local paths; name its folder in the option "
         "staging.allowed_paths");
}

}  // namespace dbsql::staging
