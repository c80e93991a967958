#pragma once

#include "floor/raw_http.h"
#include "workload/checksum.h"

#include <span>

/// From a column-based page to Arrow buffers with the least possible work: one pass over each list,
/// which swaps bytes or gathers texts (reference/performance.md 3.2 c).
namespace dbsql::bench {

/// Converts a whole page into `memory` and reads a word of each buffer.
Checksum convert_page(std::span<const char> reply, ReusedMemory& memory);

/// The same, and adds up every value that is not null.
Checksum verify_page(std::span<const char> reply, ReusedMemory& memory);

}  // namespace dbsql::bench
