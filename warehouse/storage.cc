#include "warehouse/storage.h"

#include "base/text.h"
#include "warehouse/engine.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

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

constexpr std::size_t kKeyBytes = 32;

std::string random_key() {
  std::string key(kKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1)
    throw std::runtime_error("the system gives no random bytes");
  return key;
}

[[noreturn]] void fail(std::string_view what) {
  throw EngineError{.sqlstate = "58030",
                    .error_class = "",
                    .message = base::concat("A result file cannot be written: ", what)};
}

/// Errors as storage services send them: XML with a code.
HttpReply storage_error(int status, std::string_view code, std::string_view message) {
  HttpReply reply{.status = status};
  reply.headers.push_back({"content-type", "application/xml"});
  reply.body.push_back(base::Buffer::copy_of(
      base::concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>", code,
                   "</Code><Message>", message, "</Message></Error>")));
  return reply;
}

std::string_view query_value(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return {};
  for (const std::string_view pair : base::split(target.substr(question + 1), '&')) {
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
  }
  return {};
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

Storage::Storage(base::Clock& clock) : clock_(clock), key_(random_key()) {}

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

std::string Storage::signature(std::uint64_t id, std::int64_t expiry_ms) const {
  const std::string text = base::concat(id, "\n", expiry_ms);
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return base::to_hex(std::as_bytes(std::span(digest, size)));
}

Storage::Link Storage::link(std::uint64_t id, std::chrono::milliseconds lifetime) const {
  const auto expiry = clock_.system_now() + lifetime;
  const std::int64_t expiry_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(expiry.time_since_epoch()).count();
  return {.url = base::concat(origin_, kPathPrefix, id, ".arrow?X-Amz-Expires=", expiry_ms,
                              "&X-Amz-Signature=", signature(id, expiry_ms)),
          .expiry_ms = expiry_ms};
}

HttpReply Storage::serve(const HttpRequest& request) const {
  if (request.method != "GET")
    return storage_error(405, "MethodNotAllowed", "Result files can only be read.");
  if (!find_header(request.headers, "authorization").empty())
    return storage_error(400, "InvalidArgument",
                         "Only one auth mechanism allowed: the signed link already is one.");
  std::string_view name = request.path().substr(kPathPrefix.size());
  if (name.ends_with(".arrow")) name.remove_suffix(6);
  const auto id = base::parse_number<std::uint64_t>(name);
  const auto expiry_ms =
      base::parse_number<std::int64_t>(query_value(request.target, "X-Amz-Expires"));
  if (!id || !expiry_ms ||
      query_value(request.target, "X-Amz-Signature") != signature(*id, *expiry_ms))
    return storage_error(403, "SignatureDoesNotMatch", "The signature does not match this link.");
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.system_now().time_since_epoch());
  if (now.count() >= *expiry_ms) return storage_error(403, "AccessDenied", "Request has expired");
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
