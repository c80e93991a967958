#include "cli/history_file.h"

#include "cli/terminal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace dbsql::cli {
namespace {

constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
constexpr mode_t kOwnerOnly = 0600;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

void write_and_close(int descriptor, std::string_view text) {
  fchmod(descriptor, kOwnerOnly);  // also a file that somebody made readable
  write_text(descriptor, text);
  close(descriptor);
}

}  // namespace

std::string HistoryFile::usual_path() {
  // A relative path is to be ignored, says the base directory specification.
  if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/')) {
    return state + "/dbsql/history";
  }
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.local/state/dbsql/history";
}

std::vector<std::string> HistoryFile::load() {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(std::move(line));
  }
  if (lines.size() <= kLines) return lines;
  const bool is_far_beyond = lines.size() > 2 * kLines;
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLines));
  if (is_far_beyond) rewrite(lines);
  return lines;
}

void HistoryFile::append(const std::string& entry) {
  if (path_.empty()) return;
  std::error_code ignored;
  const auto folder = std::filesystem::path(path_).parent_path();
  if (!std::filesystem::exists(folder, ignored)) {
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  const int descriptor = open(path_.c_str(), kFlags | O_APPEND, kOwnerOnly);
  if (descriptor >= 0) write_and_close(descriptor, entry + "\n");
}

void HistoryFile::rewrite(const std::vector<std::string>& lines) {
  const std::string temporary = path_ + "." + std::to_string(getpid());
  const int descriptor = open(temporary.c_str(), kFlags | O_TRUNC, kOwnerOnly);
  if (descriptor < 0) return;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  write_and_close(descriptor, text);
  if (rename(temporary.c_str(), path_.c_str()) != 0) unlink(temporary.c_str());
}

}  // namespace dbsql::cli
