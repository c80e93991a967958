#include "arrow/builder.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <limits>

namespace dbsql::arrow {
namespace {

// What empty buffers point to, so that no consumer meets a null pointer where it expects values or
// a first offset.
alignas(64) constexpr std::array<std::byte, 64> kNothing{};

const void* address_of(const base::Buffer& buffer) {
  return buffer.data() == nullptr ? kNothing.data() : buffer.data();
}

const void* address_of(const Validity& validity) {
  return validity.null_count == 0 ? nullptr : validity.bits.data();
}

[[noreturn]] void invalid(std::string message) {
  throw_error({.kind = ErrorKind::InvalidArgument, .message = std::move(message)});
}

std::vector<UniqueArray> one(UniqueArray array) {
  std::vector<UniqueArray> list;
  list.push_back(std::move(array));
  return list;
}

template <class Offset>
Offset checked_offset(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<Offset>::max())) {
    throw_error({.kind = ErrorKind::ResourceExhausted,
                 .message = "an Arrow column would exceed 2 GiB; make smaller batches or use a "
                            "type with 64-bit offsets"});
  }
  return static_cast<Offset>(value);
}

}  // namespace

Validity validity_from_null_bits(std::span<const std::byte> null_bits, std::int64_t length) {
  const auto* nulls = reinterpret_cast<const std::uint8_t*>(null_bits.data());
  const auto known = std::min(length, static_cast<std::int64_t>(null_bits.size()) * 8);
  Validity validity;
  validity.null_count = count_set_bits(nulls, 0, known);
  if (validity.null_count == 0) return validity;
  const auto size = static_cast<std::size_t>(bitmap_bytes(length));
  auto bits = base::BufferArena::process().allocate(size);
  auto* out = reinterpret_cast<std::uint8_t*>(bits.data());
  fill_bits(out, length);
  for (std::size_t i = 0; i < std::min(size, null_bits.size()); ++i) {
    out[i] = static_cast<std::uint8_t>(out[i] & ~nulls[i]);
  }
  bits.set_size(size);
  validity.bits = std::move(bits).freeze();
  return validity;
}

UniqueArray fixed_width_array(std::int64_t length, const Validity& validity,
                              const base::Buffer& values) {
  return make_array({.length = length,
                     .null_count = validity.null_count,
                     .n_buffers = 2,
                     .buffers = {address_of(validity), address_of(values)},
                     .owners = {validity.bits.owner(), values.owner()}});
}

UniqueArray bytes_array(std::int64_t length, const Validity& validity, const base::Buffer& offsets,
                        const base::Buffer& data) {
  return make_array({.length = length,
                     .null_count = validity.null_count,
                     .n_buffers = 3,
                     .buffers = {address_of(validity), address_of(offsets), address_of(data)},
                     .owners = {validity.bits.owner(), offsets.owner(), data.owner()}});
}

UniqueArray null_array(std::int64_t length) {
  return make_array({.length = length, .null_count = length});
}

namespace detail {

Validity ValidityTail::take() {
  Validity validity{.bits = std::exchange(bits_, {}).freeze(), .null_count = null_count_};
  length_ = 0;
  null_count_ = 0;
  return validity;
}

void ValidityTail::backfill() {
  const auto size = static_cast<std::size_t>(bitmap_bytes(length_));
  bits_.reserve(size + 64);
  fill_bits(reinterpret_cast<std::uint8_t*>(bits_.data()), length_);
  bits_.set_size(size);
}

void ValidityTail::write(std::int64_t count, bool valid) {
  const auto old_size = bits_.size();
  const auto size = static_cast<std::size_t>(bitmap_bytes(length_ + count));
  if (size > bits_.capacity()) bits_.reserve(size);
  std::memset(bits_.data() + old_size, 0, size - old_size);
  bits_.set_size(size);
  if (!valid) return;
  auto* bits = reinterpret_cast<std::uint8_t*>(bits_.data());
  for (std::int64_t i = 0; i < count; ++i) set_bit(bits, length_ + i, true);
}

}  // namespace detail

void Builder::throw_wrong_builder() {
  invalid("this Arrow builder is of another class than asked for; compare the column's type");
}

UniqueArray NullBuilder::finish() {
  const std::int64_t rows = length();
  validity_.take();
  return null_array(rows);
}

void BoolBuilder::reserve(std::int64_t count) {
  bits_.reserve(static_cast<std::size_t>(bitmap_bytes(count)) + 1);
}

void BoolBuilder::append_nulls(std::int64_t count) {
  const std::int64_t old_size = bitmap_bytes(length());
  const auto added = static_cast<std::size_t>(bitmap_bytes(length() + count) - old_size);
  if (added != 0) std::memset(bits_.grow(added), 0, added);
  validity_.append_null(count);
}

UniqueArray BoolBuilder::finish() {
  const std::int64_t rows = length();
  return fixed_width_array(rows, validity_.take(), bits_.take());
}

template <class Offset>
void BasicBytesBuilder<Offset>::push_offset(std::size_t added) {
  const auto end = checked_offset<Offset>(size_ + added);
  if (length() == 0) *offsets_.grow(1) = 0;
  *offsets_.grow(1) = end;
  size_ += added;
}

template <class Offset>
void BasicBytesBuilder<Offset>::reserve(std::int64_t count) {
  offsets_.reserve(static_cast<std::size_t>(count) + 1);
}

template <class Offset>
void BasicBytesBuilder<Offset>::append_nulls(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    push_offset(0);
    validity_.append_null(1);
  }
}

template <class Offset>
UniqueArray BasicBytesBuilder<Offset>::finish() {
  const std::int64_t rows = length();
  size_ = 0;
  return bytes_array(rows, validity_.take(), offsets_.take(), data_.take());
}

template class BasicBytesBuilder<std::int32_t>;
template class BasicBytesBuilder<std::int64_t>;

void FixedSizeBinaryBuilder::append(std::string_view value) {
  if (value.size() != width_) {
    invalid(base::concat("a value of ", value.size(), " bytes does not fit a column of ", width_,
                         "-byte values"));
  }
  if (width_ != 0) std::memcpy(data_.grow(width_), value.data(), width_);
  validity_.append_valid(1);
}

void FixedSizeBinaryBuilder::reserve(std::int64_t count) {
  data_.reserve(static_cast<std::size_t>(count) * width_);
}

void FixedSizeBinaryBuilder::append_nulls(std::int64_t count) {
  const std::size_t size = static_cast<std::size_t>(count) * width_;
  if (size != 0) std::memset(data_.grow(size), 0, size);
  validity_.append_null(count);
}

UniqueArray FixedSizeBinaryBuilder::finish() {
  const std::int64_t rows = length();
  return fixed_width_array(rows, validity_.take(), data_.take());
}

void StructBuilder::reserve(std::int64_t count) {
  for (auto& field : fields_) field->reserve(count);
}

void StructBuilder::append_nulls(std::int64_t count) {
  for (auto& field : fields_) field->append_nulls(count);
  validity_.append_null(count);
}

UniqueArray StructBuilder::finish() {
  const std::int64_t rows = length();
  std::vector<UniqueArray> columns;
  columns.reserve(fields_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i]->length() != rows) {
      invalid(base::concat("field ", i, " of a struct of ", rows, " rows has ",
                           fields_[i]->length(), " values"));
    }
    columns.push_back(fields_[i]->finish());
  }
  const Validity validity = validity_.take();
  return make_array({.length = rows,
                     .null_count = validity.null_count,
                     .n_buffers = 1,
                     .buffers = {address_of(validity)},
                     .owners = {validity.bits.owner()},
                     .children = std::move(columns)});
}

template <class Offset>
void BasicListBuilder<Offset>::push_offset() {
  const auto end = checked_offset<Offset>(static_cast<std::uint64_t>(values_->length()));
  if (length() == 0) *offsets_.grow(1) = 0;
  *offsets_.grow(1) = end;
}

template <class Offset>
void BasicListBuilder<Offset>::end_list() {
  push_offset();
  validity_.append_valid(1);
}

template <class Offset>
void BasicListBuilder<Offset>::reserve(std::int64_t count) {
  offsets_.reserve(static_cast<std::size_t>(count) + 1);
}

template <class Offset>
void BasicListBuilder<Offset>::append_nulls(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    push_offset();
    validity_.append_null(1);
  }
}

template <class Offset>
UniqueArray BasicListBuilder<Offset>::finish() {
  const std::int64_t rows = length();
  const Validity validity = validity_.take();
  const base::Buffer offsets = offsets_.take();
  return make_array({.length = rows,
                     .null_count = validity.null_count,
                     .n_buffers = 2,
                     .buffers = {address_of(validity), address_of(offsets)},
                     .owners = {validity.bits.owner(), offsets.owner()},
                     .children = one(values_->finish())});
}

template class BasicListBuilder<std::int32_t>;
template class BasicListBuilder<std::int64_t>;

namespace {

std::unique_ptr<Builder> entries_of(std::unique_ptr<Builder> keys,
                                    std::unique_ptr<Builder> values) {
  std::vector<std::unique_ptr<Builder>> fields;
  fields.push_back(std::move(keys));
  fields.push_back(std::move(values));
  return std::make_unique<StructBuilder>(std::move(fields));
}

}  // namespace

MapBuilder::MapBuilder(std::unique_ptr<Builder> keys, std::unique_ptr<Builder> values)
    : list_(entries_of(std::move(keys), std::move(values))) {}

void MapBuilder::end_map() {
  while (entries().length() < keys().length()) entries().end_row();
  list_.end_list();
  validity_.append_valid(1);
}

void MapBuilder::append_nulls(std::int64_t count) {
  list_.append_nulls(count);
  validity_.append_null(count);
}

UniqueArray MapBuilder::finish() {
  validity_.take();
  return list_.finish();
}

void FixedSizeListBuilder::end_list() {
  if (values_->length() != (length() + 1) * size_) {
    invalid(base::concat("list ", length(), " of a fixed-size list column does not have ", size_,
                         " values"));
  }
  validity_.append_valid(1);
}

void FixedSizeListBuilder::append_nulls(std::int64_t count) {
  values_->append_nulls(count * size_);
  validity_.append_null(count);
}

UniqueArray FixedSizeListBuilder::finish() {
  const std::int64_t rows = length();
  const Validity validity = validity_.take();
  return make_array({.length = rows,
                     .null_count = validity.null_count,
                     .n_buffers = 1,
                     .buffers = {address_of(validity)},
                     .owners = {validity.bits.owner()},
                     .children = one(values_->finish())});
}

namespace {

std::unique_ptr<Builder> builder_of(const TypeNode& node);

std::vector<std::unique_ptr<Builder>> builders_of(const std::vector<TypeNode>& nodes) {
  std::vector<std::unique_ptr<Builder>> builders;
  builders.reserve(nodes.size());
  for (const TypeNode& node : nodes) builders.push_back(builder_of(node));
  return builders;
}

std::unique_ptr<Builder> fixed_builder_of(const DataType& type) {
  switch (type.kind) {
    case TypeKind::UInt8:
      return std::make_unique<UInt8Builder>();
    case TypeKind::UInt16:
    case TypeKind::Float16:
      return std::make_unique<UInt16Builder>();
    case TypeKind::UInt32:
      return std::make_unique<UInt32Builder>();
    case TypeKind::UInt64:
      return std::make_unique<UInt64Builder>();
    case TypeKind::Float32:
      return std::make_unique<Float32Builder>();
    case TypeKind::Float64:
      return std::make_unique<Float64Builder>();
    case TypeKind::FixedSizeBinary:
      return std::make_unique<FixedSizeBinaryBuilder>(type.byte_width);
    case TypeKind::IntervalDayTime:
      return std::make_unique<FixedBuilder<DayTime>>();
    case TypeKind::IntervalMonthDayNano:
      return std::make_unique<FixedBuilder<MonthDayNano>>();
    default:
      break;
  }
  switch (type.byte_width) {  // signed integers and everything stored as one
    case 1:
      return std::make_unique<Int8Builder>();
    case 2:
      return std::make_unique<Int16Builder>();
    case 4:
      return std::make_unique<Int32Builder>();
    case 8:
      return std::make_unique<Int64Builder>();
    case 16:
      return std::make_unique<Decimal128Builder>();
    default:
      return std::make_unique<Decimal256Builder>();
  }
}

std::unique_ptr<Builder> builder_of(const TypeNode& node) {
  switch (node.layout) {
    case Layout::Null:
      return std::make_unique<NullBuilder>();
    case Layout::Bits:
      return std::make_unique<BoolBuilder>();
    case Layout::Fixed:
      return fixed_builder_of(node.type);
    case Layout::Bytes32:
      return std::make_unique<BytesBuilder>();
    case Layout::Bytes64:
      return std::make_unique<LargeBytesBuilder>();
    case Layout::List64:
      return std::make_unique<LargeListBuilder>(builder_of(node.children[0]));
    case Layout::FixedList:
      return std::make_unique<FixedSizeListBuilder>(node.type.list_size,
                                                    builder_of(node.children[0]));
    case Layout::Struct:
      return std::make_unique<StructBuilder>(builders_of(node.children));
    case Layout::List32:
      break;
  }
  if (node.type.kind == TypeKind::Map) {
    const auto& entries = node.children[0].children;
    return std::make_unique<MapBuilder>(builder_of(entries[0]), builder_of(entries[1]));
  }
  return std::make_unique<ListBuilder>(builder_of(node.children[0]));
}

}  // namespace

std::unique_ptr<Builder> make_builder(const ArrowSchema& field) {
  return builder_of(resolve_type(field));
}

BatchBuilder::BatchBuilder(const ArrowSchema& schema)
    : columns_(builders_of(resolve_type(schema).children)) {}

UniqueArray BatchBuilder::finish() {
  const std::int64_t rows = length();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i]->length() != rows) {
      invalid(base::concat("column ", i, " has ", columns_[i]->length(),
                           " rows where column 0 has ", rows));
    }
  }
  std::vector<UniqueArray> columns;
  columns.reserve(columns_.size());
  for (auto& column : columns_) columns.push_back(column->finish());
  return make_batch(rows, std::move(columns));
}

}  // namespace dbsql::arrow
