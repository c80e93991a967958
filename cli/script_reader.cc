#include "cli/script_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace dbsql::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

[[noreturn]] void throw_unreadable(const std::string& name, int error_number) {
  throw ScriptError("cannot read " + name + ": " + std::strerror(error_number));
}

}  // namespace

ScriptReader::ScriptReader(const std::vector<SqlSource>& sources, int wake_descriptor)
    : wake_descriptor_(wake_descriptor) {
  for (const SqlSource& source : sources) {
    if (source.kind == SqlSource::Kind::Text) {
      inputs_.push_back({.name = "-e", .text = source.value});
    } else if (source.value == "-") {
      inputs_.push_back({.name = "standard input", .text = {}, .descriptor = STDIN_FILENO});
    } else {
      const int descriptor = open(source.value.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0) throw_unreadable(source.value, errno);
      inputs_.push_back({.name = source.value, .text = {}, .descriptor = descriptor});
      struct stat status {};
      if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
        throw_unreadable(source.value, EISDIR);
    }
  }
}

ScriptReader::~ScriptReader() {
  for (const Input& input : inputs_) {
    if (input.descriptor > STDIN_FILENO) close(input.descriptor);
  }
}

std::optional<ScriptStatement> ScriptReader::next() {
  while (!inputs_.empty()) {
    Input& input = inputs_.front();
    if (auto statement = splitter_.next()) return ScriptStatement{*statement, input.name};
    if (!input.at_end) {
      if (!read_more(input)) return std::nullopt;
      continue;
    }
    // Each source ends its last statement, with or without a `;`.
    if (auto statement = splitter_.finish()) return ScriptStatement{*statement, input.name};
    if (input.descriptor > STDIN_FILENO) close(input.descriptor);
    inputs_.pop_front();
  }
  return std::nullopt;
}

/// Feeds the splitter once; false when interrupted.
bool ScriptReader::read_more(Input& input) {
  if (input.descriptor < 0) {
    splitter_.feed(input.text);
    input.at_end = true;
    return true;
  }
  if (!await_input(input.descriptor)) return false;
  std::array<char, 1 << 16> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
  const ssize_t count = read(input.descriptor, bytes.data(), bytes.size());
  if (count < 0 && errno == EINTR) return true;
  if (count < 0) throw_unreadable(input.name, errno);
  std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  if (input.at_start && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  input.at_start = false;
  input.at_end = count == 0;
  splitter_.feed(text);
  return true;
}

bool ScriptReader::await_input(int descriptor) const {
  std::array<pollfd, 2> waiting{{{descriptor, POLLIN, 0}, {wake_descriptor_, POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) return true;  // the read that follows tells what is wrong
  }
  return waiting[1].revents == 0;
}

}  // namespace dbsql::cli
