#include "result/cloudfetch/file_decoder.h"

#include <dbsql/error.h>

#include "arrow/ipc_reader.h"
#include "arrow/lz4_frame.h"
#include "base/text.h"

#include <memory>
#include <utility>

namespace dbsql::result {

namespace {

/// Memory that is counted for as long as anybody holds it.
struct CountedBuffer {
  base::Buffer buffer;
  MemoryBudget::Reservation reservation;
};

base::Buffer counted(base::Buffer buffer, MemoryBudget::Reservation reservation) {
  reservation.resize(buffer.size());
  auto owner =
      std::make_shared<CountedBuffer>(CountedBuffer{std::move(buffer), std::move(reservation)});
  const auto bytes = owner->buffer.bytes();
  return {std::shared_ptr<const void>(std::move(owner)), bytes};
}

}  // namespace

std::vector<arrow::UniqueArray> decode_file(const base::Buffer& body, const ArrowSchema& schema,
                                            std::int64_t row_count, std::size_t size_hint,
                                            MemoryBudget::Reservation reservation) {
  base::Buffer stream = arrow::is_lz4_frame(body.bytes())
                            ? arrow::decompress_lz4_frames(body.bytes(), size_hint)
                            : body;
  arrow::StreamReader reader(counted(std::move(stream), std::move(reservation)), schema);
  std::vector<arrow::UniqueArray> batches;
  std::int64_t rows = 0;
  while (rows < row_count) {
    auto batch = reader.next();
    if (!batch) break;
    if (rows + (*batch)->length > row_count)
      batch = arrow::slice(*std::move(batch), row_count - rows);
    rows += (*batch)->length;
    if ((*batch)->length > 0) batches.push_back(*std::move(batch));
  }
  if (rows < row_count)
    throw_error(
        {.kind = ErrorKind::CorruptResult,
         .message = base::concat("a result file declares ", row_count, " rows but holds ", rows)});
  return batches;
}

}  // namespace dbsql::result
