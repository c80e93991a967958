#include "arrow/ipc_reader.h"

#include <dbsql/error.h>

#include "arrow/ipc_batch_decoder.h"
#include "arrow/ipc_message.h"
#include "arrow/ipc_schema_reader.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

namespace dbsql::arrow {
namespace {

[[noreturn]] void dictionary_refused() {
  throw_error({.kind = ErrorKind::NotSupported,
               .message = "the result holds an Arrow dictionary batch where a record batch was "
                          "expected; dictionary-encoded results are not supported here"});
}

// Gives every encoded field its id on the wire, in the depth-first order of the schema.
void assign_ids(TypeNode& node, const std::vector<std::int64_t>& ids, std::size_t& next) {
  for (TypeNode& child : node.children) assign_ids(child, ids, next);
  if (node.dictionary == nullptr) return;
  node.dictionary_id = ids.at(next++);
  assign_ids(*node.dictionary, ids, next);
}

void collect_dictionaries(const TypeNode& node, std::map<std::int64_t, const TypeNode*>& types) {
  for (const TypeNode& child : node.children) collect_dictionaries(child, types);
  if (node.dictionary == nullptr) return;
  const auto [entry, is_new] = types.emplace(node.dictionary_id, node.dictionary.get());
  if (!is_new && !same_layout(*entry->second, *node.dictionary)) {
    throw_corrupt_ipc("two columns share a dictionary but not its type");
  }
  collect_dictionaries(*node.dictionary, types);
}

}  // namespace

RecordBatchDecoder::RecordBatchDecoder(const ArrowSchema& schema, DecodeLimits limits)
    : type_(std::make_unique<TypeNode>(resolve_type(schema))), limits_(limits) {
  if (type_->layout != Layout::Struct || type_->dictionary != nullptr) {
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = "record batches need a schema that is a struct of columns"});
  }
  collect_dictionaries(*type_, dictionary_types_);
}

RecordBatchDecoder::RecordBatchDecoder(const IpcSchema& schema, DecodeLimits limits)
    : RecordBatchDecoder(*schema.schema, limits) {
  std::size_t next = 0;
  assign_ids(*type_, schema.dictionary_ids, next);
  dictionary_types_.clear();
  collect_dictionaries(*type_, dictionary_types_);
}

UniqueArray RecordBatchDecoder::decode(const base::Buffer& message) const {
  return decode_message(IpcMessage::read_single(message));
}

UniqueArray RecordBatchDecoder::decode_message(const IpcMessage& message) const {
  if (message.table().header_type() == ipc::MessageHeader::DictionaryBatch) dictionary_refused();
  const ipc::RecordBatch* batch = message.table().header_as_RecordBatch();
  if (batch == nullptr) throw_corrupt_ipc("a record batch was expected where another message came");
  BatchDecoder decoder(*batch, message.body(), dictionaries_, limits_);
  auto columns = decoder.columns(type_->children);
  return make_batch(decoder.length(), std::move(columns));
}

void RecordBatchDecoder::add_dictionary(const IpcMessage& message) {
  const ipc::DictionaryBatch* batch = message.table().header_as_DictionaryBatch();
  if (batch == nullptr) throw_corrupt_ipc("a dictionary message is empty");
  if (batch->is_delta()) {
    throw_error({.kind = ErrorKind::NotSupported,
                 .message = "the result extends an Arrow dictionary, which is not supported"});
  }
  const auto type = dictionary_types_.find(batch->id());
  if (type == dictionary_types_.end() || batch->data() == nullptr) {
    throw_corrupt_ipc(base::concat("a dictionary has the unknown id ", batch->id()));
  }
  BatchDecoder decoder(*batch->data(), message.body(), dictionaries_, limits_);
  UniqueArray values = decoder.column_alone(*type->second);
  dictionaries_[batch->id()] = std::make_shared<const UniqueArray>(std::move(values));
}

StreamDecoder::StreamDecoder(const ArrowSchema& schema, DecodeLimits limits)
    : decoder_(schema, limits) {}
StreamDecoder::StreamDecoder(const IpcSchema& schema, DecodeLimits limits)
    : decoder_(schema, limits) {}

std::optional<IpcMessage> StreamDecoder::next_message(const base::Buffer& bytes,
                                                      std::size_t& position, bool is_complete) {
  if (position == bytes.size()) return std::nullopt;
  if (!ended_) {
    if (!is_complete && !IpcMessage::is_whole(bytes, position)) return std::nullopt;
    if (auto message = IpcMessage::read(bytes, position)) return message;
    ended_ = true;
  }
  if (position != bytes.size())
    throw_corrupt_ipc(base::concat(bytes.size() - position, " bytes follow the end marker"));
  return std::nullopt;
}

std::optional<UniqueArray> StreamDecoder::next(const base::Buffer& bytes, std::size_t& position,
                                               bool is_complete) {
  while (const auto message = next_message(bytes, position, is_complete)) {
    switch (message->table().header_type()) {
      case ipc::MessageHeader::Schema:
        expect_same_schema(*message);
        break;
      case ipc::MessageHeader::DictionaryBatch:
        decoder_.add_dictionary(*message);
        break;
      default:
        return decoder_.decode_message(*message);
    }
  }
  return std::nullopt;
}

void StreamDecoder::expect_same_schema(const IpcMessage& message) const {
  if (!same_layout(resolve_type(*convert_schema(message).schema), decoder_.type())) {
    throw_corrupt_ipc("its embedded schema has other column types than the statement's result");
  }
}

StreamReader::StreamReader(base::Buffer stream, DecodeLimits limits) : stream_(std::move(stream)) {
  const auto message = stream_.empty() ? std::nullopt : IpcMessage::read(stream_, position_);
  if (!message) throw_corrupt_ipc("a stream ends before its schema");
  IpcSchema schema = convert_schema(*message);
  decoder_.emplace(schema, limits);
  schema_ = std::move(schema.schema);
}

StreamReader::StreamReader(base::Buffer stream, const ArrowSchema& schema, DecodeLimits limits)
    : stream_(std::move(stream)), schema_(copy_schema(schema)) {
  decoder_.emplace(schema, limits);
}

}  // namespace dbsql::arrow
