#pragma once

#include <dbsql/error.h>
#include <dbsql/export.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dbsql {

/// Where the time of one statement went: what `Result::profile()` and `StatementHandle::profile()`
/// give, for every statement, at any time.
///
/// The first five durations follow each other on the caller's side, and their sum is `total`,
/// exactly. The ones below them say what happened meanwhile: on other threads, side by side, so
/// that they may add up to more than `total`. All are measured on this machine's steady clock.
struct StatementProfile {
  using Duration = std::chrono::nanoseconds;

  /// From the call that sent the statement until its last row was read, or until now.
  Duration total{0};

  // The parts of `total`, in their order.

  Duration submit{0};   ///< until the server had accepted it, repeated requests included
  Duration execute{0};  ///< until this side knew that it had finished, what the caller did included
  Duration open{0};     ///< until there was a result: its description, a volume's transfer
  Duration read{0};     ///< the reader waited for rows, or decoded them
  Duration consume{0};  ///< the reader was busy with rows that it had, or with something else

  // Of `execute`.

  /// For how long the server said, at least, that it had not begun: it waited for a place, for
  /// compute or for the compiler. Empty when it never said so, as in a reply that brings the result
  /// at once.
  std::optional<Duration> queued;
  int polls = 0;        ///< status requests
  Duration polling{0};  ///< the time they took, without the pauses between them

  /// From the beginning to the first rows; empty while there are none.
  std::optional<Duration> first_row;

  // Of `open` and `read`.

  std::int64_t pages = 0;       ///< replies with rows or links, the one to the statement included
  std::int64_t page_bytes = 0;  ///< of them, as they came
  Duration fetch{0};            ///< the reader waited for pages
  std::int64_t batches = 0;     ///< given to the reader
  std::int64_t rows = 0;        ///< in them

  // Files from cloud storage. They are downloaded side by side, and while the reader is busy.

  std::int64_t files = 0;         ///< that arrived
  std::int64_t file_bytes = 0;    ///< of them, as they came
  Duration download{0};           ///< the sum of their times, each from request to last row decoded
  Duration slowest_download{0};   ///< the longest of them
  std::int64_t file_retries = 0;  ///< downloads that failed and were repeated
  std::int64_t file_hedges = 0;   ///< second downloads beside one that was slow

  // Work of this machine's processors, on whatever thread.

  Duration decompress{0};
  Duration decode{0};
  std::int64_t decoded_bytes = 0;  ///< of pages and files, decompressed

  int retries = 0;                 ///< requests to the warehouse that failed and were repeated
  std::optional<ErrorKind> error;  ///< of the first call on the statement that failed
  bool is_complete = false;  ///< the statement is over; while it is not, `total` goes on growing
};

/// The profile as lines of text, for people: what `\timing full` of the shell prints. Parts that
/// did not occur are left out. The form may change from version to version.
DBSQL_EXPORT std::string to_text(const StatementProfile& profile);

}  // namespace dbsql
