#include "cli/bundle.h"

#include <dbsql/diagnosis.h>

#include "cli/connecting.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace dbsql::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int error_number) {
  if (error_number == EEXIST)
    throw OutputError(path + " exists already; --force overwrites it", error_number);
  throw OutputError("cannot write " + path + ": " + std::strerror(error_number), error_number);
}

/// A file beside the one to be, until it is whole: `mkstemp` makes it for its owner alone.
class PrivateFile {
 public:
  PrivateFile(const std::string& path, bool overwrites)
      : path_(path), temporary_(path + ".XXXXXX"), overwrites_(overwrites) {
    // Before the work, and once more at its end, where nothing can come in between.
    if (!overwrites && ::access(path.c_str(), F_OK) == 0) fail(path, EEXIST);
    file_ = ::mkstemp(temporary_.data());
    if (file_ < 0) fail(path, errno);
  }
  ~PrivateFile() {
    ::close(file_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail(path_, errno);
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void commit() {
    if (overwrites_) {
      if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, errno);
      temporary_.clear();
    } else if (::link(temporary_.c_str(), path_.c_str()) != 0) {
      fail(path_, errno);
    }
  }

 private:
  const std::string path_;
  std::string temporary_;
  const bool overwrites_;
  int file_ = -1;
};

std::string contents(const Options& options) {
  SupportBundleOptions what;
  what.diagnosis = diagnosis_options(options);
  what.attachments = options.attachments;
  return support_bundle(connection_of(options), what);
}

}  // namespace

ExitCode write_bundle(const Options& options) {
  PrivateFile file(options.bundle_file, options.force);
  file.write(contents(options));
  file.commit();
  if (!options.quiet)
    write_text(STDERR_FILENO, "wrote " + options.bundle_file +
                                  "; read it before you pass it on: names of hosts, catalogs and "
                                  "users are in it, secrets are not\n");
  return ExitCode::Ok;
}

}  // namespace dbsql::cli
