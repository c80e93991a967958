#pragma once

#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "arrow/lz4_stream.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "result/cloudfetch/memory_budget.h"
#include "result/decode_work.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace dbsql::result {

/// Turns one result file into record batches, while it is being downloaded
/// (reference/results.md 1.6, 1.7, 2.3).
///
/// The file is an Arrow stream in LZ4 frames, or plain: its first bytes decide. Batches alias the
/// decompressed file, which stays in memory, and in the budget, until the last of them is released.
/// Threads: one at a time; batches may be read and released by others meanwhile.
/// Errors: CorruptResult when the file is damaged, holds fewer rows than declared, or is another
/// one than that whose rows were handed out before.
class FileDecoder {
 public:
  /// What an earlier download of the same file has given before it broke off: the file's beginning
  /// and the rows in it.
  struct HandedOut {
    base::Buffer beginning;
    std::int64_t rows = 0;
  };

  /// In place of a count that nobody declared.
  static constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();

  struct File {
    /// Rows that belong to the result, surplus rows are cut; or kAllRows.
    std::int64_t row_count = 0;
    std::size_t size_hint = 0;                    ///< about the decompressed size
    HandedOut before;                             ///< these rows are left out
    base::Clock* clock = &base::Clock::system();  ///< of the work's time
  };

  /// \param schema       of the result; the file's own names do not count, its types must agree
  /// \param reservation  what was set aside for the file; corrected when its size is known
  FileDecoder(const ArrowSchema& schema, File file, std::shared_ptr<MemoryBudget> budget,
              MemoryBudget::Reservation reservation);
  FileDecoder(const FileDecoder&) = delete;
  FileDecoder& operator=(const FileDecoder&) = delete;

  /// The batches that have become whole.
  /// \param so_far       the file's bytes of earlier calls and perhaps more; usually in the same
  ///   memory
  /// \param is_complete  this is the whole file
  std::vector<arrow::UniqueArray> advance(const base::Buffer& so_far, bool is_complete);

  /// All rows that came out so far, with those of earlier downloads, and where they came from.
  HandedOut handed_out() const;

  /// What all calls of `advance` have cost.
  const DecodeWork& work() const noexcept { return work_; }

 private:
  struct Segment;
  struct Body;

  bool begins_as_before(bool is_complete) const;
  void advance_plain(bool is_complete);
  void advance_lz4(bool is_complete);
  bool decompress_block();
  void take_batches(const base::Buffer& content, std::size_t& position, bool is_complete);
  void take(arrow::UniqueArray batch);
  void settle_memory();
  std::shared_ptr<base::MutableBuffer> new_segment(std::size_t capacity);
  bool is_done() const noexcept { return rows_ == file_.row_count; }

  File file_;
  std::shared_ptr<MemoryBudget> budget_;
  MemoryBudget::Reservation reservation_;  // until memory to count with it is there
  arrow::StreamDecoder decoder_;
  std::optional<arrow::Lz4Stream> lz4_;  // once the file has turned out to be compressed
  std::shared_ptr<Segment> segment_;     // the last one
  std::shared_ptr<Body> body_;           // of a plain file
  base::Buffer so_far_;
  std::size_t position_ = 0;                 // of a plain file: what has been read
  std::int64_t rows_ = 0;                    // of the file, also those left out
  std::vector<arrow::UniqueArray> batches_;  // of this call
  DecodeWork work_;
};

}  // namespace dbsql::result
