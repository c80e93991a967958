#include "warehouse/storage.h"

#include "base/text.h"
#include "warehouse/engine.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace dbsql::warehouse {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw EngineError{.sqlstate = "58030",
                    .error_class = "",
                    .message = base::concat("A result file cannot be written: ", what)};
}

std::optional<base::Buffer> read_file(const std::string& path, std::size_t size) {
  std::ifstream file(path, std::ios::binary);
  base::MutableBuffer content = base::BufferArena::process().allocate(size);
  file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::size_t>(file.gcount()) != size) return std::nullopt;
  content.set_size(size);
  return std::move(content).freeze();
}

}  // namespace

Storage::Storage(base::Clock& clock, std::string volume_directory)
    : links_(clock), volumes_(std::move(volume_directory), clock) {}

Storage::~Storage() {
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

void Storage::require_directory_locked() {
  if (!directory_.empty()) return;
  std::error_code error;
  const auto base_directory = std::filesystem::temp_directory_path(error);
  std::string name = (base_directory / "dbsql-storage-XXXXXX").string();
  if (error || mkdtemp(name.data()) == nullptr) fail("there is no temporary directory");
  directory_ = std::move(name);
}

std::string Storage::path_of(std::uint64_t id) const {
  return base::concat(directory_, "/", id, ".arrow");
}

std::uint64_t Storage::put(std::string_view content) {
  std::uint64_t id = 0;
  std::string path;
  {
    std::lock_guard lock(mutex_);
    require_directory_locked();
    id = next_id_++;
    path = path_of(id);
  }
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    fail("the temporary directory is full or not writable");
  }
  std::lock_guard lock(mutex_);
  sizes_[id] = content.size();
  return id;
}

void Storage::remove(std::uint64_t id) noexcept {
  std::error_code ignored;
  std::lock_guard lock(mutex_);
  if (sizes_.erase(id) != 0) std::filesystem::remove(path_of(id), ignored);
}

std::size_t Storage::file_count() const {
  std::lock_guard lock(mutex_);
  return sizes_.size();
}

void Storage::set_origin(const std::string& origin) {
  links_.set_origin(origin);
  volumes_.set_origin(origin);
}

SignedLinks::Link Storage::link(std::uint64_t id, std::chrono::milliseconds lifetime) const {
  return links_.make("GET", base::concat(kPathPrefix, id, ".arrow"), lifetime);
}

HttpReply Storage::serve(const HttpRequest& request) {
  if (request.path().starts_with(Volumes::kPathPrefix)) return volumes_.serve(request);
  if (request.method != "GET")
    return storage_error(405, "MethodNotAllowed", "Result files can only be read.");
  if (HttpReply refusal = links_.refusal(request); refusal.status != 200) return refusal;
  std::string_view name = request.path().substr(kPathPrefix.size());
  if (name.ends_with(".arrow")) name.remove_suffix(6);
  const auto id = base::parse_number<std::uint64_t>(name);
  if (!id) return storage_error(404, "NoSuchKey", "There is no such file.");
  std::string path;
  std::size_t size = 0;
  {
    std::lock_guard lock(mutex_);
    const auto found = sizes_.find(*id);
    if (found == sizes_.end()) return storage_error(404, "NoSuchKey", "There is no such file.");
    path = path_of(*id);
    size = found->second;
  }
  auto content = read_file(path, size);
  if (!content) return storage_error(404, "NoSuchKey", "The file is gone.");
  HttpReply reply;
  reply.headers.push_back({"content-type", "application/octet-stream"});
  reply.body.push_back(*std::move(content));
  return reply;
}

}  // namespace dbsql::warehouse
