#include "arrow/c_data.h"

#include <dbsql/error.h>

#include "arrow/bits.h"
#include "base/text.h"

#include <cstring>

namespace dbsql::arrow {
namespace {

// What a schema node points to. Children sit in `children`, whose storage never moves once the node
// is built; a consumer may move a child out, which leaves an empty one behind.
struct SchemaNode {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<UniqueSchema> children;
  std::vector<ArrowSchema*> child_pointers;
  UniqueSchema dictionary;
};

void release_schema(ArrowSchema* schema) noexcept {
  delete static_cast<SchemaNode*>(schema->private_data);
  schema->release = nullptr;
}

struct ArrayNode {
  std::array<const void*, 3> buffers{};
  std::array<std::shared_ptr<const void>, 3> owners;
  std::vector<UniqueArray> children;
  std::vector<ArrowArray*> child_pointers;
  UniqueArray dictionary;
};

void release_array(ArrowArray* array) noexcept {
  delete static_cast<ArrayNode*>(array->private_data);
  array->release = nullptr;
}

UniqueSchema make_schema_node(std::unique_ptr<SchemaNode> node, std::int64_t flags) {
  node->child_pointers.reserve(node->children.size());
  for (UniqueSchema& child : node->children) node->child_pointers.push_back(child.get());
  UniqueSchema schema;
  schema->format = node->format.c_str();
  schema->name = node->name.c_str();
  schema->metadata = node->metadata.empty() ? nullptr : node->metadata.data();
  schema->flags = flags;
  schema->n_children = static_cast<std::int64_t>(node->children.size());
  schema->children = node->child_pointers.empty() ? nullptr : node->child_pointers.data();
  schema->dictionary = node->dictionary.empty() ? nullptr : node->dictionary.get();
  schema->release = release_schema;
  schema->private_data = node.release();
  return schema;
}

void append_int32(std::string& out, std::size_t value) {
  const auto narrow = static_cast<std::int32_t>(value);
  char bytes[sizeof narrow];
  std::memcpy(bytes, &narrow, sizeof narrow);
  out.append(bytes, sizeof bytes);
}

// Walks the metadata encoding: native-endian int32 count, then length-prefixed keys and values.
class MetadataCursor {
 public:
  explicit MetadataCursor(const char* encoded) : position_(encoded) {
    if (encoded != nullptr) pairs_left_ = next_int32();
  }
  bool next(std::string_view& key, std::string_view& value) {
    if (pairs_left_-- <= 0) return false;
    key = next_text();
    value = next_text();
    return true;
  }
  const char* position() const { return position_; }

 private:
  std::int32_t next_int32() {
    std::int32_t value;
    std::memcpy(&value, position_, sizeof value);
    position_ += sizeof value;
    return value;
  }
  std::string_view next_text() {
    const std::int32_t size = next_int32();
    const std::string_view text(position_, size < 0 ? 0 : static_cast<std::size_t>(size));
    position_ += text.size();
    return text;
  }

  const char* position_;
  std::int32_t pairs_left_ = 0;
};

std::string copy_metadata(const char* encoded) {
  if (encoded == nullptr) return {};
  MetadataCursor cursor(encoded);
  std::string_view key;
  std::string_view value;
  while (cursor.next(key, value)) {
  }
  return {encoded, cursor.position()};
}

bool has_validity(const ArrowArray& array) {
  return array.n_buffers > 0 && array.buffers[0] != nullptr;
}

}  // namespace

std::string encode_metadata(const Metadata& metadata) {
  std::string encoded;
  if (metadata.empty()) return encoded;
  append_int32(encoded, metadata.size());
  for (const auto& [key, value] : metadata) {
    append_int32(encoded, key.size());
    encoded += key;
    append_int32(encoded, value.size());
    encoded += value;
  }
  return encoded;
}

Metadata decode_metadata(const char* encoded) {
  Metadata metadata;
  MetadataCursor cursor(encoded);
  std::string_view key;
  std::string_view value;
  while (cursor.next(key, value)) metadata.emplace_back(key, value);
  return metadata;
}

std::optional<std::string_view> find_metadata(const char* encoded, std::string_view key) {
  MetadataCursor cursor(encoded);
  std::string_view candidate;
  std::string_view value;
  while (cursor.next(candidate, value)) {
    if (candidate == key) return value;
  }
  return std::nullopt;
}

UniqueSchema make_schema(SchemaParts parts) {
  auto node = std::make_unique<SchemaNode>();
  node->format = std::move(parts.format);
  node->name = std::move(parts.name);
  node->metadata = encode_metadata(parts.metadata);
  node->children = std::move(parts.children);
  node->dictionary = std::move(parts.dictionary);
  const std::int64_t nullable = parts.nullable ? ARROW_FLAG_NULLABLE : 0;
  return make_schema_node(std::move(node), parts.flags | nullable);
}

UniqueSchema make_schema(std::string_view format, std::string_view name, bool nullable) {
  return make_schema(
      {.format = std::string(format), .name = std::string(name), .nullable = nullable});
}

UniqueSchema copy_schema(const ArrowSchema& schema) {
  auto node = std::make_unique<SchemaNode>();
  node->format = schema.format;
  node->name = schema.name == nullptr ? "" : schema.name;
  node->metadata = copy_metadata(schema.metadata);
  node->children.reserve(static_cast<std::size_t>(schema.n_children));
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    node->children.push_back(copy_schema(*schema.children[i]));
  }
  if (schema.dictionary != nullptr) node->dictionary = copy_schema(*schema.dictionary);
  return make_schema_node(std::move(node), schema.flags);
}

UniqueSchema struct_schema(std::vector<UniqueSchema> fields, std::string_view name, bool nullable) {
  return make_schema({.format = "+s",
                      .name = std::string(name),
                      .nullable = nullable,
                      .children = std::move(fields)});
}

UniqueSchema list_schema(UniqueSchema element, std::string_view name, bool nullable) {
  return make_schema({.format = "+l",
                      .name = std::string(name),
                      .nullable = nullable,
                      .children = children(rename(std::move(element), "element"))});
}

UniqueSchema map_schema(UniqueSchema key, UniqueSchema value, std::string_view name,
                        bool nullable) {
  key = rename(std::move(key), "key");
  key->flags &= ~std::int64_t{ARROW_FLAG_NULLABLE};
  auto entries = struct_schema(children(std::move(key), rename(std::move(value), "value")),
                               "entries", /*nullable=*/false);
  return make_schema({.format = "+m",
                      .name = std::string(name),
                      .nullable = nullable,
                      .children = children(std::move(entries))});
}

UniqueSchema rename(UniqueSchema schema, std::string_view name) {
  // Nodes of other producers cannot be edited in place, so those are copied first.
  if (schema->release != release_schema) schema = copy_schema(*schema);
  auto* node = static_cast<SchemaNode*>(schema->private_data);
  node->name = name;
  schema->name = node->name.c_str();
  return schema;
}

UniqueArray make_array(ArrayParts parts) {
  auto node = std::make_unique<ArrayNode>();
  node->buffers = parts.buffers;
  node->owners = std::move(parts.owners);
  node->children = std::move(parts.children);
  node->dictionary = std::move(parts.dictionary);
  node->child_pointers.reserve(node->children.size());
  for (UniqueArray& child : node->children) node->child_pointers.push_back(child.get());
  UniqueArray array;
  array->length = parts.length;
  array->null_count = parts.null_count;
  array->n_buffers = parts.n_buffers;
  array->n_children = static_cast<std::int64_t>(node->children.size());
  array->buffers = node->buffers.data();
  array->children = node->child_pointers.empty() ? nullptr : node->child_pointers.data();
  array->dictionary = node->dictionary.empty() ? nullptr : node->dictionary.get();
  array->release = release_array;
  array->private_data = node.release();
  return array;
}

UniqueArray make_batch(std::int64_t length, std::vector<UniqueArray> columns) {
  return make_array({.length = length, .n_buffers = 1, .children = std::move(columns)});
}

UniqueArray slice(UniqueArray batch, std::int64_t offset, std::int64_t length) {
  if (offset < 0 || length < 0 || offset > batch->length || length > batch->length - offset) {
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = base::concat("rows ", offset, " to ", offset, " + ", length,
                                         " are not inside a batch of ", batch->length, " rows")});
  }
  const std::int64_t shift = batch->offset + offset;
  for (std::int64_t i = 0; i < batch->n_children; ++i) {
    ArrowArray& column = *batch->children[i];
    const bool trimmed = shift != 0 || column.length != length;
    column.offset += shift;
    column.length = length;
    if (trimmed && column.null_count != 0) {
      column.null_count = -1;
      column.null_count = null_count(column);
    }
  }
  batch->offset = 0;
  batch->length = length;
  return batch;
}

UniqueArray slice(UniqueArray batch, std::int64_t rows) { return slice(std::move(batch), 0, rows); }

std::int64_t null_count(const ArrowArray& array) {
  if (array.null_count >= 0) return array.null_count;
  if (array.n_buffers == 0) return array.length;  // the null type
  if (!has_validity(array)) return 0;
  const auto* validity = static_cast<const std::uint8_t*>(array.buffers[0]);
  return array.length - count_set_bits(validity, array.offset, array.length);
}

}  // namespace dbsql::arrow
