#pragma once

#include "arrow/c_data.h"
#include "arrow/type.h"
#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

/// From Arrow IPC bytes to Arrow arrays, without copying the values.
///
/// All input is hostile until checked: whatever the bytes are, the outcome is a valid array or an
/// `Error` of kind CorruptResult (damaged) or NotSupported (well-formed, but a type or feature that
/// no result uses). An accepted array can be read through any Arrow library without a check of its
/// own, except that text is not checked to be UTF-8.
namespace dbsql::arrow {

class IpcMessage;

/// A decoded Schema message.
struct IpcSchema {
  UniqueSchema schema;  ///< a struct of the columns
  /// The wire's ids of dictionary-encoded fields, in depth-first order.
  std::vector<std::int64_t> dictionary_ids;
};

/// Reads the one encapsulated Schema message that `message` holds (reference/results.md 1.5).
IpcSchema read_ipc_schema(const base::Buffer& message);

/// The same, where no field is dictionary-encoded or the ids do not matter.
UniqueSchema read_schema(const base::Buffer& message);

struct DecodeLimits {
  std::int64_t max_rows = (std::int64_t{1} << 31) - 1;  ///< of one batch
  std::size_t max_decompressed = std::size_t{2} << 30;  ///< of one message with a compressed body
};

/// Decodes record batches of one schema.
///
/// Ownership: decoded arrays share the `Buffer` they came from and alias its memory; releasing the
/// last of them lets go
///   of it. Buffers at addresses not divisible by eight, and compressed ones, are put into memory
///   of their own.
/// Threads: `decode()` may run in several threads at once; `add_dictionary()` needs the decoder
/// alone. Cost: microseconds per batch plus one vectorised pass over offsets and validity.
class RecordBatchDecoder {
 public:
  /// Dictionary-encoded fields have the ids 0, 1, ... in depth-first order.
  /// \throws Error (NotSupported) when the schema has a type that is not read
  explicit RecordBatchDecoder(const ArrowSchema& schema, DecodeLimits limits = {});
  explicit RecordBatchDecoder(const IpcSchema& schema, DecodeLimits limits = {});

  /// The one encapsulated RecordBatch message in `message`, as a struct array.
  UniqueArray decode(const base::Buffer& message) const;

  const TypeNode& type() const noexcept { return *type_; }

 private:
  friend class StreamDecoder;
  UniqueArray decode_message(const IpcMessage& message) const;
  void add_dictionary(const IpcMessage& message);

  std::unique_ptr<TypeNode> type_;
  DecodeLimits limits_;
  std::map<std::int64_t, const TypeNode*> dictionary_types_;  // by wire id; into `type_`
  std::map<std::int64_t, std::shared_ptr<const UniqueArray>>
      dictionaries_;  // the latest of each id
};

/// Reads the messages of a stream that may still be growing: its schema, dictionaries and batches
/// in their order. The end marker is optional, nothing may follow it.
///
/// Ownership and errors: as `RecordBatchDecoder`. Threads: one at a time.
class StreamDecoder {
 public:
  /// The batches are of `schema`. The stream may still carry a schema, whose types must then be the
  /// same; its names do not count (reference/results.md 1.11).
  explicit StreamDecoder(const ArrowSchema& schema, DecodeLimits limits = {});
  explicit StreamDecoder(const IpcSchema& schema, DecodeLimits limits = {});

  /// The next batch as a struct array; empty when none is whole yet, or at the end.
  /// \param bytes        the stream, or what is left of it
  /// \param position     where in `bytes` to read on; moved behind what was read
  /// \param is_complete  nothing will follow: then a message that is cut short is an error
  std::optional<UniqueArray> next(const base::Buffer& bytes, std::size_t& position,
                                  bool is_complete);

 private:
  std::optional<IpcMessage> next_message(const base::Buffer& bytes, std::size_t& position,
                                         bool is_complete);
  void expect_same_schema(const IpcMessage& message) const;

  bool ended_ = false;  // the end marker has been read
  RecordBatchDecoder decoder_;
};

/// Reads a body that holds several messages: a whole IPC stream, or batches back to back.
///
/// Ownership and errors: as `RecordBatchDecoder`. Threads: one at a time.
class StreamReader {
 public:
  /// The stream begins with its schema.
  explicit StreamReader(base::Buffer stream, DecodeLimits limits = {});
  /// The batches are of `schema`: see `StreamDecoder`.
  StreamReader(base::Buffer stream, const ArrowSchema& schema, DecodeLimits limits = {});

  const ArrowSchema& schema() const noexcept { return *schema_; }

  /// The next batch as a struct array; empty at the end.
  std::optional<UniqueArray> next() { return decoder_->next(stream_, position_, true); }

 private:
  base::Buffer stream_;
  std::size_t position_ = 0;
  UniqueSchema schema_;
  std::optional<StreamDecoder> decoder_;
};

}  // namespace dbsql::arrow
