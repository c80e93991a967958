#pragma once

#include <dbsql/arrow_c.h>

#include "arrow/body_codec.h"
#include "arrow/type.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

/// From Arrow arrays to IPC bytes, in the shape real servers send: metadata V5, continuation
/// markers, everything padded to 8 bytes, validity bitmaps always written (reference/observed.md
/// 5).
namespace dbsql::arrow {

struct IpcWriteOptions {
  BodyCodec codec = BodyCodec::None;  ///< compression of each buffer in a batch's body
};

/// Receives bytes in order, in pieces of any size.
using ByteSink = std::function<void(std::string_view)>;

/// One encapsulated Schema message, without an end marker.
/// \param schema  a struct of the columns
/// \throws Error (NotSupported) when it has a type that is not written
std::string write_schema(const ArrowSchema& schema);

/// The eight bytes that end a stream.
std::string_view end_of_stream() noexcept;

/// Writes record batches of one schema, each as one encapsulated message.
///
/// Slices are honoured everywhere: of the batch, of its columns and of nested arrays; only the rows
/// in the slice are written, and offsets begin at zero again. Threads: `encode()` and `write()` may
/// run in several threads at once. Errors: Error (InvalidArgument) when a batch does not fit the
/// schema, has nulls at the top, or when rows outside it
///   are asked for.
/// Cost: one copy of the values into the result.
class RecordBatchEncoder {
 public:
  explicit RecordBatchEncoder(const ArrowSchema& schema, IpcWriteOptions options = {});

  std::string encode(const ArrowArray& batch) const;
  /// Rows [offset, offset + rows) of the batch.
  std::string encode(const ArrowArray& batch, std::int64_t offset, std::int64_t rows) const;
  /// The same without building a string.
  void write(const ArrowArray& batch, std::int64_t offset, std::int64_t rows,
             const ByteSink& sink) const;

  const TypeNode& type() const noexcept { return *type_; }

 private:
  std::unique_ptr<TypeNode> type_;
  IpcWriteOptions options_;
};

/// Writes a whole IPC stream: schema, dictionaries where fields are encoded, batches, end marker.
///
/// Threads: one at a time.
class StreamWriter {
 public:
  /// Sends the schema at once.
  StreamWriter(ByteSink sink, const ArrowSchema& schema, IpcWriteOptions options = {});

  void write(const ArrowArray& batch);
  /// Sends the end marker; nothing may be written afterwards.
  void finish();

 private:
  void write_dictionaries(const TypeNode& type, const ArrowArray& array);

  ByteSink sink_;
  IpcWriteOptions options_;
  RecordBatchEncoder encoder_;
  std::map<std::int64_t, std::string> dictionaries_;  // the last message of each id
};

/// A whole stream of one batch.
std::string write_stream(const ArrowSchema& schema, const ArrowArray& batch,
                         IpcWriteOptions options = {});

}  // namespace dbsql::arrow
