#pragma once

#include "workload/checksum.h"
#include "workload/columns.h"
#include "workload/spec.h"

#include <cstdint>
#include <string>
#include <vector>

/// Results as they travel: IPC messages, LZ4-framed or plain.
namespace dbsql::bench {

struct EncodedBatch {
  std::string bytes;  ///< one RecordBatch message, in one LZ4 frame where the result is compressed
  std::int64_t rows = 0;
};

struct EncodedPage {
  std::vector<EncodedBatch> batches;
  std::int64_t rows = 0;
  std::uint64_t arrow_bytes = 0;  ///< of all messages before compression
  std::uint64_t wire_bytes = 0;   ///< of all messages as they travel
  Checksum checksum;
};

struct EncodedResult {
  std::vector<ColumnSpec> columns;
  std::string arrow_schema;  ///< one IPC Schema message
  bool lz4 = false;
  std::vector<EncodedPage> pages;  ///< the distinct ones
};

EncodedResult encode_pages(const PagesSpec& spec);

/// The answer to `SELECT 1`: one batch of one row.
EncodedResult encode_select_one(bool lz4);

}  // namespace dbsql::bench
