#include "arrow/ipc_reader.h"
#include "arrow/ipc_writer.h"
#include "support/capture_error.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;
using test::batch_text;

base::Buffer bytes_of(std::string_view text) { return base::Buffer::copy_of(text); }

UniqueSchema numbers_schema(std::string_view name = "n") {
  return struct_schema(children(make_schema("i", name)), "", false);
}

UniqueArray numbers(std::initializer_list<std::int32_t> values) {
  BatchBuilder batch(*numbers_schema());
  batch.column<Int32Builder>(0).append(std::span(values.begin(), values.size()));
  return batch.finish();
}

std::string message_of(std::initializer_list<std::int32_t> values) {
  return RecordBatchEncoder(*numbers_schema()).encode(*numbers(values));
}

std::string read_all(StreamReader& reader) {
  std::string text;
  while (const auto batch = reader.next()) text += batch_text(reader.schema(), **batch);
  return text;
}

TEST(StreamReader, ReadsBatchesUpToTheEndMarker) {
  const std::string stream = write_schema(*numbers_schema()) + message_of({1, 2}) + message_of({}) +
                             message_of({3}) + std::string(end_of_stream());
  StreamReader reader(bytes_of(stream));

  EXPECT_EQ(read_all(reader), "[{1,},{2,},][][{3,},]");
  EXPECT_FALSE(reader.next());
}

TEST(StreamReader, ReadsStreamsWithoutAnEndMarker) {
  StreamReader reader(bytes_of(write_schema(*numbers_schema()) + message_of({1})));

  EXPECT_EQ(read_all(reader), "[{1,},]");
}

TEST(StreamReader, ReadsBatchesBackToBackAgainstAGivenSchema) {
  StreamReader reader(bytes_of(message_of({1}) + message_of({2})), *numbers_schema());

  EXPECT_EQ(read_all(reader), "[{1,},][{2,},]");
}

TEST(StreamReader, TakesNamesFromTheGivenSchemaAndNotFromTheStream) {
  const std::string stream = write_schema(*numbers_schema("cached")) + message_of({1});
  StreamReader reader(bytes_of(stream), *numbers_schema("declared"));

  EXPECT_EQ(read_all(reader), "[{1,},]");
  EXPECT_STREQ(reader.schema().children[0]->name, "declared");
}

TEST(StreamReader, RefusesAnEmbeddedSchemaOfOtherTypes) {
  const UniqueSchema other = struct_schema(children(make_schema("l", "n")), "", false);
  StreamReader reader(bytes_of(write_schema(*other) + message_of({1})), *numbers_schema());

  EXPECT_EQ(capture_error([&] { reader.next(); }).kind(), ErrorKind::CorruptResult);
}

TEST(StreamReader, RefusesBytesAfterTheEndMarker) {
  const std::string stream =
      write_schema(*numbers_schema()) + std::string(end_of_stream()) + message_of({1});
  StreamReader reader(bytes_of(stream));

  EXPECT_EQ(capture_error([&] { reader.next(); }).kind(), ErrorKind::CorruptResult);
}

TEST(StreamReader, RefusesEmptyInput) {
  EXPECT_EQ(capture_error([&] { StreamReader reader(bytes_of("")); }).kind(),
            ErrorKind::CorruptResult);
}

TEST(StreamReader, ReadsDictionaries) {
  const auto encoded = test::dictionary_batch({0, 2, -1, 1, 0}, {"red", "green", "blue"});
  StreamReader reader(bytes_of(write_stream(*encoded.schema, *encoded.batch)));

  const auto batch = reader.next();

  ASSERT_TRUE(batch);
  EXPECT_EQ(batch_text(reader.schema(), **batch),
            "[{'red',},{'blue',},{null,},{'green',},{'red',},]");
}

TEST(StreamReader, KeepsADictionaryForLaterBatchesAndReplacesIt) {
  const auto first = test::dictionary_batch({0, 1}, {"a", "b"});
  const auto again = test::dictionary_batch({1, 0}, {"a", "b"});
  const auto replaced = test::dictionary_batch({1, 0}, {"c", "d"});
  std::string stream;
  StreamWriter writer([&](std::string_view bytes) { stream += bytes; }, *first.schema);
  writer.write(*first.batch);
  const std::size_t before = stream.size();
  writer.write(*again.batch);
  const std::size_t without_dictionary = stream.size() - before;
  writer.write(*replaced.batch);
  writer.finish();
  StreamReader reader(bytes_of(stream));

  EXPECT_EQ(read_all(reader), "[{'a',},{'b',},][{'b',},{'a',},][{'d',},{'c',},]");
  EXPECT_EQ(without_dictionary, RecordBatchEncoder(*again.schema).encode(*again.batch).size());
}

TEST(StreamReader, RefusesIndicesOutsideTheDictionary) {
  const auto encoded = test::dictionary_batch({0, 3}, {"red", "green", "blue"});
  StreamReader reader(bytes_of(write_stream(*encoded.schema, *encoded.batch)));

  EXPECT_EQ(capture_error([&] { reader.next(); }).kind(), ErrorKind::CorruptResult);
}

TEST(StreamReader, RefusesBatchesWhoseDictionaryDidNotCome) {
  const auto encoded = test::dictionary_batch({0}, {"red"});
  const std::string stream =
      write_schema(*encoded.schema) + RecordBatchEncoder(*encoded.schema).encode(*encoded.batch);
  StreamReader reader(bytes_of(stream));

  EXPECT_EQ(capture_error([&] { reader.next(); }).kind(), ErrorKind::CorruptResult);
}

TEST(RecordBatchDecoder, SaysThatDictionaryBatchesAreNotSupportedInline) {
  const auto encoded = test::dictionary_batch({0}, {"red"});
  const std::string schema = write_schema(*encoded.schema);
  const std::string batch = RecordBatchEncoder(*encoded.schema).encode(*encoded.batch);
  const std::string stream = write_stream(*encoded.schema, *encoded.batch);
  const std::string dictionary = stream.substr(
      schema.size(), stream.size() - schema.size() - batch.size() - end_of_stream().size());

  const auto error =
      capture_error([&] { RecordBatchDecoder(*encoded.schema).decode(bytes_of(dictionary)); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_NE(error.message().find("dictionary"), std::string::npos);
}

TEST(RecordBatchDecoder, RefusesASchemaThatIsNoStruct) {
  EXPECT_EQ(capture_error([&] { RecordBatchDecoder decoder(*make_schema("i", "n")); }).kind(),
            ErrorKind::InvalidArgument);
}

TEST(ReadSchema, RefusesTypesNestedTooDeeply) {
  UniqueSchema type = make_schema("i", "leaf");
  for (int i = 0; i < kMaxNesting - 2; ++i) type = list_schema(std::move(type));
  const UniqueSchema deep = struct_schema(children(std::move(type)), "", false);
  const base::Buffer message = bytes_of(write_schema(*deep));

  EXPECT_NO_THROW(read_schema(message));
  const UniqueSchema deeper =
      struct_schema(children(list_schema(list_schema(copy_schema(*deep->children[0])))), "", false);
  EXPECT_EQ(capture_error([&] { write_schema(*deeper); }).kind(), ErrorKind::NotSupported);
}

TEST(ReadSchema, RefusesUnions) {
  const UniqueSchema schema = struct_schema(children(make_schema("+us:0", "u")), "", false);

  EXPECT_EQ(capture_error([&] { write_schema(*schema); }).kind(), ErrorKind::NotSupported);
}

TEST(StreamDecoder, GivesEachBatchAsSoonAsItIsWhole) {
  const std::string first = message_of({1, 2});
  const std::string second = message_of({3});
  const std::string stream =
      write_schema(*numbers_schema()) + first + second + std::string("\xFF\xFF\xFF\xFF\0\0\0\0", 8);
  const std::size_t first_end = stream.size() - second.size() - 8;
  StreamDecoder decoder(*numbers_schema());
  std::size_t position = 0;
  std::vector<std::size_t> sizes;  // of the stream, when a batch came

  for (std::size_t size = 0; size <= stream.size(); ++size) {
    while (decoder.next(bytes_of(stream.substr(0, size)), position, size == stream.size()))
      sizes.push_back(size);
  }

  EXPECT_EQ(sizes, (std::vector<std::size_t>{first_end, stream.size() - 8}));
  EXPECT_EQ(position, stream.size());
}

TEST(StreamDecoder, RefusesAMessageThatNeverBecomesWhole) {
  const std::string stream = message_of({1});
  StreamDecoder decoder(*numbers_schema());
  std::size_t position = 0;
  const base::Buffer part = bytes_of(stream.substr(0, stream.size() - 1));

  EXPECT_FALSE(decoder.next(part, position, false));
  EXPECT_EQ(capture_error([&] { decoder.next(part, position, true); }).kind(),
            ErrorKind::CorruptResult);
}

}  // namespace
}  // namespace dbsql::arrow
