#include "floor/work.h"

#include "arrow/ipc_reader.h"
#include "floor/column_page.h"

namespace dbsql::bench {

template <class Use>
Checksum PageWork::for_each_message(std::span<const char> body, Use use) {
  Checksum sum;
  if (spec_.form == ResultForm::Files) {
    find_messages(decompressed({body.data(), body.size()}), batches_);
    for (const BatchSpan& batch : batches_) sum += use(batch.bytes, batch.rows);
    return sum;
  }
  find_batches(body, batches_);
  for (const BatchSpan& batch : batches_) sum += use(decompressed(batch.bytes), batch.rows);
  return sum;
}

Checksum PageWork::decode(std::span<const char> body) {
  if (spec_.form == ResultForm::Columns) return convert_page(body, memory_);
  return for_each_message(body, [this](std::string_view message, std::int64_t rows) {
    return touch_message(message, columns_, rows);
  });
}

Checksum PageWork::verify(std::span<const char> body) {
  if (spec_.form == ResultForm::Columns) return verify_page(body, memory_);
  const auto schema = schema_of(columns_);
  const arrow::RecordBatchDecoder decoder(*schema);
  return for_each_message(body, [&](std::string_view message, std::int64_t) {
    return checksum(*decoder.decode(base::Buffer::copy_of(message)), *schema);
  });
}

}  // namespace dbsql::bench
