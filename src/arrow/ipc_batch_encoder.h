#pragma once

#include <dbsql/arrow_c.h>

#include "arrow/ipc_writer.h"
#include "arrow/type.h"
#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::arrow {

/// Collects the buffers of one batch, sliced and rebased, and frames them as a message; used by the
/// writers only. Values that need no change are referred to, not copied, so the arrays must outlive
/// it.
class BatchEncoder {
 public:
  explicit BatchEncoder(IpcWriteOptions options) : options_(options) {}

  /// Adds rows [begin, begin + length) of a column, counted from the column's own offset.
  void add_column(const TypeNode& type, const ArrowArray& array, std::int64_t begin,
                  std::int64_t length);

  /// The message without its body. `dictionary_id`: as a dictionary batch.
  std::string metadata(std::int64_t rows, std::optional<std::int64_t> dictionary_id = {});
  void write_body(const ByteSink& sink) const;
  std::size_t body_size() const noexcept { return body_size_; }

 private:
  struct Node {
    std::int64_t length;
    std::int64_t null_count;
  };
  struct Part {
    std::int64_t offset;
    std::string_view bytes;
  };

  void add_validity(const ArrowArray& array, std::int64_t position, std::int64_t length,
                    std::int64_t nulls);
  void add_bits(const void* bits, std::int64_t position, std::int64_t length);
  void add_values(const TypeNode& type, const ArrowArray& array, std::int64_t position,
                  std::int64_t length);
  template <class Offset>
  std::pair<std::int64_t, std::int64_t> add_offsets(const ArrowArray& array, std::int64_t position,
                                                    std::int64_t length);
  template <class Offset>
  void add_bytes(const ArrowArray& array, std::int64_t position, std::int64_t length);
  template <class Offset>
  void add_list(const TypeNode& type, const ArrowArray& array, std::int64_t position,
                std::int64_t length);
  void add_buffer(const void* data, std::size_t size);
  std::byte* scratch(std::size_t size);

  IpcWriteOptions options_;
  std::vector<Node> nodes_;
  std::vector<Part> parts_;
  std::vector<base::MutableBuffer> scratch_;
  std::vector<std::unique_ptr<const std::string>> compressed_;  // `parts_` refer into them
  std::size_t body_size_ = 0;
};

}  // namespace dbsql::arrow
