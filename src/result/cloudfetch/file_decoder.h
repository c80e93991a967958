#pragma once

#include "arrow/c_data.h"
#include "base/buffer.h"
#include "result/cloudfetch/memory_budget.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dbsql::result {

/// Turns one downloaded result file into record batches (reference/results.md 1.6, 1.7).
///
/// The file is an Arrow stream in LZ4 frames, or plain: its first bytes decide. The batches alias
/// the decompressed file, which stays in memory, and in `reservation`, until the last of them is
/// released. \param schema      of the result: the file's own names do not count, its types must
/// agree \param row_count   rows that belong to the result; surplus rows are cut \param size_hint
/// about the decompressed size \throws Error (CorruptResult) when the file is damaged or holds
/// fewer rows than declared
std::vector<arrow::UniqueArray> decode_file(const base::Buffer& body, const ArrowSchema& schema,
                                            std::int64_t row_count, std::size_t size_hint,
                                            MemoryBudget::Reservation reservation);

}  // namespace dbsql::result
