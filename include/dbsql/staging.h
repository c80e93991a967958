#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {

/// In a PUT or a GET, in place of the local file's name: the bytes come from, or go to, the stream
/// or the memory that `StagingOptions` names, and no file is touched.
inline constexpr std::string_view kInputStream = "__input_stream__";
inline constexpr std::string_view kOutputStream = "__output_stream__";

enum class StagingOperation : std::uint8_t { Put, Get, Remove };

/// How far the transfer of a volume's file has come.
struct StagingProgress {
  StagingOperation operation = StagingOperation::Put;
  std::uint64_t bytes = 0;             ///< moved so far; begins at 0 again when it is repeated
  std::optional<std::uint64_t> total;  ///< of the file, where it is known
};

/// What one PUT, GET or REMOVE of a volume's file may use and does.
///
/// Streams and memory are used by the calling thread until the call returns, and belong to the
/// caller. At most one input and one output may be given; a statement that has no use for one is an
/// error.
struct StagingOptions {
  /// Folders, or single files, that local files may be in, beside those of the connection
  /// (`staging.allowed_paths`). Names of local files come from the server: without any allowed
  /// path, none is opened.
  std::vector<std::string> allowed_paths;

  /// What `PUT '__input_stream__' INTO ...` sends: from the stream's present position on. Without
  /// `input_size`, a stream that cannot be measured is copied to a temporary file first.
  std::istream* input = nullptr;
  std::optional<std::uint64_t> input_size;  ///< bytes; an input with fewer is an error
  std::optional<std::span<const std::byte>> input_bytes;

  /// Where `GET ... TO '__output_stream__'` goes. Once bytes were written to a stream, a broken
  /// transfer is not repeated.
  std::ostream* output = nullptr;
  std::vector<std::byte>* output_bytes = nullptr;  ///< replaced

  /// Whether GET may replace a local file. (Whether PUT may replace a volume's file is said by
  /// OVERWRITE in the statement.)
  bool overwrite = true;

  /// Called from the calling thread while bytes move. It must not throw.
  std::function<void(const StagingProgress&)> on_progress;
};

/// What the transfer of a volume's file came to.
struct StagingResult {
  StagingOperation operation = StagingOperation::Put;
  std::uint64_t bytes = 0;               ///< of the file; 0 for REMOVE
  std::chrono::milliseconds elapsed{0};  ///< of the transfer alone
};

}  // namespace dbsql
