#pragma once

#include "floor/page.h"
#include "workload/checksum.h"
#include "workload/spec.h"

#include <span>
#include <vector>

namespace dbsql::bench {

/// What happens to a page, or to a file, once it is received.
class PageWork {
 public:
  static constexpr std::size_t kMemory = std::size_t{64} << 20;

  explicit PageWork(const PagesSpec& spec)
      : spec_(spec), columns_(columns_of(spec.data)), memory_(kMemory) {}

  /// Decompresses every batch and reads a word of each buffer.
  Checksum decode(std::span<const char> body);

  /// Reads every value by way of the checking reader: proves that `decode` decodes.
  Checksum verify(std::span<const char> body);

 private:
  std::string_view decompressed(std::string_view bytes) {
    return spec_.lz4 ? decode_frame(bytes, memory_) : bytes;
  }
  template <class Use>
  Checksum for_each_message(std::span<const char> body, Use use);

  const PagesSpec& spec_;
  std::vector<ColumnSpec> columns_;
  ReusedMemory memory_;
  std::vector<BatchSpan> batches_;
};

}  // namespace dbsql::bench
