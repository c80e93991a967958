#pragma once

#include <dbsql/arrow_c.h>

#include "base/buffer.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Arrow data inside this library: ownership of the C structs, IPC, typed views and builders.
namespace dbsql::arrow {

/// Owns one struct of the Arrow C interfaces and calls its `release` exactly once.
///
/// Ownership: move-only. Moving copies the struct's bytes, as the interface asks for
/// (reference/adbc.md 1.1). Threads: one at a time. Errors: none; nothing here throws.
template <class Struct>
class UniqueC {
 public:
  UniqueC() noexcept = default;
  /// Takes over `source`, which is left released.
  explicit UniqueC(Struct&& source) noexcept : value_(source) { source.release = nullptr; }
  UniqueC(UniqueC&& other) noexcept : value_(other.move_out()) {}
  UniqueC& operator=(UniqueC&& other) noexcept {
    if (this != &other) {
      release();
      value_ = other.move_out();
    }
    return *this;
  }
  ~UniqueC() { release(); }

  Struct* get() noexcept { return &value_; }
  const Struct* get() const noexcept { return &value_; }
  Struct* operator->() noexcept { return &value_; }
  const Struct* operator->() const noexcept { return &value_; }
  Struct& operator*() noexcept { return value_; }
  const Struct& operator*() const noexcept { return value_; }

  bool empty() const noexcept { return value_.release == nullptr; }
  explicit operator bool() const noexcept { return !empty(); }

  /// Frees what is held; the object is empty afterwards.
  void release() noexcept {
    if (value_.release != nullptr) value_.release(&value_);
    value_ = Struct{};
  }

  /// Hands the struct over to the caller, who must release it; the object is empty afterwards.
  Struct move_out() noexcept { return std::exchange(value_, Struct{}); }

  /// The place where a C producer may write a struct that this object then owns.
  Struct* out() noexcept {
    release();
    return &value_;
  }

 private:
  Struct value_{};
};

using UniqueSchema = UniqueC<ArrowSchema>;
using UniqueArray = UniqueC<ArrowArray>;
using UniqueStream = UniqueC<ArrowArrayStream>;

/// Key/value pairs of a field, in order; duplicate keys are kept.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The binary form that `ArrowSchema::metadata` points to; empty for no pairs.
std::string encode_metadata(const Metadata& metadata);
/// \param encoded  as in `ArrowSchema::metadata`; may be null
Metadata decode_metadata(const char* encoded);
/// The value of the first pair with that key.
std::optional<std::string_view> find_metadata(const char* encoded, std::string_view key);

/// What a schema node is made of; members that do not apply keep their defaults.
struct SchemaParts {
  std::string format;  ///< Arrow format string, for instance "tsu:Etc/UTC"
  std::string name = {};
  bool nullable = true;
  Metadata metadata = {};
  std::vector<UniqueSchema> children = {};
  UniqueSchema dictionary = {};  ///< type of the values; `format` is then the type of the indices
  std::int64_t flags = 0;        ///< ARROW_FLAG_* beside nullable
};

UniqueSchema make_schema(SchemaParts parts);
UniqueSchema make_schema(std::string_view format, std::string_view name, bool nullable = true);

/// An independent deep copy.
UniqueSchema copy_schema(const ArrowSchema& schema);

/// `children(make_schema("i", "a"), make_schema("u", "b"))`: move-only values in a vector.
template <class... Schemas>
std::vector<UniqueSchema> children(Schemas&&... schemas) {
  std::vector<UniqueSchema> list;
  list.reserve(sizeof...(schemas));
  (list.push_back(std::forward<Schemas>(schemas)), ...);
  return list;
}

// Schemas of nested types, with the child names that servers use (reference/results.md 3.1).
UniqueSchema struct_schema(std::vector<UniqueSchema> fields, std::string_view name = {},
                           bool nullable = true);
UniqueSchema list_schema(UniqueSchema element, std::string_view name = {}, bool nullable = true);
/// Children are renamed to `key` and `value`, and keys are marked as never null.
UniqueSchema map_schema(UniqueSchema key, UniqueSchema value, std::string_view name = {},
                        bool nullable = true);

/// The same node under another name; the rest is kept.
UniqueSchema rename(UniqueSchema schema, std::string_view name);

/// What an array node is made of.
struct ArrayParts {
  std::int64_t length = 0;
  std::int64_t null_count = 0;
  std::int64_t n_buffers = 0;
  std::array<const void*, 3> buffers{};
  /// Keep the memory behind `buffers` alive; unused ones stay empty.
  std::array<std::shared_ptr<const void>, 3> owners = {};
  std::vector<UniqueArray> children = {};
  UniqueArray dictionary = {};
};

UniqueArray make_array(ArrayParts parts);

/// A record batch: a struct array without nulls over `columns`, which all have `length` rows.
UniqueArray make_batch(std::int64_t length, std::vector<UniqueArray> columns);

/// Rows [offset, offset + length) of a batch without copying; the batch's own offset stays zero, as
/// importers of record batches demand, so the columns move instead. \throws Error (InvalidArgument)
/// when the rows are not in the batch
UniqueArray slice(UniqueArray batch, std::int64_t offset, std::int64_t length);
/// The first `rows` rows.
UniqueArray slice(UniqueArray batch, std::int64_t rows);

/// Null slots among the elements of an array; counts the bitmap when the array says "unknown".
std::int64_t null_count(const ArrowArray& array);

}  // namespace dbsql::arrow
