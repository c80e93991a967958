// Results that travel as files: the part of ResultCursor that makes them and hands out links
// (reference/results.md 1.7).

#include "arrow/ipc_writer.h"
#include "arrow/lz4_frame.h"
#include "warehouse/result_cursor.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::warehouse {
namespace {

constexpr std::int64_t kFileBatchRows = 4096;  // what real servers write (reference/observed.md 5)
// Small files are one LZ4 frame a message, large ones a single frame: readers must cope with both.
constexpr std::size_t kSingleFrameBytes = std::size_t{1} << 20;

std::string compress(std::string_view content, bool checksums) {
  return arrow::compress_lz4_frame(std::as_bytes(std::span(content.data(), content.size())),
                                   {.checksums = checksums});
}

std::size_t total_size(const std::vector<std::string>& messages) {
  std::size_t size = 0;
  for (const std::string& message : messages) size += message.size();
  return size;
}

std::string join(const std::vector<std::string>& messages) {
  std::string joined;
  joined.reserve(total_size(messages));
  for (const std::string& message : messages) joined += message;
  return joined;
}

std::string pack(const std::vector<std::string>& messages, bool lz4, bool checksums) {
  if (!lz4) return join(messages);
  if (total_size(messages) >= kSingleFrameBytes) return compress(join(messages), checksums);
  std::string frames;
  for (const std::string& message : messages) frames += compress(message, checksums);
  return frames;
}

}  // namespace

bool ResultCursor::is_large() {
  std::size_t bytes = 0;
  std::int64_t row = 0;
  while (const auto rows = spool_.rows_at(row)) {
    bytes += rows->bytes;
    row += rows->length;
    if (bytes > options_.inline_limit_bytes) return true;
  }
  return false;
}

bool ResultCursor::make_file() {
  const std::int64_t start = files_.empty() ? 0 : files_.back().start_row + files_.back().row_count;
  std::vector<std::string> messages{schema_message_};
  std::int64_t row = start;
  std::size_t bytes = 0;
  while (bytes < options_.file_bytes) {
    const auto rows = spool_.rows_at(row);
    if (!rows) break;
    const std::int64_t length = std::min(rows->length, kFileBatchRows);
    messages.push_back(any_text_ ? encode_with_text(*rows, length)
                                 : encoder_->encode(**rows->batch, rows->offset, length));
    bytes += messages.back().size();
    row += length;
    spool_.release_before(row);
  }
  if (row == start) return false;
  messages.emplace_back(arrow::end_of_stream());
  const bool checksums = files_.size() % 2 == 1;  // servers send frames with and without them
  files_.push_back({.id = options_.storage->put(pack(messages, options_.lz4, checksums)),
                    .start_row = start,
                    .row_count = row - start,
                    .bytes = static_cast<std::int64_t>(total_size(messages))});
  return true;
}

std::size_t ResultCursor::file_of(std::int64_t row) const {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const StoredFile& file) {
    return row < file.start_row + file.row_count;
  });
  return static_cast<std::size_t>(found - files_.begin());
}

ResultPage ResultCursor::link_page(std::size_t first, bool make_more) {
  const std::size_t end = first + options_.links_per_page;
  while (make_more && files_.size() < end && make_file()) {
  }
  ResultPage page;
  page.start_row = first < files_.size() ? files_[first].start_row : read_until_;
  for (std::size_t i = first; i < std::min(end, files_.size()); ++i) {
    const StoredFile& file = files_[i];
    page.links.push_back({.link = options_.storage->link(file.id, options_.link_lifetime),
                          .start_row = file.start_row,
                          .row_count = file.row_count,
                          .bytes = file.bytes});
    page.row_count += file.row_count;
  }
  const std::size_t delivered = first + page.links.size();
  if (make_more) {
    next_link_ = delivered;
    read_until_ = std::max(read_until_, page.start_row + page.row_count);
  }
  page.has_more = delivered < files_.size() ||
                  (!files_.empty() &&
                   spool_.rows_at(files_.back().start_row + files_.back().row_count).has_value());
  return page;
}

}  // namespace dbsql::warehouse
