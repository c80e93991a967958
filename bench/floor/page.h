#pragma once

#include "floor/raw_http.h"
#include "wire/thrift_walk.h"
#include "workload/checksum.h"
#include "workload/columns.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// From a reply's bytes to Arrow buffers with the least possible work.
namespace dbsql::bench {

struct BatchSpan {
  std::string_view bytes;
  std::int64_t rows = 0;
};

/// The batches of a reply to ExecuteStatement or FetchResults, in place. `batches` is reused memory
/// too.
void find_batches(std::span<const char> reply, std::vector<BatchSpan>& batches);

/// A list in the rows of a reply, by its field: its length, and a walker at its first element.
ThriftWalker list_in(std::span<const char> reply, std::int16_t id, std::int32_t& count);

/// What to ask for to get the files that a reply links to.
void find_links(std::span<const char> reply, std::vector<std::string>& targets);

/// The record batch messages of an IPC stream, in place.
void find_messages(std::string_view stream, std::vector<BatchSpan>& batches);

/// Walks one LZ4 frame of independent blocks and decodes each to its place.
/// \throws std::runtime_error when the frame has another form, or does not fit
std::string_view decode_frame(std::string_view frame, ReusedMemory& memory);

/// Looks up the buffers of a RecordBatch message and reads a word of each, without any check.
Checksum touch_message(std::string_view message, const std::vector<ColumnSpec>& columns,
                       std::int64_t rows);

}  // namespace dbsql::bench
