#include "warehouse/volumes.h"

#include "base/text.h"
#include "warehouse/engine.h"
#include "warehouse/file_buffer.h"
#include "warehouse/sql_error.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

namespace dbsql::warehouse {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoot = "/Volumes/";
constexpr std::string_view kUploads = ".uploads";

[[noreturn]] void fail(std::string_view what) {
  throw EngineError{.sqlstate = "58030",
                    .error_class = "",
                    .message = base::concat("A volume cannot be used: ", what)};
}

/// Only such parts become names in the file system; anything else could leave the volume.
bool is_safe_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.size() <= 255 &&
         part.find('\0') == std::string_view::npos;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      out += '%';
      out += base::to_upper(base::to_hex(std::as_bytes(std::span(&c, 1))));
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::int64_t modified_ms(const fs::directory_entry& entry) {
  std::error_code error;
  const auto time = entry.last_write_time(error);
  if (error) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::file_clock::to_sys(time).time_since_epoch())
      .count();
}

/// Folders exist only through the files in them, as in object stores: empty ones go, up to the
/// volume.
void prune(fs::path folder, const fs::path& volume) {
  std::error_code error;
  while (folder != volume && fs::is_empty(folder, error) && !error) {
    fs::remove(folder, error);
    folder = folder.parent_path();
  }
}

}  // namespace

std::string VolumeName::quoted() const {
  return base::concat(quote_for_message(catalog), ".", quote_for_message(schema), ".",
                      quote_for_message(volume));
}

std::optional<VolumePath> VolumePath::parse(std::string_view text) {
  constexpr std::string_view kScheme = "dbfs:";
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  if (!text.starts_with(kRoot)) return std::nullopt;
  text.remove_prefix(kRoot.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto parts = base::split(text, '/');
  if (parts.size() < 3 || !std::ranges::all_of(parts, is_safe_part)) return std::nullopt;
  VolumePath path{
      .volume = {base::to_lower(parts[0]), base::to_lower(parts[1]), base::to_lower(parts[2])},
      .file = {}};
  for (std::size_t i = 3; i < parts.size(); ++i)
    path.file += base::concat(i == 3 ? "" : "/", parts[i]);
  if (path.volume.catalog.starts_with('.')) return std::nullopt;
  return path;
}

std::string VolumePath::to_string() const {
  return base::concat(kRoot, volume.catalog, "/", volume.schema, "/", volume.volume,
                      file.empty() ? "" : "/", file);
}

Volumes::Volumes(std::string directory, base::Clock& clock)
    : links_(clock), temporary_(directory.empty()), directory_(std::move(directory)) {}

Volumes::~Volumes() {
  std::error_code ignored;
  if (temporary_ && !directory_.empty()) fs::remove_all(directory_, ignored);
}

void Volumes::require_directory() const {
  std::lock_guard lock(mutex_);
  std::error_code error;
  if (directory_.empty()) {
    std::string name = (fs::temp_directory_path(error) / "dbsql-volumes-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr) fail("there is no temporary directory");
    directory_ = std::move(name);
  }
  fs::create_directories(fs::path(directory_) / kUploads, error);
  if (error) fail(base::concat("its directory cannot be made: ", error.message()));
}

std::string Volumes::folder_of(const VolumeName& name) const {
  const std::array parts{base::to_lower(name.catalog), base::to_lower(name.schema),
                         base::to_lower(name.volume)};
  const bool safe = std::ranges::all_of(parts, [](const std::string& part) {
    return is_safe_part(part) && part.find('/') == std::string::npos;
  });
  if (!safe || parts[0].starts_with('.')) {
    throw_sql_error("INVALID_PARAMETER_VALUE",
                    base::concat("The volume name ", name.quoted(), " is not valid."));
  }
  require_directory();
  return base::concat(directory_, "/", parts[0], "/", parts[1], "/", parts[2]);
}

std::string Volumes::place_of(const VolumePath& path) const {
  return base::concat(folder_of(path.volume), path.file.empty() ? "" : "/", path.file);
}

bool Volumes::exists(const VolumeName& name) const {
  std::error_code ignored;
  return fs::is_directory(folder_of(name), ignored);
}

void Volumes::create(const VolumeName& name) {
  std::error_code error;
  fs::create_directories(folder_of(name), error);
  if (error) fail(base::concat("its folder cannot be made: ", error.message()));
}

void Volumes::drop(const VolumeName& name) {
  std::error_code error;
  fs::remove_all(folder_of(name), error);
  if (error) fail(base::concat("its folder cannot be removed: ", error.message()));
}

std::vector<std::string> Volumes::list(const std::string& catalog,
                                       const std::string& schema) const {
  const fs::path folder = fs::path(folder_of({catalog, schema, "-"})).parent_path();
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

bool Volumes::has_file(const VolumePath& path) const {
  std::error_code ignored;
  return fs::is_regular_file(place_of(path), ignored);
}

std::optional<std::vector<VolumeEntry>> Volumes::list(const VolumePath& folder) const {
  std::error_code error;
  const fs::directory_iterator entries(place_of(folder), error);
  if (error) return std::nullopt;
  std::vector<VolumeEntry> listed;
  for (const auto& entry : entries) {
    const bool is_folder = entry.is_directory(error);
    listed.push_back({.name = entry.path().filename().string() + (is_folder ? "/" : ""),
                      .size = is_folder ? 0 : entry.file_size(error),
                      .modified_ms = modified_ms(entry)});
  }
  std::ranges::sort(listed, {}, &VolumeEntry::name);
  return listed;
}

SignedLinks::Link Volumes::link(std::string_view method, const VolumePath& path,
                                std::chrono::milliseconds lifetime) const {
  const std::string below = path.to_string().substr(kRoot.size());
  return links_.make(method, base::concat(kPathPrefix, percent_encode(below)), lifetime);
}

std::shared_ptr<Upload> Volumes::begin_upload(const HttpRequest& head,
                                              std::optional<std::uint64_t> reset_after) {
  if (links_.refusal(head).status != 200) return std::make_shared<Upload>("", reset_after);
  require_directory();
  return std::make_shared<Upload>(
      base::concat(directory_, "/", kUploads, "/", next_upload_.fetch_add(1), "-",
                   static_cast<std::int64_t>(::getpid())),
      reset_after);
}

HttpReply Volumes::serve(const HttpRequest& request) {
  if (HttpReply refusal = links_.refusal(request); refusal.status != 200) return refusal;
  const auto below = percent_decode(request.path().substr(kPathPrefix.size()));
  const auto path = below ? VolumePath::parse(base::concat(kRoot, *below)) : std::nullopt;
  if (!path || path->file.empty())
    return storage_error(400, "InvalidUri", "This is not the path of a file.");
  if (!exists(path->volume)) return storage_error(404, "NoSuchBucket", "There is no such volume.");
  if (request.method == "PUT") return put(request, *path);
  if (request.method == "GET") return get(*path);
  if (request.method == "DELETE") return remove(*path);
  return storage_error(405, "MethodNotAllowed", "Files can be put, got and deleted.");
}

HttpReply Volumes::put(const HttpRequest& request, const VolumePath& path) {
  if (find_header(request.headers, "content-length").empty())
    return storage_error(411, "MissingContentLength",
                         "You must provide the Content-Length header.");
  if (find_header(request.headers, "x-ms-blob-type") != "BlockBlob")
    return storage_error(400, "MissingRequiredHeader",
                         "A header that came with the link is missing.");
  const fs::path place = place_of(path);
  std::error_code error;
  if (fs::is_directory(place, error))
    return storage_error(409, "ResourceTypeMismatch", "There is a folder of this name.");
  fs::create_directories(place.parent_path(), error);
  if (error) return storage_error(409, "ResourceTypeMismatch", "A part of the path is a file.");
  if (!request.upload || !request.upload->keep_as(place.string()))
    return storage_error(500, "InternalError", "The file cannot be stored.");
  return {.status = 201};
}

HttpReply Volumes::get(const VolumePath& path) const {
  const std::string place = place_of(path);
  std::error_code ignored;
  if (!fs::is_regular_file(place, ignored))
    return storage_error(404, "NoSuchKey", "There is no such file.");
  auto content = map_file(place);
  if (!content) return storage_error(500, "InternalError", "The file cannot be read.");
  HttpReply reply;
  reply.headers.push_back({"content-type", "application/octet-stream"});
  reply.body.push_back(*std::move(content));
  return reply;
}

HttpReply Volumes::remove(const VolumePath& path) {
  const fs::path place = place_of(path);
  std::error_code error;
  if (!fs::is_regular_file(place, error) || !fs::remove(place, error))
    return storage_error(404, "BlobNotFound", "There is no such file.");
  prune(place.parent_path(), folder_of(path.volume));
  return {.status = 204};
}

}  // namespace dbsql::warehouse
