#pragma once

#include "base/buffer.h"
#include "base/clock.h"
#include "warehouse/http_message.h"
#include "warehouse/signed_links.h"
#include "warehouse/upload.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// The name of a volume. Compared without case, as all names.
struct VolumeName {
  std::string catalog;
  std::string schema;
  std::string volume;

  /// `catalog`.`schema`.`volume`, for messages.
  std::string quoted() const;
};

/// `/Volumes/catalog/schema/volume/path/of/file`.
struct VolumePath {
  VolumeName volume;
  std::string file;  ///< without a slash at either end; empty = the volume itself

  /// \return nothing for a text that is no such path, or that could lead out of the volume
  static std::optional<VolumePath> parse(std::string_view text);
  /// The text form.
  std::string to_string() const;
};

/// One entry of LIST.
struct VolumeEntry {
  std::string name;  ///< of the entry alone; with a slash at its end when it is a folder
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;  ///< since 1970
};

/// The volumes of the warehouse: files on disk, reached over HTTP with signed links as on storage
/// services. Files are replaced at once and as a whole.
///
/// Threads: safe from any thread. Errors: EngineError of methods that statements use.
class Volumes {
 public:
  static constexpr std::string_view kPathPrefix = "/_storage/volumes/";
  /// What PUT links want to be sent: storage of one cloud insists on it, and drivers must send what
  /// they are told.
  static constexpr std::string_view kPutHeaders = R"({"x-ms-blob-type":"BlockBlob"})";

  /// \param directory  where the files are kept; empty = a temporary one, gone with this object
  Volumes(std::string directory, base::Clock& clock);
  ~Volumes();
  Volumes(const Volumes&) = delete;
  Volumes& operator=(const Volumes&) = delete;

  void set_origin(std::string origin) { links_.set_origin(std::move(origin)); }

  bool exists(const VolumeName& name) const;
  void create(const VolumeName& name);
  void drop(const VolumeName& name);
  /// The volumes of a schema, sorted.
  std::vector<std::string> list(const std::string& catalog, const std::string& schema) const;

  bool has_file(const VolumePath& path) const;
  /// What is in a folder, sorted; nothing when there is no such folder.
  std::optional<std::vector<VolumeEntry>> list(const VolumePath& folder) const;

  /// A link for one method on one file.
  SignedLinks::Link link(std::string_view method, const VolumePath& path,
                         std::chrono::milliseconds lifetime) const;

  /// Where the body of a PUT goes; what brings no good link goes nowhere.
  std::shared_ptr<Upload> begin_upload(const HttpRequest& head,
                                       std::optional<std::uint64_t> reset_after);

  /// Answers a request below `kPathPrefix`.
  HttpReply serve(const HttpRequest& request);

 private:
  HttpReply put(const HttpRequest& request, const VolumePath& path);
  HttpReply get(const VolumePath& path) const;
  HttpReply remove(const VolumePath& path);
  void require_directory() const;
  std::string folder_of(const VolumeName& name) const;
  std::string place_of(const VolumePath& path) const;

  SignedLinks links_;
  const bool temporary_;
  mutable std::mutex mutex_;
  mutable std::string directory_;  // guarded by mutex_ until it is made
  std::atomic<std::uint64_t> next_upload_{1};
};

}  // namespace dbsql::warehouse
