#include "warehouse/result_spool.h"

#include "warehouse/value_text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace dbsql::warehouse {
namespace {

template <class Offset>
std::pair<std::int64_t, std::int64_t> offset_range(const ArrowArray& array, std::int64_t offset,
                                                   std::int64_t length) {
  const auto* offsets = static_cast<const Offset*>(array.buffers[1]);
  if (offsets == nullptr || length == 0) return {0, 0};
  const std::int64_t first = array.offset + offset;
  return {static_cast<std::int64_t>(offsets[first]),
          static_cast<std::int64_t>(offsets[first + length])};
}

std::size_t child_bytes(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t offset,
                        std::int64_t length) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    bytes += data_bytes(type.children[i], *array.children[i], offset, length);
  }
  return bytes;
}

using Keeper = std::shared_ptr<const arrow::UniqueArray>;

void release_shared(ArrowArray* array) {
  delete static_cast<Keeper*>(array->private_data);
  array->release = nullptr;
}

}  // namespace

std::size_t data_bytes(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t offset,
                       std::int64_t length) {
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  const std::size_t validity = size((length + 7) / 8);
  switch (type.layout) {
    case arrow::Layout::Null:
      return 0;
    case arrow::Layout::Bits:
      return 2 * validity;
    case arrow::Layout::Fixed:
      return validity + size(length) * size(type.type.byte_width);
    case arrow::Layout::Bytes32: {
      const auto [first, last] = offset_range<std::int32_t>(array, offset, length);
      return validity + size(length + 1) * sizeof(std::int32_t) + size(last - first);
    }
    case arrow::Layout::Bytes64: {
      const auto [first, last] = offset_range<std::int64_t>(array, offset, length);
      return validity + size(length + 1) * sizeof(std::int64_t) + size(last - first);
    }
    case arrow::Layout::List32: {
      const auto [first, last] = offset_range<std::int32_t>(array, offset, length);
      return validity + size(length + 1) * sizeof(std::int32_t) +
             child_bytes(type, array, first, last - first);
    }
    case arrow::Layout::List64: {
      const auto [first, last] = offset_range<std::int64_t>(array, offset, length);
      return validity + size(length + 1) * sizeof(std::int64_t) +
             child_bytes(type, array, first, last - first);
    }
    case arrow::Layout::FixedList: {
      const std::int64_t width = type.type.list_size;
      return validity + child_bytes(type, array, (array.offset + offset) * width, length * width);
    }
    case arrow::Layout::Struct:
      return validity + child_bytes(type, array, array.offset + offset, length);
  }
  return 0;
}

arrow::UniqueArray share_column(const Keeper& batch, std::size_t column, std::int64_t offset,
                                std::int64_t length) {
  const ArrowArray& whole = **batch;
  ArrowArray part = *whole.children[column];
  part.offset += whole.offset + offset;
  if (part.null_count != 0 && length != part.length) part.null_count = -1;
  part.length = length;
  part.private_data = new Keeper(batch);
  part.release = release_shared;
  return arrow::UniqueArray(std::move(part));
}

ResultSpool::ResultSpool(std::unique_ptr<EngineResult> source, std::size_t retain_bytes)
    : source_(std::move(source)),
      type_(resolve_value_type(source_->arrow_schema())),
      retain_bytes_(retain_bytes) {}

bool ResultSpool::pull() {
  while (!exhausted_) {
    std::optional<arrow::UniqueArray> batch = source_->next();
    if (!batch) {
      exhausted_ = true;
      break;
    }
    const std::int64_t length = (*batch)->length;
    if (length == 0) continue;
    const std::size_t bytes = data_bytes(type_, **batch, 0, length);
    held_.push_back({.batch = std::make_shared<const arrow::UniqueArray>(std::move(*batch)),
                     .first_row = pulled_rows_,
                     .length = length,
                     .bytes = bytes});
    held_bytes_ += bytes;
    pulled_rows_ += length;
    return true;
  }
  return false;
}

std::optional<SpooledRows> ResultSpool::rows_at(std::int64_t row) {
  while (row >= pulled_rows_) {
    if (!pull()) return std::nullopt;
  }
  if (row < held_.front().first_row) {
    throw EngineError{.sqlstate = "HY106",
                      .error_class = "",
                      .message =
                          "These rows have been let go: the result is larger than what is "
                          "kept for reading again."};
  }
  const auto after = std::upper_bound(
      held_.begin(), held_.end(), row,
      [](std::int64_t wanted, const Held& held) { return wanted < held.first_row; });
  const Held& held = *std::prev(after);
  const std::int64_t offset = row - held.first_row;
  const std::int64_t length = held.length - offset;
  const std::size_t bytes =
      held.bytes * static_cast<std::size_t>(length) / static_cast<std::size_t>(held.length);
  return SpooledRows{held.batch, offset, length, bytes};
}

void ResultSpool::release_before(std::int64_t row) {
  while (held_bytes_ > retain_bytes_ && held_.size() > 1 &&
         held_.front().first_row + held_.front().length <= row) {
    held_bytes_ -= held_.front().bytes;
    held_.pop_front();
  }
}

}  // namespace dbsql::warehouse
