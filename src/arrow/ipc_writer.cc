#include "arrow/ipc_writer.h"

#include <dbsql/error.h>

#include "arrow/c_data.h"
#include "arrow/ipc_batch_encoder.h"
#include "base/text.h"

#include <utility>

namespace dbsql::arrow {
namespace {

[[noreturn]] void invalid(std::string message) {
  throw_error({.kind = ErrorKind::InvalidArgument, .message = std::move(message)});
}

void check_batch(const TypeNode& type, const ArrowArray& batch, std::int64_t offset,
                 std::int64_t rows) {
  if (batch.n_children != static_cast<std::int64_t>(type.children.size())) {
    invalid(base::concat("a batch of ", batch.n_children, " columns does not fit a schema of ",
                         type.children.size()));
  }
  if (null_count(batch) != 0) invalid("a record batch cannot have null rows at its top");
  if (offset < 0 || rows < 0 || offset > batch.length || rows > batch.length - offset) {
    invalid(base::concat("rows ", offset, " to ", offset, " + ", rows,
                         " are not inside a batch of ", batch.length, " rows"));
  }
}

BatchEncoder collect(const TypeNode& type, const ArrowArray& batch, std::int64_t offset,
                     std::int64_t rows, const IpcWriteOptions& options) {
  check_batch(type, batch, offset, rows);
  BatchEncoder encoder(options);
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    encoder.add_column(type.children[i], *batch.children[i], batch.offset + offset, rows);
  }
  return encoder;
}

std::string to_message(BatchEncoder& encoder, std::string message) {
  message.reserve(message.size() + encoder.body_size());
  encoder.write_body([&](std::string_view bytes) { message.append(bytes); });
  return message;
}

}  // namespace

std::string_view end_of_stream() noexcept { return {"\xFF\xFF\xFF\xFF\0\0\0\0", 8}; }

RecordBatchEncoder::RecordBatchEncoder(const ArrowSchema& schema, IpcWriteOptions options)
    : type_(std::make_unique<TypeNode>(resolve_type(schema))), options_(options) {
  if (type_->layout != Layout::Struct) invalid("record batches need a struct of columns as schema");
}

std::string RecordBatchEncoder::encode(const ArrowArray& batch) const {
  return encode(batch, 0, batch.length);
}

std::string RecordBatchEncoder::encode(const ArrowArray& batch, std::int64_t offset,
                                       std::int64_t rows) const {
  BatchEncoder encoder = collect(*type_, batch, offset, rows, options_);
  return to_message(encoder, encoder.metadata(rows));
}

void RecordBatchEncoder::write(const ArrowArray& batch, std::int64_t offset, std::int64_t rows,
                               const ByteSink& sink) const {
  BatchEncoder encoder = collect(*type_, batch, offset, rows, options_);
  sink(encoder.metadata(rows));
  encoder.write_body(sink);
}

StreamWriter::StreamWriter(ByteSink sink, const ArrowSchema& schema, IpcWriteOptions options)
    : sink_(std::move(sink)), options_(options), encoder_(schema, options) {
  sink_(write_schema(schema));
}

void StreamWriter::write(const ArrowArray& batch) {
  check_batch(encoder_.type(), batch, 0, batch.length);
  write_dictionaries(encoder_.type(), batch);
  encoder_.write(batch, 0, batch.length, sink_);
}

// Inner dictionaries go first, because outer ones refer to them. One that did not change is not
// sent again.
void StreamWriter::write_dictionaries(const TypeNode& type, const ArrowArray& array) {
  if (array.n_children != static_cast<std::int64_t>(type.children.size())) {
    invalid(base::concat("the Arrow array for column '", type.name, "' does not fit its type"));
  }
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    write_dictionaries(type.children[i], *array.children[i]);
  }
  if (type.dictionary == nullptr || array.dictionary == nullptr) return;
  const ArrowArray& values = *array.dictionary;
  write_dictionaries(*type.dictionary, values);
  BatchEncoder encoder(options_);
  encoder.add_column(*type.dictionary, values, 0, values.length);
  std::string message = to_message(encoder, encoder.metadata(values.length, type.dictionary_id));
  std::string& last = dictionaries_[type.dictionary_id];
  if (last == message) return;
  last = std::move(message);
  sink_(last);
}

void StreamWriter::finish() { sink_(end_of_stream()); }

std::string write_stream(const ArrowSchema& schema, const ArrowArray& batch,
                         IpcWriteOptions options) {
  std::string stream;
  StreamWriter writer([&](std::string_view bytes) { stream.append(bytes); }, schema, options);
  writer.write(batch);
  writer.finish();
  return stream;
}

}  // namespace dbsql::arrow
