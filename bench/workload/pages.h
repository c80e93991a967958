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
  std::vector<EncodedBatch> batches;  ///< inline Arrow
  std::string file;                   ///< CloudFetch: a whole IPC stream
  arrow::UniqueArray columns;         ///< column-based pages are made from this
  std::int64_t rows = 0;
  std::uint64_t arrow_bytes = 0;  ///< of all messages before compression
  /// As they travel: of all messages, of the file; of the values of a column-based page.
  std::uint64_t wire_bytes = 0;
  Checksum checksum;
};

struct EncodedResult {
  std::vector<ColumnSpec> columns;
  std::string arrow_schema;  ///< one IPC Schema message
  ResultForm form = ResultForm::Arrow;
  bool lz4 = false;
  std::vector<EncodedPage> pages;  ///< the distinct ones
};

EncodedResult encode_pages(const PagesSpec& spec);

/// The answer to `SELECT 1`: one batch of one row.
EncodedResult encode_select_one(bool lz4);

}  // namespace dbsql::bench
