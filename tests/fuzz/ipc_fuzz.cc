// links: dbsql_arrow
//
// Arrow IPC from outside: a whole stream, a schema message alone, or batches against one of a few
// known schemas; the first byte chooses. Whatever is accepted is read to its last cell and written
// again. The mutator starts from valid messages of its own, so that no corpus is needed to get past
// the metadata.

#include <dbsql/error.h>

#include "arrow/array_view.h"
#include "arrow/builder.h"
#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "arrow/ipc_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::arrow {
namespace {

constexpr DecodeLimits kLimits{.max_rows = 100'000, .max_decompressed = std::size_t{4} << 20};

// Cells that may still be read: lists of nulls can claim any length, and nested they multiply.
class CellReader {
 public:
  void read(const ArrayView& column, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end && cells_left_ > 0; ++row) read_cell(column, row);
  }
  std::uint64_t sum() const { return sum_; }

 private:
  void read_cell(const ArrayView& column, std::int64_t row) {
    --cells_left_;
    if (column.is_null(row)) return;
    if (column.dictionary() != nullptr) {
      return read_cell(*column.dictionary(), column.dictionary_index(row));
    }
    switch (layout_of(column.kind())) {
      case Layout::Null:
        return;
      case Layout::Bits:
        sum_ += column.bool_at(row) ? 1 : 0;
        return;
      case Layout::Fixed:
        return read_fixed(column, row);
      case Layout::Bytes32:
      case Layout::Bytes64:
        return read_bytes(column.bytes_at(row));
      case Layout::List32:
      case Layout::List64:
      case Layout::FixedList: {
        const auto range = column.range_at(row);
        return read(column.child(0), range.begin, range.end);
      }
      case Layout::Struct:
        for (std::size_t i = 0; i < column.child_count(); ++i) read_cell(column.child(i), row);
        return;
    }
  }

  void read_fixed(const ArrayView& column, std::int64_t row) {
    switch (column.kind()) {
      case TypeKind::Float16:
      case TypeKind::Float32:
      case TypeKind::Float64:
        sum_ += column.double_at(row) > 0 ? 1 : 0;
        return;
      case TypeKind::Decimal:
        for (const std::uint64_t word : column.decimal_at(row)) sum_ += word;
        return;
      case TypeKind::FixedSizeBinary:
        return read_bytes(column.bytes_at(row));
      case TypeKind::IntervalDayTime:
        sum_ += static_cast<std::uint64_t>(column.day_time_at(row).days);
        return;
      case TypeKind::IntervalMonthDayNano:
        sum_ += static_cast<std::uint64_t>(column.month_day_nano_at(row).nanoseconds);
        return;
      default:
        sum_ += static_cast<std::uint64_t>(column.int_at(row));
    }
  }

  void read_bytes(std::string_view bytes) {
    for (const char byte : bytes) sum_ += static_cast<std::uint8_t>(byte);
  }

  std::int64_t cells_left_ = 50'000;
  std::uint64_t sum_ = 0;
};

void consume(const ArrowSchema& schema, const ArrowArray& batch) {
  CellReader reader;
  reader.read(ArrayView(schema, batch), 0, batch.length);
  volatile const std::uint64_t sink = reader.sum();  // or the reads could be optimised away
  (void)sink;
  RecordBatchEncoder(schema).encode(batch);
}

UniqueSchema known_schema(unsigned choice) {
  switch (choice % 3) {
    case 0:
      return struct_schema(children(make_schema("l", "n"), make_schema("u", "t"),
                                    make_schema("b", "f"), make_schema("d:10,2", "d")),
                           "", false);
    case 1:
      return struct_schema(
          children(list_schema(make_schema("i", "")),
                   map_schema(make_schema("u", ""), make_schema("tsu:UTC", "")),
                   struct_schema(children(make_schema("g", "x"), make_schema("n", "y")), "s")),
          "", false);
    default:
      return struct_schema(
          children(make_schema({.format = "+w:2", .children = children(make_schema("c", ""))}),
                   make_schema("Z", "z"), make_schema("w:3", "w"), make_schema("tiM", "m"),
                   make_schema({.format = "C", .dictionary = make_schema("u", "")})),
          "", false);
  }
}

std::vector<UniqueArray> flat_columns() {
  Int64Builder numbers;
  numbers.append(std::array<std::int64_t, 3>{1, -2, 3});
  Utf8Builder texts;
  texts.append("one");
  texts.append_null();
  texts.append("three");
  BoolBuilder flags;
  for (const bool flag : {true, false, true}) flags.append(flag);
  Decimal128Builder decimals;
  decimals.append({.low = 1995});
  decimals.append_nulls(2);
  std::vector<UniqueArray> columns;
  for (Builder* builder : std::initializer_list<Builder*>{&numbers, &texts, &flags, &decimals}) {
    columns.push_back(builder->finish());
  }
  return columns;
}

std::vector<UniqueArray> nested_columns() {
  ListBuilder lists(std::make_unique<Int32Builder>());
  MapBuilder maps(std::make_unique<Utf8Builder>(), std::make_unique<TimestampBuilder>());
  std::vector<std::unique_ptr<Builder>> fields;
  fields.push_back(std::make_unique<Float64Builder>());
  fields.push_back(std::make_unique<NullBuilder>());
  StructBuilder structs(std::move(fields));
  for (int row = 0; row < 3; ++row) {
    lists.values<Int32Builder>().append(row);
    lists.end_list();
    maps.keys<Utf8Builder>().append("key");
    maps.values<TimestampBuilder>().append(row);
    maps.end_map();
    structs.field<Float64Builder>(0).append(row / 2.0);
    structs.field(1).append_null();
    structs.end_row();
  }
  std::vector<UniqueArray> columns;
  columns.push_back(lists.finish());
  columns.push_back(maps.finish());
  columns.push_back(structs.finish());
  return columns;
}

UniqueArray encoded_column() {
  UInt8Builder indices;
  indices.append(std::array<std::uint8_t, 3>{1, 0, 1});
  Utf8Builder values;
  values.append("zero");
  values.append("one");
  auto owner = std::make_shared<UniqueArray>(indices.finish());
  const void* bytes = (*owner)->buffers[1];
  return make_array({.length = 3,
                     .n_buffers = 2,
                     .buffers = {nullptr, bytes},
                     .owners = {std::move(owner)},
                     .dictionary = values.finish()});
}

std::vector<UniqueArray> rare_columns() {
  FixedSizeListBuilder pairs(2, std::make_unique<Int8Builder>());
  LargeBytesBuilder texts;
  FixedSizeBinaryBuilder triples(3);
  MonthsBuilder months;
  for (int row = 0; row < 3; ++row) {
    pairs.values().as<Int8Builder>().append(std::array<std::int8_t, 2>{1, 2});
    pairs.end_list();
    texts.append("text");
    triples.append("abc");
    months.append(row);
  }
  std::vector<UniqueArray> columns;
  for (Builder* builder : std::initializer_list<Builder*>{&pairs, &texts, &triples, &months}) {
    columns.push_back(builder->finish());
  }
  columns.push_back(encoded_column());
  return columns;
}

UniqueArray known_batch(unsigned choice) {
  switch (choice % 3) {
    case 0:
      return make_batch(3, flat_columns());
    case 1:
      return make_batch(3, nested_columns());
    default:
      return make_batch(3, rare_columns());
  }
}

/// A valid input: the choosing byte and what it promises.
std::string valid_input(std::uint32_t seed) {
  const auto choice = static_cast<unsigned char>(seed);
  const auto codec = static_cast<BodyCodec>((seed >> 8) % 3);
  const UniqueSchema schema = known_schema(choice / 4);
  std::string input(1, static_cast<char>(choice));
  switch (choice % 4) {
    case 1:
      return input + write_schema(*schema);
    case 3:
      return input + RecordBatchEncoder(*schema, {.codec = codec}).encode(*known_batch(choice / 4));
    default:
      return input + write_stream(*schema, *known_batch(choice / 4), {.codec = codec});
  }
}

void read_stream(StreamReader reader) {
  while (const auto batch = reader.next()) consume(reader.schema(), **batch);
}

/// The same of a stream that arrives in pieces.
void read_growing(const base::Buffer& bytes, const ArrowSchema& schema, std::size_t step) {
  StreamDecoder decoder(schema, kLimits);
  std::size_t position = 0;
  for (std::size_t size = 0; size < bytes.size();) {
    size = std::min(size + step, bytes.size());
    while (const auto batch = decoder.next(bytes.slice(0, size), position, size == bytes.size()))
      consume(schema, **batch);
  }
}

void run(unsigned choice, const base::Buffer& bytes) {
  switch (choice % 4) {
    case 0:
      return read_stream(StreamReader(bytes, kLimits));
    case 1:
      write_schema(*read_schema(bytes));
      return;
    case 2:
      if (choice % 8 == 2) return read_growing(bytes, *known_schema(choice / 4), choice % 61 + 1);
      return read_stream(StreamReader(bytes, *known_schema(choice / 4), kLimits));
    default: {
      const UniqueSchema schema = known_schema(choice / 4);
      consume(*schema, *RecordBatchDecoder(*schema, kLimits).decode(bytes));
    }
  }
}

}  // namespace
}  // namespace dbsql::arrow

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  if (size < 16 || seed % 64 == 0) {
    const std::string input = dbsql::arrow::valid_input(seed / 64);
    size = std::min(input.size(), max_size);
    std::memcpy(data, input.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    dbsql::arrow::run(data[0], dbsql::base::Buffer::copy_of(text));
  } catch (const dbsql::Error& error) {
    const auto kind = error.kind();
    if (kind != dbsql::ErrorKind::CorruptResult && kind != dbsql::ErrorKind::NotSupported) {
      std::abort();  // damage must never look like a mistake of ours
    }
  }
  return 0;
}
