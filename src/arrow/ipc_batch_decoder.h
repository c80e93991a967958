#pragma once

#include "arrow/body_codec.h"
#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "arrow/type.h"
#include "base/buffer.h"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

/// The record-batch part of a message, column by column; used by the readers only.
namespace dbsql::arrow::ipc {
struct RecordBatch;
}  // namespace dbsql::arrow::ipc

namespace dbsql::arrow {

using Dictionaries = std::map<std::int64_t, std::shared_ptr<const UniqueArray>>;

/// Decodes the columns of one RecordBatch table over its body. Made for one message and thrown
/// away.
class BatchDecoder {
 public:
  BatchDecoder(const ipc::RecordBatch& batch, const base::Buffer& body,
               const Dictionaries& dictionaries, const DecodeLimits& limits);

  /// All columns; each must have `length()` rows, and nothing of the batch may be left over.
  std::vector<UniqueArray> columns(const std::vector<TypeNode>& types);
  /// The only column, of a dictionary batch.
  UniqueArray column_alone(const TypeNode& type);
  std::int64_t length() const noexcept { return length_; }

 private:
  struct Node {
    const TypeNode& type;
    std::int64_t length;
    std::int64_t null_count;
  };

  UniqueArray column(const TypeNode& type);
  UniqueArray top_column(const TypeNode& type);
  void expect_nothing_left() const;
  Node next_node(const TypeNode& type);
  base::Buffer next_buffer(const TypeNode& type);
  void take_validity(const Node& node, ArrayParts& parts);
  const std::byte* take_values(const Node& node, ArrayParts& parts, std::size_t slot,
                               std::size_t needed);
  template <class Offset>
  const Offset* take_offsets(const Node& node, ArrayParts& parts);
  template <class Offset>
  void decode_bytes(const Node& node, ArrayParts& parts);
  template <class Offset>
  void decode_list(const Node& node, ArrayParts& parts);
  void decode_fixed(const Node& node, ArrayParts& parts);
  void decode_fixed_list(const Node& node, ArrayParts& parts);
  void decode_struct(const Node& node, ArrayParts& parts);
  void attach_dictionary(const Node& node, ArrayParts& parts);
  void own(ArrayParts& parts, std::size_t slot, const base::Buffer& buffer) const;

  const base::Buffer& body_;
  const Dictionaries& dictionaries_;
  const ipc::RecordBatch& batch_;
  BodyCodec codec_ = BodyCodec::None;
  std::int64_t length_ = 0;
  std::size_t budget_;
  std::uint32_t next_node_ = 0;
  std::uint32_t next_buffer_ = 0;
};

}  // namespace dbsql::arrow
