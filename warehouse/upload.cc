#include "warehouse/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace dbsql::warehouse {

Upload::Upload(std::string path, std::optional<std::uint64_t> reset_after)
    : path_(std::move(path)), reset_after_(reset_after) {
  if (path_.empty()) return;
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  failed_ = file_ < 0;
}

Upload::~Upload() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(path_.c_str());  // fails when it was kept: then it has another name
}

void Upload::append(std::string_view bytes) {
  size_ += bytes.size();
  while (file_ >= 0 && !failed_ && !bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    failed_ = count < 0;
    if (!failed_) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool Upload::keep_as(const std::string& path) {
  return file_ >= 0 && !failed_ && std::rename(path_.c_str(), path.c_str()) == 0;
}

}  // namespace dbsql::warehouse
