#include "cli/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace dbsql::cli {
namespace {

[[noreturn]] void throw_output_error(const std::string& what, int error_number) {
  throw OutputError(what + ": " + std::strerror(error_number), error_number);
}

/// The file a path leads to in the end: a symbolic link is written through, not replaced.
std::string resolve(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result = resolved;
  std::free(resolved);  // NOLINT(cppcoreguidelines-no-malloc): realpath allocates so
  return result;
}

mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

bool OutputError::is_closed_pipe() const noexcept { return error_number_ == EPIPE; }

Output::Output(int descriptor, std::string name, int wake_descriptor)
    : descriptor_(descriptor), name_(std::move(name)), wake_descriptor_(wake_descriptor) {
  struct stat status {};
  may_block_ = fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode);
  is_terminal_ = isatty(descriptor) == 1;
}

Output Output::to_file(const std::string& path, int wake_descriptor) {
  const std::string target = resolve(path);
  struct stat status {};
  const bool exists = stat(target.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    const int direct = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (direct < 0) throw_output_error("cannot write " + path, errno);
    Output output(direct, path, wake_descriptor);
    output.owns_descriptor_ = true;
    return output;
  }
  if (exists && access(target.c_str(), W_OK) != 0)
    throw_output_error("cannot write " + path, errno);
  std::string temporary = target + ".XXXXXX.part";
  const int descriptor = mkostemps(temporary.data(), 5, O_CLOEXEC);
  if (descriptor < 0) throw_output_error("cannot create a file beside " + path, errno);
  fchmod(descriptor, exists ? status.st_mode & 07777 : usual_mode());
  Output output(descriptor, path, wake_descriptor);
  output.owns_descriptor_ = true;
  output.path_ = target;
  output.temporary_ = std::move(temporary);
  return output;
}

Output::Output(Output&& other) noexcept { *this = std::move(other); }

Output& Output::operator=(Output&& other) noexcept {
  if (this == &other) return *this;
  give_up();
  descriptor_ = std::exchange(other.descriptor_, -1);
  name_ = std::move(other.name_);
  wake_descriptor_ = other.wake_descriptor_;
  owns_descriptor_ = std::exchange(other.owns_descriptor_, false);
  is_terminal_ = other.is_terminal_;
  may_block_ = other.may_block_;
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, {});
  buffer_ = std::move(other.buffer_);
  last_write_ = other.last_write_;
  before_write_ = std::move(other.before_write_);
  return *this;
}

Output::~Output() { give_up(); }

void Output::give_up() noexcept {
  if (owns_descriptor_) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  owns_descriptor_ = false;
  temporary_.clear();
}

void Output::drain_slowly() {
  constexpr std::chrono::milliseconds kPatience{50};
  if (buffer_.size() >= kBufferSize ||
      std::chrono::steady_clock::now() - last_write_ >= kPatience) {
    flush();
  }
}

void Output::flush() {
  // Emptied first: what could not be written once is not tried again.
  std::string pending = std::exchange(buffer_, {});
  write_all(pending);
  pending.clear();
  buffer_ = std::move(pending);  // keeps its memory
  if (is_terminal_) last_write_ = std::chrono::steady_clock::now();
}

void Output::write(std::string_view bytes) {
  if (bytes.size() < kBufferSize / 4) {
    buffer_ += bytes;
    drain();
    return;
  }
  flush();
  write_all(bytes);
}

void Output::write_all(std::string_view bytes) {
  if (bytes.empty()) return;
  if (is_terminal_ && before_write_) before_write_();
  while (!bytes.empty()) {
    std::size_t size = bytes.size();
    if (may_block_) {
      await_writable();
      size = std::min<std::size_t>(size, PIPE_BUF);  // what a writable pipe takes without blocking
    }
    const ssize_t written = ::write(descriptor_, bytes.data(), size);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      throw_output_error("cannot write " + name_, errno);
    }
  }
}

void Output::await_writable() const {
  std::array<pollfd, 2> waiting{{{descriptor_, POLLOUT, 0}, {wake_descriptor_, POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) return;  // the write that follows tells what is wrong
  }
  const bool is_interrupted = waiting[1].revents != 0;
  // A pipe that takes more gets the rows that are ready; a screen stops scrolling at once.
  if (is_interrupted && (is_terminal_ || waiting[0].revents == 0)) throw OutputInterrupted();
}

void Output::commit() {
  flush();
  if (!owns_descriptor_) return;
  owns_descriptor_ = false;
  // Network file systems and quotas may report a failed write only here.
  if (close(descriptor_) != 0) throw_output_error("cannot write " + name_, errno);
  if (temporary_.empty()) return;
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw_output_error("cannot rename " + temporary_ + " to " + path_, errno);
  }
  temporary_.clear();
}

}  // namespace dbsql::cli
